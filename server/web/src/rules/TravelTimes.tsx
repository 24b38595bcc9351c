// The least time between doors: of two sites, within a site, or of two doors.

import Autocomplete from "@mui/material/Autocomplete";
import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ifMatch, Problem } from "../api/client";
import { queries, useDoorName } from "../api/queries";
import type { TravelTime } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { type Column, DataTable } from "../parts/DataTable";
import { FormDialog } from "../parts/FormDialog";
import { Section } from "../parts/Page";
import { ReasonDialog } from "../parts/ReasonDialog";
import { previewed } from "../preview/previewed";
import { w } from "../words";
import { ReasonField } from "./fields";

function useBetween(): (time: TravelTime) => string {
  const { data: sites = [] } = useQuery(queries.sites);
  const doorName = useDoorName();
  const siteName = (id: string) => sites.find((site) => site.id === id)?.name ?? "";
  return (time) => {
    if (time.door_id && time.other_door_id) return w.travel.doors(doorName(time.door_id), doorName(time.other_door_id));
    const [one, other] = [time.site_id ?? "", time.other_site_id ?? ""];
    return one === other ? w.travel.sameSite(siteName(one)) : w.travel.sites(siteName(one), siteName(other));
  };
}

function AddForm({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const { data: sites = [] } = useQuery(queries.sites);
  const { data: doors = [] } = useQuery(queries.doors);
  const [kind, setKind] = useState<"sites" | "doors">("sites");
  const [one, setOne] = useState("");
  const [other, setOther] = useState("");
  const [seconds, setSeconds] = useState("");
  const offered: { id: string; name: string }[] = kind === "sites" ? sites : doors;
  const save = async () => {
    const least_s = Number(seconds);
    const body =
      kind === "sites"
        ? { site_id: one, other_site_id: other, least_s }
        : { door_id: one, other_door_id: other, least_s };
    await previewed([{ kind: "travel_time_create", body }]);
    await api.POST("/api/v1/travel-times", { body });
    await client.invalidateQueries({ queryKey: queries.travelTimes.queryKey });
  };
  const end = (label: string, value: string, set: (id: string) => void) => (
    <Autocomplete
      options={offered}
      getOptionLabel={(option) => option.name}
      getOptionKey={(option) => option.id}
      value={offered.find((option) => option.id === value) ?? null}
      onChange={(_, option) => set(option?.id ?? "")}
      renderInput={(params) => <TextField {...params} label={label} required />}
    />
  );
  return (
    <FormDialog
      title={w.travel.add}
      submit={w.act.save}
      act={save}
      onClose={onClose}
      canSubmit={one !== "" && other !== ""}
    >
      {(error) => {
        const wrong = (field: string) => (error instanceof Problem ? error.field(field) : undefined);
        return (
          <>
            <TextField
              select
              label={w.travel.kind}
              value={kind}
              onChange={(event) => {
                setKind(event.target.value as "sites" | "doors");
                setOne("");
                setOther("");
              }}
            >
              <MenuItem value="sites">{w.travel.ofSites}</MenuItem>
              <MenuItem value="doors">{w.travel.ofDoors}</MenuItem>
            </TextField>
            {end(w.travel.from, one, setOne)}
            {end(w.travel.to, other, setOther)}
            <TextField
              label={w.travel.seconds}
              type="number"
              value={seconds}
              onChange={(event) => setSeconds(event.target.value)}
              error={wrong("least_s") !== undefined}
              helperText={wrong("least_s")}
              required
            />
          </>
        );
      }}
    </FormDialog>
  );
}

function EditForm({ time, onClose }: { time: TravelTime; onClose: () => void }) {
  const client = useQueryClient();
  const between = useBetween()(time);
  const [seconds, setSeconds] = useState(String(time.least_s));
  const [reason, setReason] = useState("");
  const [isRemoving, setRemoving] = useState(false);
  const params = { path: { id: time.id }, header: ifMatch(time.version) };
  const changed = () => client.invalidateQueries({ queryKey: queries.travelTimes.queryKey });
  const save = async () => {
    const body = { least_s: Number(seconds), ...(reason.trim() && { reason: reason.trim() }) };
    await previewed([{ kind: "travel_time_change", id: time.id, version: time.version, body }]);
    await api.PATCH("/api/v1/travel-times/{id}", { params, body });
    await changed();
  };
  return (
    <FormDialog
      title={w.travel.edit(between)}
      submit={w.act.save}
      act={save}
      onClose={onClose}
      extra={
        <Button color="error" onClick={() => setRemoving(true)} sx={{ mr: "auto" }}>
          {w.act.remove}
        </Button>
      }
    >
      {(error) => {
        const wrong = (field: string) => (error instanceof Problem ? error.field(field) : undefined);
        return (
          <>
            <TextField
              label={w.travel.seconds}
              type="number"
              value={seconds}
              onChange={(event) => setSeconds(event.target.value)}
              error={wrong("least_s") !== undefined}
              helperText={wrong("least_s")}
              required
              autoFocus
            />
            <ReasonField value={reason} set={setReason} wrong={wrong("reason")} />
            {isRemoving && (
              <ReasonDialog
                title={w.travel.remove(between)}
                effect={w.travel.removeEffect}
                submit={w.act.remove}
                act={async (why) => {
                  const body = { reason: why };
                  await previewed([{ kind: "travel_time_delete", id: time.id, version: time.version, body }]);
                  await api.DELETE("/api/v1/travel-times/{id}", { params, body });
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

export function TravelTimes() {
  const isAdministrator = useIsAdministrator();
  const times = useQuery(queries.travelTimes);
  const between = useBetween();
  const [editing, setEditing] = useState<TravelTime | "new" | null>(null);
  const columns: Column<TravelTime>[] = [
    { label: w.travel.between, cell: (time) => <strong>{between(time)}</strong> },
    { label: w.travel.seconds, cell: (time) => time.least_s, align: "right" },
    {
      label: w.act.actions,
      align: "right",
      cell: (time) =>
        isAdministrator && (
          <Button size="small" onClick={() => setEditing(time)} aria-label={w.travel.edit(between(time))}>
            {w.act.edit}
          </Button>
        ),
    },
  ];
  return (
    <Section
      title={w.travel.title}
      action={
        isAdministrator && (
          <Button size="small" onClick={() => setEditing("new")}>
            {w.travel.add}
          </Button>
        )
      }
    >
      <Typography variant="body2" sx={{ color: "text.secondary", mb: 1.5 }}>
        {w.travel.intro}
      </Typography>
      <DataTable
        label={w.travel.title}
        columns={columns}
        rows={times.data}
        keyOf={(time) => time.id}
        empty={w.travel.empty}
        error={times.error}
        onRetry={() => times.refetch()}
      />
      {editing === "new" && <AddForm onClose={() => setEditing(null)} />}
      {editing && editing !== "new" && <EditForm time={editing} onClose={() => setEditing(null)} />}
    </Section>
  );
}
