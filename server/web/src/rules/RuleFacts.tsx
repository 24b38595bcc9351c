// Rules that differ, each with how it was and how it is. Who passes by them no list shows.

import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNames } from "../api/names";
import { queries } from "../api/queries";
import type { AccessDiff } from "../api/types";
import { useZone } from "../frame/session";
import { Lines } from "../parts/Lines";
import { fullName } from "../parts/Portrait";
import { text, w } from "../words";
import { factText, gathered, personsOf, type Reader, type RuleChange } from "./facts";
import { hangingOn } from "./hanging";

/** Lines shown at once. */
const LINES_SHOWN = 20;
/** Names asked for at once. */
const NAMES_SHOWN = 50;

/** `isAhead`: these are to be saved, so that what goes by a schedule today will go by it then. */
export function RuleFacts({ diff, isAhead = false }: { diff: AccessDiff; isAhead?: boolean }) {
  const zone = useZone();
  const { data: types = [] } = useQuery(queries.dayTypes);
  const [isNamed, setNamed] = useState(false);
  const lines = gathered(diff.rules);
  const shown = lines.slice(0, LINES_SHOWN);
  const persons = personsOf(shown.flat());
  const nameOf = useNames(isNamed ? persons.slice(0, NAMES_SHOWN) : []);
  if (lines.length === 0) return null;
  const reader: Reader = {
    zone,
    typeName: (number) => types.find((type) => type.number === number)?.name ?? String(number),
    personName: (id) => (isNamed ? fullName(nameOf(id)) : undefined) ?? w.facts.aPerson,
  };
  const told = shown.reduce((count, line) => count + line.length, 0);
  const more = diff.rules_count - told;
  return (
    <Box component="section" aria-label={w.preview.rules}>
      <Stack direction="row" spacing={1.5} sx={{ alignItems: "center", justifyContent: "space-between" }}>
        <Typography variant="overline" component="h3">
          {w.preview.rules}
        </Typography>
        {persons.length > 0 && !isNamed && (
          <Button size="small" onClick={() => setNamed(true)} title={w.preview.namesHelp}>
            {w.facts.names}
          </Button>
        )}
      </Stack>
      <Box component="ul" sx={{ m: 0, p: 0, listStyle: "none" }}>
        {shown.map((line) => (
          <Line
            key={`${line[0]?.kind} ${line[0]?.id} ${line[0]?.level}`}
            line={line}
            reader={reader}
            isAhead={isAhead}
          />
        ))}
      </Box>
      {more > 0 && (
        <Typography variant="body2" sx={{ color: "text.secondary", mt: 1 }}>
          {w.preview.more(more)}
        </Typography>
      )}
    </Box>
  );
}

/** What a line is about; a rule that has no name of its own is told by its facts. */
function subjectOf(line: RuleChange[], reader: Reader): string {
  const [rule] = line;
  if (rule?.kind !== "person") return rule?.name ?? "";
  return line.length === 1 && rule.id ? reader.personName(rule.id) : w.facts.persons(line.length);
}

/** What goes by a schedule that changes. */
function Hanging({ schedule }: { schedule: string }) {
  const { data: doors = [] } = useQuery(queries.doors);
  const { data: levels = [] } = useQuery(queries.levels);
  const lines = hangingOn(schedule, doors, levels);
  if (lines.length === 0) return null;
  return (
    <Box sx={{ mt: 1 }}>
      <Typography variant="body2" sx={{ fontWeight: 650 }}>
        {w.facts.goesByIt}
      </Typography>
      <Lines lines={lines} />
    </Box>
  );
}

function Line({ line, reader, isAhead }: { line: RuleChange[]; reader: Reader; isAhead: boolean }) {
  const [rule] = line;
  if (rule === undefined) return null;
  const kind = rule.kind === "person" ? "" : text("RuleKind", rule.kind);
  const subject = subjectOf(line, reader);
  return (
    <Box component="li" sx={{ py: 1, borderBottom: 1, borderColor: "divider", "&:last-of-type": { borderBottom: 0 } }}>
      <Typography variant="body2">
        {kind} <strong>{subject}</strong> {text("RuleFate", rule.fate)}
      </Typography>
      <Box
        component="dl"
        sx={{
          m: 0,
          mt: 0.5,
          display: "grid",
          gridTemplateColumns: "minmax(0, 210px) minmax(0, 1fr)",
          columnGap: 2,
          rowGap: 0.25,
          fontSize: "0.875rem",
        }}
      >
        {rule.facts.map((fact) => (
          <Box key={fact.field} sx={{ display: "contents" }}>
            <Box component="dt" sx={{ color: "text.secondary" }}>
              {text("RuleField", fact.field)}
            </Box>
            <Box component="dd" sx={{ m: 0, overflowWrap: "anywhere" }}>
              {factText(fact, rule.fate, reader)}
            </Box>
          </Box>
        ))}
      </Box>
      {isAhead && rule.kind === "schedule" && rule.id && <Hanging schedule={rule.id} />}
    </Box>
  );
}
