// One version of the rules in words: why it came about, and what of the rules it made different. Where no rule differs, what was written.

import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, bodyOf, type Schema } from "../api/client";
import { useNames } from "../api/names";
import { queries } from "../api/queries";
import { useZone } from "../frame/session";
import { Lines } from "../parts/Lines";
import { Section, Waiting } from "../parts/Page";
import { fullName } from "../parts/Portrait";
import { Trouble } from "../parts/Trouble";
import { text, w } from "../words";
import { RuleFacts } from "./RuleFacts";
import { personsIn, type RowReader, rowText } from "./rows";

/** Names asked for at once. */
const NAMES_SHOWN = 50;

export function Version({ version }: { version: number }) {
  const detail = useQuery({
    queryKey: ["policy-version", version],
    queryFn: () => bodyOf(api.GET("/api/v1/policy/versions/{version}", { params: { path: { version } } })),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  // The first version has none before it.
  const hasBefore = version > 1;
  const diff = useQuery({
    queryKey: ["policy-compare", version - 1, version],
    queryFn: () => bodyOf(api.GET("/api/v1/policy/compare", { params: { query: { old: version - 1, new: version } } })),
    enabled: hasBefore,
    retry: false,
  });
  const isWaiting = (detail.data === undefined && !detail.error) || (hasBefore && diff.isPending);
  const hasRules = (diff.data?.rules.length ?? 0) > 0;
  return (
    <Section title={w.history.detail(version)}>
      {isWaiting && <Waiting lines={3} />}
      <Trouble error={detail.error} onRetry={() => detail.refetch()} />
      {detail.data?.reason && (
        <Typography sx={{ mb: 1.5 }}>
          {w.history.reason}: <strong>{detail.data.reason}</strong>
        </Typography>
      )}
      {diff.data && hasRules && <RuleFacts diff={diff.data} />}
      {!isWaiting && detail.data && !hasRules && <Written rows={detail.data.rows} />}
    </Section>
  );
}

/** What things are called, persons excepted; the page holds these lists anyway. */
function useThingName(): (id: string) => string {
  const { data: sites = [] } = useQuery(queries.sites);
  const { data: areas = [] } = useQuery(queries.areas);
  const { data: doors = [] } = useQuery(queries.doors);
  const { data: levels = [] } = useQuery(queries.levels);
  const { data: schedules = [] } = useQuery(queries.schedules);
  const { data: calendars = [] } = useQuery(queries.calendars);
  const { data: agents = [] } = useQuery(queries.agents);
  const { data: interlocks = [] } = useQuery(queries.interlocks);
  const lists = [sites, areas, doors, levels, schedules, calendars, agents, interlocks];
  return (id) => lists.flat().find((thing) => thing.id === id)?.name ?? "";
}

function Written({ rows }: { rows: Schema["ChangedRow"][] }) {
  const zone = useZone();
  const thingName = useThingName();
  const [isNamed, setNamed] = useState(false);
  const persons = personsIn(rows).slice(0, NAMES_SHOWN);
  const nameOf = useNames(isNamed ? persons : []);
  const personName = (id: string) => (isNamed ? fullName(nameOf(id)) : undefined) ?? w.facts.aPerson;
  const reader: RowReader = { zone, thingName, personName };
  const told = rows
    .map((row) => rowText(row, reader))
    .filter(({ lines, fate }) => lines.length > 0 || fate !== "changed");
  if (told.length === 0) return <Typography sx={{ color: "text.secondary" }}>{w.history.nothing}</Typography>;
  return (
    <Stack spacing={1.5}>
      <Stack direction="row" spacing={1.5} sx={{ alignItems: "center", justifyContent: "space-between" }}>
        <Typography variant="body2" sx={{ color: "text.secondary" }}>
          {w.history.rowsHelp}
        </Typography>
        {persons.length > 0 && !isNamed && (
          <Button size="small" onClick={() => setNamed(true)} title={w.preview.namesHelp}>
            {w.facts.names}
          </Button>
        )}
      </Stack>
      {told.map(({ what, name, fate, lines }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows of a version never change
        <Box key={place}>
          <Typography variant="body2" sx={{ mb: 0.5 }}>
            {what} <strong>{name}</strong> {text("RuleFate", fate)}
          </Typography>
          <Lines lines={lines} />
        </Box>
      ))}
    </Stack>
  );
}
