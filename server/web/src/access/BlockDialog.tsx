// Blocking a person, a group or a card: where, from when until when, and why.

import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { api, Problem } from "../api/client";
import type { Place } from "../api/types";
import { useZone } from "../frame/session";
import { everywhere } from "../levels/places";
import { FormDialog } from "../parts/FormDialog";
import { PlaceSelect } from "../parts/PlaceSelect";
import { previewed } from "../preview/previewed";
import { instantOf } from "../time";
import { w } from "../words";

export type Blocked = { kind: "person" | "group" | "credential"; id: string };

type Props = { title: string; effect: string; subject: Blocked; onBlocked: () => Promise<void>; onClose: () => void };

export function BlockDialog({ title, effect, subject, onBlocked, onClose }: Props) {
  const zone = useZone();
  const [place, setPlace] = useState<Place>(everywhere);
  const [from, setFrom] = useState("");
  const [until, setUntil] = useState("");
  const [reason, setReason] = useState("");
  const save = async () => {
    const { id } = subject;
    const body = {
      place,
      reason: reason.trim(),
      ...(from !== "" && { valid_from: instantOf(from, zone) }),
      ...(until !== "" && { valid_until: instantOf(until, zone) }),
    };
    const params = { path: { id } };
    switch (subject.kind) {
      case "person":
        await previewed([{ kind: "block_create", id, body }]);
        await api.POST("/api/v1/people/{id}/blocks", { params, body });
        break;
      case "group":
        await previewed([{ kind: "group_block_create", id, body }]);
        await api.POST("/api/v1/groups/{id}/blocks", { params, body });
        break;
      case "credential":
        await previewed([{ kind: "credential_block_create", id, body }]);
        await api.POST("/api/v1/credentials/{id}/blocks", { params, body });
    }
    await onBlocked();
  };
  return (
    <FormDialog
      title={title}
      submit={w.person.block}
      act={save}
      onClose={onClose}
      canSubmit={reason.trim() !== ""}
      danger
    >
      {(error) => {
        const wrong = (field: string) => (error instanceof Problem ? error.field(field) : undefined);
        return (
          <>
            <Typography>{effect}</Typography>
            <PlaceSelect label={w.blocks.where} place={place} onChange={setPlace} error={wrong("place")} />
            <Stack direction="row" spacing={2}>
              <TextField
                label={w.wizard.from}
                type="datetime-local"
                value={from}
                onChange={(event) => setFrom(event.target.value)}
                helperText={w.blocks.fromHelp}
                slotProps={{ inputLabel: { shrink: true } }}
              />
              <TextField
                label={w.wizard.until}
                type="datetime-local"
                value={until}
                onChange={(event) => setUntil(event.target.value)}
                error={wrong("valid_until") !== undefined}
                helperText={wrong("valid_until") ?? w.blocks.untilHelp}
                slotProps={{ inputLabel: { shrink: true } }}
              />
            </Stack>
            <TextField
              label={w.reason.label}
              helperText={w.reason.help}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
              slotProps={{ htmlInput: { maxLength: 500 } }}
              multiline
              required
            />
          </>
        );
      }}
    </FormDialog>
  );
}
