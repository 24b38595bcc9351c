// A group's name, and whether its people are responders: locked doors open for them, so that has a reason.

import Checkbox from "@mui/material/Checkbox";
import FormControlLabel from "@mui/material/FormControlLabel";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, bodyOf, ifMatch, Problem } from "../api/client";
import type { Group } from "../api/types";
import { FormDialog } from "../parts/FormDialog";
import { RemoveButton } from "../parts/RemoveButton";
import { previewed } from "../preview/previewed";
import { w } from "../words";

export function GroupForm({ group, onClose }: { group: Group | null; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState(group?.name ?? "");
  const [isResponder, setResponder] = useState(group?.is_responder ?? false);
  const [reason, setReason] = useState("");
  const begins = isResponder && !group?.is_responder;
  const changed = () => client.invalidateQueries({ queryKey: ["groups"] });
  const save = async () => {
    const body = { name: name.trim(), is_responder: isResponder, ...(begins && { reason: reason.trim() }) };
    if (group === null) {
      const made = await bodyOf(api.POST("/api/v1/groups", { body }));
      await changed();
      await navigate({ to: "/groups/$id", params: { id: made.id } });
      return;
    }
    if (group.is_responder !== isResponder) {
      await previewed([{ kind: "group_change", id: group.id, version: group.version, body }]);
    }
    const params = { path: { id: group.id }, header: ifMatch(group.version) };
    await api.PATCH("/api/v1/groups/{id}", { params, body });
    await changed();
  };
  const remove = async (gone: Group) => {
    await previewed([{ kind: "group_delete", id: gone.id, version: gone.version }]);
    const params = { path: { id: gone.id }, header: ifMatch(gone.version) };
    await api.DELETE("/api/v1/groups/{id}", { params });
    await navigate({ to: "/groups" });
    await changed();
  };
  return (
    <FormDialog
      title={group ? w.groups.edit(group.name) : w.groups.add}
      submit={w.act.save}
      act={save}
      onClose={onClose}
      canSubmit={!begins || reason.trim() !== ""}
      extra={
        group && (
          <RemoveButton
            label={w.groups.deleteTitle(group.name)}
            effect={w.groups.deleteEffect(group.member_count)}
            act={() => remove(group)}
            onDone={onClose}
          />
        )
      }
    >
      {(error) => {
        const wrong = (field: string) => (error instanceof Problem ? error.field(field) : undefined);
        return (
          <>
            <TextField
              label={w.groups.name}
              value={name}
              onChange={(event) => setName(event.target.value)}
              error={wrong("name") !== undefined}
              helperText={wrong("name")}
              autoFocus
              required
            />
            <FormControlLabel
              control={<Checkbox size="small" checked={isResponder} onChange={(_, isOn) => setResponder(isOn)} />}
              label={w.groups.responderBox}
            />
            <Typography variant="body2" sx={{ color: "text.secondary" }}>
              {w.groups.responderHelp}
            </Typography>
            {begins && (
              <TextField
                label={w.reason.label}
                value={reason}
                onChange={(event) => setReason(event.target.value)}
                error={wrong("reason") !== undefined}
                helperText={wrong("reason")}
                slotProps={{ htmlInput: { maxLength: 500 } }}
                required
              />
            )}
          </>
        );
      }}
    </FormDialog>
  );
}
