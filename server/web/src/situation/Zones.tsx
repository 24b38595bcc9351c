// Zones of doors: which are armed, and arming and disarming them, always with a reason.

import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import Stack from "@mui/material/Stack";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../api/client";
import { queries, useDoorName } from "../api/queries";
import { useOperatorName } from "../api/subjects";
import type { Door, ZoneDisarmed } from "../api/types";
import { DoorLink } from "../doors/DoorLink";
import { type Column, DataTable } from "../parts/DataTable";
import { type Line, Lines } from "../parts/Lines";
import { Section } from "../parts/Page";
import { ReasonDialog } from "../parts/ReasonDialog";
import { When } from "../parts/When";
import { text, type WordOf, w } from "../words";

type Zone = { door: string; zone: WordOf<"DoorZone">; isArmed: boolean };

/** Arms a zone that is disarmed, and disarms one that is armed. */
function SetZone({ door, zone, isArmed }: Zone) {
  const client = useQueryClient();
  const doorName = useDoorName();
  const [isAsking, setAsking] = useState(false);
  const name = text("DoorZone", zone);
  const title = isArmed ? w.zones.disarmOf(name, doorName(door)) : w.zones.armOf(name, doorName(door));
  const submit = isArmed ? w.zones.disarm : w.zones.arm;
  return (
    <>
      <Button size="small" onClick={() => setAsking(true)} aria-label={title}>
        {submit}
      </Button>
      {isAsking && (
        <ReasonDialog
          title={title}
          submit={submit}
          help={w.lockdown.reasonHelp}
          danger={isArmed}
          act={async (reason) => {
            const params = { path: { id: door } };
            await api.PUT("/api/v1/doors/{id}/zones", { params, body: { zone, is_armed: !isArmed, reason } });
            await client.invalidateQueries({ queryKey: ["state"] });
          }}
          onClose={() => setAsking(false)}
        >
          {isArmed ? (
            <Alert severity="warning">{w.zones.disarmWarning}</Alert>
          ) : (
            <Alert severity="info">{w.zones.armEffect}</Alert>
          )}
        </ReasonDialog>
      )}
    </>
  );
}

/** The zones that hang on a door's lines, and who disarmed which and why. Nothing where there is none. */
export function Zones({ door }: { door: Door }) {
  const { data: situation } = useQuery(queries.situation);
  const { data: situations } = useQuery(queries.doorSituations);
  const operatorName = useOperatorName();
  const zones = situations?.find((candidate) => candidate.door_id === door.id)?.zones ?? [];
  if (zones.length === 0) return null;
  const lines = zones.map(({ zone, is_armed: isArmed }): Line => {
    const set = situation?.disarmed_zones.find((one) => one.door_id === door.id && one.zone === zone);
    return [
      text("DoorZone", zone),
      <Stack key={zone} direction="row" useFlexGap spacing={1} sx={{ flexWrap: "wrap", alignItems: "center" }}>
        {isArmed ? w.zones.armed : <Chip label={w.zones.disarmed} color="warning" />}
        {set && (
          <span>
            <When at={set.since} />
            {` · ${operatorName(set.operator_id) || w.lockdown.commandLine} · ${set.reason ?? w.hidden}`}
          </span>
        )}
        <SetZone door={door.id} zone={zone} isArmed={isArmed} />
      </Stack>,
    ];
  });
  return (
    <Section title={w.zones.title}>
      <Lines lines={lines} />
    </Section>
  );
}

/** Every zone that is disarmed, so that none is forgotten. */
export function ZonesDisarmed() {
  const situation = useQuery(queries.situation);
  const operatorName = useOperatorName();
  const columns: Column<ZoneDisarmed>[] = [
    { label: w.event.door, cell: (one) => <DoorLink id={one.door_id} /> },
    { label: w.zones.zone, cell: (one) => <strong>{text("DoorZone", one.zone)}</strong> },
    { label: w.zones.since, cell: (one) => <When at={one.since} /> },
    { label: w.lockdown.by, cell: (one) => operatorName(one.operator_id) || w.lockdown.commandLine },
    { label: w.lockdown.why, cell: (one) => one.reason ?? w.hidden },
    {
      label: w.act.actions,
      align: "right",
      cell: (one) => <SetZone door={one.door_id} zone={one.zone} isArmed={false} />,
    },
  ];
  return (
    <Section title={w.zones.disarmedTitle}>
      <DataTable
        label={w.zones.disarmedTitle}
        columns={columns}
        rows={situation.data?.disarmed_zones}
        keyOf={(one) => `${one.door_id} ${one.zone}`}
        empty={w.zones.noneDisarmed}
        error={situation.error}
        onRetry={() => situation.refetch()}
      />
    </Section>
  );
}
