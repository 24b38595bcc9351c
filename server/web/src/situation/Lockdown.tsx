// Lockdown: begun in two deliberate steps, its state, the doors' confirmation as it comes, and its end.

import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import LinearProgress from "@mui/material/LinearProgress";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../api/client";
import { queries } from "../api/queries";
import { useOperatorName } from "../api/subjects";
import type { Place, ThreatChange, ThreatInForce, ThreatLevel } from "../api/types";
import { DoorLink } from "../doors/DoorLink";
import { type Column, DataTable } from "../parts/DataTable";
import { Lines } from "../parts/Lines";
import { Empty, Page, Section, Waiting } from "../parts/Page";
import { ReasonDialog } from "../parts/ReasonDialog";
import { Trouble } from "../parts/Trouble";
import { When } from "../parts/When";
import { text, w } from "../words";
import { levelName } from "./Banner";
import { Locks } from "./Locks";
import { ModesSet } from "./Modes";
import { placeKey, placeOf, placesOf, reach, usePlaceName } from "./places";
import { ZonesDisarmed } from "./Zones";

/** Doors that are listed by name; the others are counted. */
const DOORS_LISTED = 40;

async function setLevel(place: Place, level: number, reason: string) {
  await api.POST("/api/v1/state/threat-level", { body: { place, level, reason } });
}

/** What a level would do at a place, in numbers. */
function Effect({ level, place }: { level: ThreatLevel; place: Place }) {
  const { data: doors = [] } = useQuery(queries.doors);
  const { data: situations = [] } = useQuery(queries.doorSituations);
  const { data: states = [] } = useQuery(queries.doorStates);
  const { all, locked } = reach(level, place, doors);
  const isOffline = (id: string) =>
    states.find((state) => state.door_id === id)?.agent_state !== "online" &&
    situations.some((situation) => situation.door_id === id);
  const offline = locked.filter((door) => isOffline(door.id)).length;
  return (
    <Stack spacing={0.5}>
      <Typography sx={{ fontWeight: 600 }}>{w.lockdown.effect(locked.length, all.length)}</Typography>
      <Typography variant="body2">{w.lockdown.exempt(level.exempt_group_ids.length)}</Typography>
      {level.factors && (
        <Typography variant="body2">{w.lockdown.factors(text("FactorDemand", level.factors))}</Typography>
      )}
      {locked.length > 0 && <Typography variant="body2">{w.lockdown.offline(offline)}</Typography>}
    </Stack>
  );
}

function Begin({ levels }: { levels: ThreatLevel[] }) {
  const client = useQueryClient();
  const { data: sites = [] } = useQuery(queries.sites);
  const { data: areas = [] } = useQuery(queries.areas);
  const placeName = usePlaceName();
  const [where, setWhere] = useState(placeKey({ kind: "tenant" }));
  const [chosen, choose] = useState<number | null>(null);
  const [isSecond, setSecond] = useState(false);
  // Whoever is in a hurry gets the gravest that locks.
  const level =
    levels.find((candidate) => candidate.level === chosen) ?? levels.findLast((one) => one.locks) ?? levels[0];
  if (level === undefined) return <Alert severity="warning">{w.lockdown.noLevels}</Alert>;
  const place = placeOf(where);
  return (
    <Stack spacing={2} sx={{ maxWidth: 640 }}>
      <Typography variant="body2" sx={{ color: "text.secondary" }}>
        {w.lockdown.beginHelp}
      </Typography>
      <Stack direction={{ xs: "column", sm: "row" }} spacing={2}>
        <TextField select label={w.lockdown.where} value={where} onChange={(event) => setWhere(event.target.value)}>
          {placesOf(sites, areas).map((candidate) => (
            <MenuItem
              key={placeKey(candidate)}
              value={placeKey(candidate)}
              sx={candidate.kind === "area" ? { pl: 4 } : {}}
            >
              {placeName(candidate)}
            </MenuItem>
          ))}
        </TextField>
        <TextField
          select
          label={w.lockdown.level}
          value={level.level}
          onChange={(event) => choose(Number(event.target.value))}
        >
          {levels.map((candidate) => (
            <MenuItem key={candidate.level} value={candidate.level}>
              {candidate.level} · {candidate.name}
            </MenuItem>
          ))}
        </TextField>
      </Stack>
      <Effect level={level} place={place} />
      <Button variant="outlined" color="error" onClick={() => setSecond(true)} sx={{ alignSelf: "flex-start" }}>
        {w.lockdown.continue}
      </Button>
      {isSecond && (
        <ReasonDialog
          title={w.lockdown.secondTitle(level.name, placeName(place))}
          submit={level.locks ? w.lockdown.submit : w.lockdown.set}
          help={w.lockdown.reasonHelp}
          act={async (reason) => {
            await setLevel(place, level.level, reason);
            await client.invalidateQueries({ queryKey: ["state"] });
          }}
          onClose={() => setSecond(false)}
        >
          <Effect level={level} place={place} />
        </ReasonDialog>
      )}
    </Stack>
  );
}

