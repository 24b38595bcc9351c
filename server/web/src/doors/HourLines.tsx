// What a door does at certain hours: other factors, other modes, line by line.

import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { queries } from "../api/queries";
import type { DoorFactorLine, DoorModeLine } from "../api/types";
import { text, type WordOf, w, wordsOf } from "../words";

/** A line with a key of its own: lines may be equal, and are removed from the middle. */
export type Keyed<Line> = Line & { key: number };

export function keyed<Line>(lines: Line[] | undefined): Keyed<Line>[] {
  return (lines ?? []).map((line, key) => ({ ...line, key }));
}

export function unkeyed<Line>(lines: Keyed<Line>[]): Line[] {
  return lines.map(({ key, ...line }) => line as unknown as Line);
}

type Choice<Line> = { field: keyof Line & string; label: string; words: { id: string; name: string }[] };

type Props<Line> = {
  title: string;
  add: string;
  lines: Keyed<Line>[];
  set: (lines: Keyed<Line>[]) => void;
  fresh: Omit<Line, "schedule_id">;
  choices: Choice<Line>[];
};

function Lines<Line extends { schedule_id: string }>({ title, add, lines, set, fresh, choices }: Props<Line>) {
  const { data: schedules = [] } = useQuery(queries.schedules);
  const hours: Choice<Line> = { field: "schedule_id", label: w.doorRules.schedule, words: schedules };
  const change = (key: number, field: string, value: string) =>
    set(lines.map((line) => (line.key === key ? { ...line, [field]: value } : line)));
  return (
    <Stack spacing={1.5}>
      <Typography variant="h3">{title}</Typography>
      {lines.length > 1 && (
        <Typography variant="body2" sx={{ color: "text.secondary" }}>
          {w.doorRules.first}
        </Typography>
      )}
      {lines.map((line, place) => (
        <Stack key={line.key} direction="row" spacing={1.5} sx={{ alignItems: "center" }}>
          {[...choices, hours].map(({ field, label, words }) => (
            <TextField
              key={field}
              select
              label={label}
              value={String(line[field as keyof Line])}
              onChange={(event) => change(line.key, field, event.target.value)}
              required
            >
              {words.map((word) => (
                <MenuItem key={word.id} value={word.id}>
                  {word.name}
                </MenuItem>
              ))}
            </TextField>
          ))}
          <Button
            color="error"
            onClick={() => set(lines.filter((other) => other.key !== line.key))}
            aria-label={`${title}: ${w.doorRules.remove(place + 1)}`}
            sx={{ flexShrink: 0 }}
          >
            {w.act.remove}
          </Button>
        </Stack>
      ))}
      <Button
        disabled={schedules.length === 0}
        onClick={() => {
          const key = Math.max(-1, ...lines.map((line) => line.key)) + 1;
          set([...lines, { ...fresh, schedule_id: schedules[0]?.id ?? "", key } as unknown as Keyed<Line>]);
        }}
        sx={{ alignSelf: "flex-start" }}
      >
        {add}
      </Button>
      {schedules.length === 0 && (
        <Typography variant="body2" sx={{ color: "text.secondary" }}>
          {w.doorRules.noSchedules}
        </Typography>
      )}
    </Stack>
  );
}

const words = <Vocabulary extends "Side" | "FactorDemand" | "DoorMode">(vocabulary: Vocabulary) =>
  wordsOf(vocabulary).map((word: WordOf<Vocabulary>) => ({ id: String(word), name: text(vocabulary, String(word)) }));

type Of<Line> = { lines: Keyed<Line>[]; set: (lines: Keyed<Line>[]) => void };

export function FactorLines({ lines, set }: Of<DoorFactorLine>) {
  return (
    <Lines
      title={w.doorRules.factorLines}
      add={w.doorRules.addFactor}
      lines={lines}
      set={set}
      fresh={{ side: "in", factors: "card_finger" }}
      choices={[
        { field: "side", label: w.doorRules.side, words: words("Side") },
        { field: "factors", label: w.doorRules.factors, words: words("FactorDemand") },
      ]}
    />
  );
}

export function ModeLines({ lines, set }: Of<DoorModeLine>) {
  return (
    <Lines
      title={w.doorRules.modeLines}
      add={w.doorRules.addMode}
      lines={lines}
      set={set}
      fresh={{ mode: "locked" }}
      choices={[{ field: "mode", label: w.modes.mode, words: words("DoorMode") }]}
    />
  );
}
