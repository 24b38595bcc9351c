// Airlocks: doors of which at most one is open.

import Autocomplete from "@mui/material/Autocomplete";
import Button from "@mui/material/Button";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ifMatch, Problem } from "../api/client";
import { queries, useDoorName } from "../api/queries";
import type { Interlock } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { type Column, DataTable } from "../parts/DataTable";
import { FormDialog } from "../parts/FormDialog";
import { Section } from "../parts/Page";
import { ReasonDialog } from "../parts/ReasonDialog";
import { previewed } from "../preview/previewed";
import { w } from "../words";
import { ReasonField } from "./fields";

function Form({ interlock, onClose }: { interlock: Interlock | null; onClose: () => void }) {
  const client = useQueryClient();
  const { data: doors = [] } = useQuery(queries.doors);
  const [name, setName] = useState(interlock?.name ?? "");
  const [chosen, choose] = useState<string[]>(interlock?.door_ids ?? []);
  const [reason, setReason] = useState("");
  const [isRemoving, setRemoving] = useState(false);
  const changed = () => client.invalidateQueries({ queryKey: queries.interlocks.queryKey });
  const save = async () => {
    const settings = { name: name.trim(), door_ids: chosen };
    if (interlock === null) {
      await previewed([{ kind: "interlock_create", body: settings }]);
      await api.POST("/api/v1/interlocks", { body: settings });
    } else {
      const { id, version } = interlock;
      const body = { ...settings, ...(reason.trim() && { reason: reason.trim() }) };
      await previewed([{ kind: "interlock_replace", id, version, body }]);
      await api.PUT("/api/v1/interlocks/{id}", { params: { path: { id }, header: ifMatch(version) }, body });
    }
    await changed();
  };
  return (
    <FormDialog
      title={interlock ? w.interlocks.edit(interlock.name) : w.interlocks.add}
      submit={w.act.save}
      act={save}
      onClose={onClose}
      canSubmit={chosen.length >= 2}
      extra={
        interlock && (
          <Button color="error" onClick={() => setRemoving(true)} sx={{ mr: "auto" }}>
            {w.act.remove}
          </Button>
        )
      }
    >
      {(error) => {
        const wrong = (field: string) => (error instanceof Problem ? error.field(field) : undefined);
        return (
          <>
            <TextField
              label={w.interlocks.name}
              value={name}
              onChange={(event) => setName(event.target.value)}
              error={wrong("name") !== undefined}
              helperText={wrong("name")}
              required
              autoFocus
            />
            <Autocomplete
              multiple
              options={doors}
              getOptionLabel={(door) => door.name}
              getOptionKey={(door) => door.id}
              value={doors.filter((door) => chosen.includes(door.id))}
              onChange={(_, picked) => choose(picked.map((door) => door.id))}
              renderInput={(params) => (
                <TextField
                  {...params}
                  label={w.interlocks.doors}
                  error={wrong("door_ids") !== undefined}
                  helperText={wrong("door_ids") ?? w.interlocks.two}
                />
              )}
            />
            {interlock && <ReasonField value={reason} set={setReason} wrong={wrong("reason")} />}
            {interlock && isRemoving && (
              <ReasonDialog
                title={w.interlocks.remove(interlock.name)}
                effect={w.interlocks.removeEffect}
                submit={w.act.remove}
                act={async (why) => {
                  const { id, version } = interlock;
                  const body = { reason: why };
                  await previewed([{ kind: "interlock_delete", id, version, body }]);
                  await api.DELETE("/api/v1/interlocks/{id}", {
                    params: { path: { id }, header: ifMatch(version) },
                    body,
                  });
                  await changed();
                  onClose();
                }}
                onClose={() => setRemoving(false)}
              />
            )}
          </>
        );
      }}
    </FormDialog>
  );
}

export function Interlocks() {
  const isAdministrator = useIsAdministrator();
  const interlocks = useQuery(queries.interlocks);
  const doorName = useDoorName();
  const [editing, setEditing] = useState<Interlock | "new" | null>(null);
  const columns: Column<Interlock>[] = [
    { label: w.interlocks.name, cell: (interlock) => <strong>{interlock.name}</strong>, width: "30%" },
    { label: w.interlocks.doors, cell: (interlock) => interlock.door_ids.map(doorName).join(", ") },
    {
      label: w.act.actions,
      align: "right",
      cell: (interlock) =>
        isAdministrator && (
          <Button size="small" onClick={() => setEditing(interlock)} aria-label={w.interlocks.edit(interlock.name)}>
            {w.act.edit}
          </Button>
        ),
    },
  ];
  return (
    <Section
      title={w.interlocks.title}
      action={
        isAdministrator && (
          <Button size="small" onClick={() => setEditing("new")}>
            {w.interlocks.add}
          </Button>
        )
      }
    >
      <Typography variant="body2" sx={{ color: "text.secondary", mb: 1.5 }}>
        {w.interlocks.intro}
      </Typography>
      <DataTable
        label={w.interlocks.title}
        columns={columns}
        rows={interlocks.data}
        keyOf={(interlock) => interlock.id}
        empty={w.interlocks.empty}
        error={interlocks.error}
        onRetry={() => interlocks.refetch()}
      />
      {editing && <Form interlock={editing === "new" ? null : editing} onClose={() => setEditing(null)} />}
    </Section>
  );
}
