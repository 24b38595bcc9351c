// Modes that operators set at doors: always with an end and a reason.

import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import TextField from "@mui/material/TextField";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../api/client";
import { queries, useDoorName } from "../api/queries";
import { useOperatorName } from "../api/subjects";
import type { Door, ModeSet } from "../api/types";
import { DoorLink } from "../doors/DoorLink";
import { useZone } from "../frame/session";
import { type Column, DataTable } from "../parts/DataTable";
import { Section } from "../parts/Page";
import { ReasonDialog } from "../parts/ReasonDialog";
import { When } from "../parts/When";
import { instantOf, wallOf } from "../time";
import { text, type WordOf, w, wordsOf } from "../words";

const HOUR_MS = 3_600_000;
/** Modes in which the door stands unlocked, now or soon. */
const UNLOCKING = ["free", "first_person", "toggle"];

export function ModeDialog({ door, onClose }: { door: Door; onClose: () => void }) {
  const client = useQueryClient();
  const zone = useZone();
  const [mode, setMode] = useState<WordOf<"DoorMode">>("locked");
  const [until, setUntil] = useState(() => wallOf(new Date(Date.now() + HOUR_MS), zone));
  return (
    <ReasonDialog
      title={w.modes.setOf(door.name)}
      submit={w.modes.set}
      help={w.lockdown.reasonHelp}
      act={async (reason) => {
        const params = { path: { id: door.id } };
        const body = { mode, until: instantOf(until, zone) ?? "", reason };
        await api.PUT("/api/v1/doors/{id}/mode", { params, body });
        await client.invalidateQueries({ queryKey: ["state"] });
      }}
      onClose={onClose}
    >
      <TextField
        select
        label={w.modes.mode}
        value={mode}
        onChange={(event) => setMode(event.target.value as WordOf<"DoorMode">)}
      >
        {wordsOf("DoorMode").map((word) => (
          <MenuItem key={word} value={word}>
            {text("DoorMode", word)}
          </MenuItem>
        ))}
      </TextField>
      <TextField
        label={w.modes.until}
        type="datetime-local"
        value={until}
        onChange={(event) => setUntil(event.target.value)}
        helperText={w.modes.untilHelp}
        slotProps={{ inputLabel: { shrink: true } }}
        required
      />
      {UNLOCKING.includes(mode) && <Alert severity="warning">{w.modes.freeWarning}</Alert>}
    </ReasonDialog>
  );
}

export function EndMode({ door }: { door: string }) {
  const client = useQueryClient();
  const doorName = useDoorName();
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <Button size="small" onClick={() => setAsking(true)} aria-label={w.modes.endOf(doorName(door))}>
        {w.modes.end}
      </Button>
      {isAsking && (
        <ReasonDialog
          title={w.modes.endOf(doorName(door))}
          effect={w.modes.endEffect(doorName(door))}
          submit={w.modes.end}
          danger={false}
          act={async (reason) => {
            await api.DELETE("/api/v1/doors/{id}/mode", { params: { path: { id: door } }, body: { reason } });
            await client.invalidateQueries({ queryKey: ["state"] });
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

/** Every mode that is set. */
export function ModesSet() {
  const situation = useQuery(queries.situation);
  const operatorName = useOperatorName();
  const columns: Column<ModeSet>[] = [
    { label: w.event.door, cell: (mode) => <DoorLink id={mode.door_id} /> },
    { label: w.modes.mode, cell: (mode) => <strong>{text("DoorMode", mode.mode)}</strong> },
    { label: w.modes.until, cell: (mode) => <When at={mode.until} /> },
    { label: w.lockdown.by, cell: (mode) => operatorName(mode.operator_id) || w.lockdown.commandLine },
    { label: w.lockdown.why, cell: (mode) => mode.reason ?? w.hidden },
    { label: w.act.actions, align: "right", cell: (mode) => <EndMode door={mode.door_id} /> },
  ];
  return (
    <Section title={w.modes.title}>
      <DataTable
        label={w.modes.title}
        columns={columns}
        rows={situation.data?.modes}
        keyOf={(mode) => mode.door_id}
        empty={w.modes.none}
        error={situation.error}
        onRetry={() => situation.refetch()}
      />
    </Section>
  );
}
