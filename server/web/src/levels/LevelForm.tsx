// An access level line by line, and what saving changes: which doors open from now on, and which no longer.

import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ifMatch, Problem } from "../api/client";
import { queries, useDoorName } from "../api/queries";
import type { AccessLevel, LevelLine } from "../api/types";
import { FormDialog } from "../parts/FormDialog";
import { RemoveButton } from "../parts/RemoveButton";
import { text, type WordOf, w, wordsOf } from "../words";
import { weekSentence } from "./week";

type Line = LevelLine & { key: number };

const ALWAYS = "always";

export function LevelForm({ level, onClose }: { level: AccessLevel | null; onClose: () => void }) {
  const client = useQueryClient();
  const doorName = useDoorName();
  const { data: doors = [] } = useQuery(queries.doors);
  const { data: schedules = [] } = useQuery(queries.schedules);
  const [name, setName] = useState(level?.name ?? "");
  const [lines, setLines] = useState<Line[]>(() =>
    (level?.lines ?? [{ door_ids: [], side: "both", schedule_id: null }]).map((line, key) => ({ ...line, key })),
  );
  const set = (key: number, change: Partial<LevelLine>) =>
    setLines((before) => before.map((line) => (line.key === key ? { ...line, ...change } : line)));
  const changed = () => client.invalidateQueries({ queryKey: queries.levels.queryKey });
  const save = async () => {
    const body = {
      name: name.trim(),
      lines: lines.map(({ door_ids, side, schedule_id }) => ({ door_ids, side, schedule_id: schedule_id ?? null })),
    };
    if (level === null) await api.POST("/api/v1/access-levels", { body });
    else {
      const params = { path: { id: level.id }, header: ifMatch(level.version) };
      await api.PUT("/api/v1/access-levels/{id}", { params, body });
    }
    await changed();
  };
  const remove = async (gone: AccessLevel) => {
    await api.DELETE("/api/v1/access-levels/{id}", {
      params: { path: { id: gone.id }, header: ifMatch(gone.version) },
    });
    await changed();
  };
  const before = new Set(level?.lines.flatMap((line) => line.door_ids));
  const after = new Set(lines.flatMap((line) => line.door_ids));
  const gains = [...after].filter((door) => !before.has(door)).map(doorName);
  const loses = [...before].filter((door) => !after.has(door)).map(doorName);
  const hasEmptyLine = lines.some((line) => line.door_ids.length === 0);
  return (
    <FormDialog
      title={level ? w.levels.edit(level.name) : w.levels.add}
      submit={w.act.save}
      act={save}
      onClose={onClose}
      width="md"
      canSubmit={!hasEmptyLine}
      extra={
        level && (
          <RemoveButton
            label={w.levels.deleteTitle(level.name)}
            effect={w.levels.deleteEffect(before.size)}
            act={() => remove(level)}
            onDone={onClose}
          />
        )
      }
    >
      {(error) => (
        <>
          <TextField
            label={w.levels.name}
            value={name}
            onChange={(event) => setName(event.target.value)}
            error={error instanceof Problem && error.field("name") !== undefined}
            helperText={error instanceof Problem ? error.field("name") : undefined}
            sx={{ maxWidth: 400 }}
            autoFocus
            required
          />
          {lines.map((line, place) => (
            <Stack
              key={line.key}
              component="fieldset"
              direction="row"
              spacing={1.5}
              sx={{ border: 0, p: 0, m: 0, alignItems: "flex-start" }}
            >
              <Typography component="legend" variant="overline" sx={{ color: "text.secondary" }}>
                {w.levels.line(place + 1)}
              </Typography>
              <TextField
                select
                label={w.levels.doors}
                value={line.door_ids}
                onChange={(event) => set(line.key, { door_ids: event.target.value as unknown as string[] })}
                slotProps={{ select: { multiple: true } }}
                helperText={line.door_ids.length === 0 ? w.levels.noDoors : w.levels.doorCount(line.door_ids.length)}
                sx={{ flex: 2 }}
              >
                {doors.map((door) => (
                  <MenuItem key={door.id} value={door.id}>
                    {door.name}
                  </MenuItem>
                ))}
              </TextField>
              <TextField
                select
                label={w.levels.side}
                value={line.side}
                onChange={(event) => set(line.key, { side: event.target.value as WordOf<"Sides"> })}
                sx={{ flex: 1 }}
              >
                {wordsOf("Sides").map((side) => (
                  <MenuItem key={side} value={side}>
                    {text("Sides", side)}
                  </MenuItem>
                ))}
              </TextField>
              <TextField
                select
                label={w.levels.schedule}
                value={line.schedule_id ?? ALWAYS}
                onChange={(event) =>
                  set(line.key, { schedule_id: event.target.value === ALWAYS ? null : event.target.value })
                }
                helperText={weekSentence(
                  schedules.find((schedule) => schedule.id === line.schedule_id)?.windows ?? always,
                )}
                sx={{ flex: 1.5 }}
              >
                <MenuItem value={ALWAYS}>{w.levels.always}</MenuItem>
                {schedules.map((schedule) => (
                  <MenuItem key={schedule.id} value={schedule.id}>
                    {schedule.name}
                  </MenuItem>
                ))}
              </TextField>
              <Button
                color="error"
                disabled={lines.length === 1}
                onClick={() => setLines((held) => held.filter((other) => other.key !== line.key))}
                aria-label={w.levels.removeLine(place + 1)}
              >
                {w.act.remove}
              </Button>
            </Stack>
          ))}
          <Button
            onClick={() =>
              setLines((held) => [
                ...held,
                {
                  door_ids: [],
                  side: "both",
                  schedule_id: null,
                  key: Math.max(-1, ...held.map((line) => line.key)) + 1,
                },
              ])
            }
            sx={{ alignSelf: "flex-start" }}
          >
            {w.levels.addLine}
          </Button>
          {level && (
            <Alert severity={loses.length > 0 ? "warning" : "info"} role="status">
              {gains.length > 0 && <div>{w.levels.gains(gains.join(", "))}</div>}
              {loses.length > 0 && <div>{w.levels.loses(loses.join(", "))}</div>}
              {gains.length + loses.length === 0 && w.levels.noChange}
            </Alert>
          )}
        </>
      )}
    </FormDialog>
  );
}

const always = [{ days: wordsOf("Weekday"), from: "00:00", to: "24:00" }];