function InForce({ threat, levels }: { threat: ThreatInForce; levels: ThreatLevel[] }) {
  const client = useQueryClient();
  const placeName = usePlaceName();
  const operatorName = useOperatorName();
  const { data: doors = [] } = useQuery(queries.doors);
  const [isEnding, setEnding] = useState(false);
  const name = levelName(threat);
  const described = levels.findLast((level) => level.level <= threat.level);
  const locked = described ? reach(described, threat.place, doors).locked.length : 0;
  return (
    <Alert
      severity={threat.locks ? "error" : "warning"}
      action={
        <Button
          color="inherit"
          variant="outlined"
          onClick={() => setEnding(true)}
          aria-label={w.lockdown.endOf(name, placeName(threat.place))}
        >
          {w.lockdown.end}
        </Button>
      }
    >
      <Typography sx={{ fontWeight: 650 }}>{w.lockdown.inForce(name, placeName(threat.place))}</Typography>
      <Lines
        lines={[
          [w.lockdown.by, operatorName(threat.operator_id) || w.lockdown.commandLine],
          [w.lockdown.since, <When key="since" at={threat.since} />],
          [w.lockdown.why, threat.reason ?? w.hidden],
        ]}
      />
      {isEnding && (
        <ReasonDialog
          title={w.lockdown.endOf(name, placeName(threat.place))}
          effect={w.lockdown.endEffect(locked)}
          submit={w.lockdown.end}
          act={async (reason) => {
            await setLevel(threat.place, 0, reason);
            await client.invalidateQueries({ queryKey: ["state"] });
          }}
          onClose={() => setEnding(false)}
        />
      )}
    </Alert>
  );
}

function Confirmations() {
  const situation = useQuery(queries.situation);
  const { data: doors = [] } = useQuery(queries.doorSituations);
  const counts = situation.data?.doors;
  if (counts === undefined) return <Waiting lines={2} />;
  const missing = doors.filter((door) => door.confirmation !== "confirmed");
  return (
    <Stack spacing={1.5}>
      <Typography variant="body2" sx={{ color: "text.secondary" }}>
        {w.lockdown.doorsHelp}
      </Typography>
      <Stack direction="row" spacing={2} sx={{ alignItems: "center" }}>
        <LinearProgress
          variant="determinate"
          value={counts.all === 0 ? 100 : (100 * counts.confirmed) / counts.all}
          color={counts.confirmed === counts.all ? "success" : "warning"}
          aria-label={w.lockdown.progress}
          sx={{ flex: 1, height: 8, borderRadius: 1, maxWidth: 480 }}
        />
        <Typography role="status" sx={{ fontWeight: 600 }}>
          {counts.confirmed === counts.all
            ? w.lockdown.allConfirmed
            : w.lockdown.confirmed(counts.confirmed, counts.all)}
        </Typography>
      </Stack>
      {missing.length > 0 && (
        <Box>
          <Typography variant="body2" sx={{ fontWeight: 600, mb: 0.5 }}>
            {w.lockdown.missing(missing.length)}
          </Typography>
          <Box
            component="ul"
            sx={{ m: 0, pl: 2.5, columnWidth: 320, columnGap: 3, "& li": { breakInside: "avoid", py: 0.25 } }}
          >
            {missing.slice(0, DOORS_LISTED).map((door) => (
              <li key={door.door_id}>
                <DoorLink id={door.door_id} />
                {` · ${text("Confirmation", door.confirmation)}`}
              </li>
            ))}
          </Box>
          {missing.length > DOORS_LISTED && (
            <Typography variant="body2" sx={{ color: "text.secondary" }}>
              {w.lockdown.andMore(missing.length - DOORS_LISTED)}
            </Typography>
          )}
        </Box>
      )}
    </Stack>
  );
}

function History() {
  const changes = useQuery(queries.threatChanges);
  const placeName = usePlaceName();
  const operatorName = useOperatorName();
  const columns: Column<ThreatChange>[] = [
    { label: w.lockdown.at, cell: (change) => <When at={change.at} /> },
    {
      label: w.lockdown.what,
      cell: (change) => <strong>{change.level === 0 ? w.lockdown.ended : w.lockdown.began(levelName(change))}</strong>,
    },
    { label: w.lockdown.where, cell: (change) => placeName(change.place) },
    { label: w.lockdown.by, cell: (change) => operatorName(change.operator_id) || w.lockdown.commandLine },
    { label: w.lockdown.why, cell: (change) => change.reason ?? w.hidden },
  ];
  return (
    <DataTable
      label={w.lockdown.history}
      columns={columns}
      rows={changes.data}
      keyOf={(change) => change.position}
      empty={w.lockdown.noHistory}
      error={changes.error}
      onRetry={() => changes.refetch()}
    />
  );
}

export function Lockdown() {
  const situation = useQuery(queries.situation);
  const { data: levels } = useQuery(queries.threatLevels);
  const threats = situation.data?.threat_levels;
  return (
    <Page title={w.lockdown.title} intro={w.lockdown.intro}>
      <Trouble error={situation.error} onRetry={() => situation.refetch()} />
      <Section title={w.lockdown.now}>
        <Stack spacing={1.5}>
          {threats === undefined && <Waiting lines={1} />}
          {threats?.length === 0 && <Empty>{w.lockdown.none}</Empty>}
          {threats?.map((threat) => (
            <InForce key={placeKey(threat.place)} threat={threat} levels={levels ?? []} />
          ))}
        </Stack>
      </Section>
      {threats !== undefined && threats.length > 0 && (
        <Section title={w.lockdown.doors}>
          <Confirmations />
        </Section>
      )}
      <Section title={w.lockdown.begin}>{levels && <Begin levels={levels} />}</Section>
      <ModesSet />
      <ZonesDisarmed />
      <Locks />
      <Typography variant="h2">{w.lockdown.history}</Typography>
      <History />
    </Page>
  );
}
