// Sites with their time zones, and the areas between which doors lead.

import Button from "@mui/material/Button";
import Checkbox from "@mui/material/Checkbox";
import Chip from "@mui/material/Chip";
import FormControlLabel from "@mui/material/FormControlLabel";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ifMatch, Problem } from "../api/client";
import { queries } from "../api/queries";
import type { Site } from "../api/types";
import { FormDialog } from "../parts/FormDialog";
import { Section } from "../parts/Page";
import { previewed } from "../preview/previewed";
import { w } from "../words";

function SiteForm({ site, onClose }: { site: Site | null; onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState(site?.name ?? "");
  const [zone, setZone] = useState(site?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const [takesWeak, setTakesWeak] = useState(site?.accepts_uid_only ?? false);
  const [why, setWhy] = useState(site?.accepts_uid_only_reason ?? "");
  const { data: calendars = [] } = useQuery(queries.calendars);
  const [calendar, setCalendar] = useState(site?.calendar_id ?? "");
  const save = async () => {
    const body = {
      name: name.trim(),
      time_zone: zone.trim(),
      accepts_uid_only: takesWeak,
      calendar_id: calendar === "" ? null : calendar,
      ...(takesWeak && { accepts_uid_only_reason: why.trim() }),
    };
    if (site === null) await api.POST("/api/v1/sites", { body });
    else {
      await previewed([{ kind: "site_change", id: site.id, version: site.version, body }]);
      await api.PATCH("/api/v1/sites/{id}", { params: { path: { id: site.id }, header: ifMatch(site.version) }, body });
    }
    await client.invalidateQueries({ queryKey: queries.sites.queryKey });
  };
  return (
    <FormDialog
      title={site ? w.doors.editSite(site.name) : w.doors.addSite}
      submit={w.act.save}
      act={save}
      onClose={onClose}
    >
      {(error) => {
        const wrong = (field: string) => (error instanceof Problem ? error.field(field) : undefined);
        return (
          <>
            <TextField
              label={w.doors.siteName}
              value={name}
              onChange={(event) => setName(event.target.value)}
              error={wrong("name") !== undefined}
              helperText={wrong("name")}
              autoFocus
              required
            />
            <TextField
              label={w.doors.zone}
              value={zone}
              onChange={(event) => setZone(event.target.value)}
              error={wrong("time_zone") !== undefined}
              helperText={wrong("time_zone")}
              required
            />
            <TextField
              select
              label={w.calendars.ofSite}
              value={calendar}
              onChange={(event) => setCalendar(event.target.value)}
              error={wrong("calendar_id") !== undefined}
              helperText={wrong("calendar_id")}
              slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }}
            >
              <MenuItem value="">{w.calendars.noneOfSite}</MenuItem>
              {calendars.map((candidate) => (
                <MenuItem key={candidate.id} value={candidate.id}>
                  {candidate.name}
                </MenuItem>
              ))}
            </TextField>
            <FormControlLabel
              control={<Checkbox size="small" checked={takesWeak} onChange={(_, isOn) => setTakesWeak(isOn)} />}
              label={w.doors.weakCards}
            />
            <Typography variant="body2" sx={{ color: "text.secondary" }}>
              {w.doors.weakCardsHelp}
            </Typography>
            {takesWeak && (
              <TextField
                label={w.reason.label}
                value={why}
                onChange={(event) => setWhy(event.target.value)}
                error={wrong("accepts_uid_only_reason") !== undefined}
                helperText={wrong("accepts_uid_only_reason")}
                required
              />
            )}
          </>
        );
      }}
    </FormDialog>
  );
}

function AreaForm({ siteId, onClose }: { siteId: string; onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const save = async () => {
    await api.POST("/api/v1/areas", { body: { name: name.trim(), site_id: siteId } });
    await client.invalidateQueries({ queryKey: queries.areas.queryKey });
  };
  return (
    <FormDialog title={w.doors.addArea} submit={w.act.save} act={save} onClose={onClose}>
      {() => (
        <TextField
          label={w.doors.areaName}
          value={name}
          onChange={(event) => setName(event.target.value)}
          autoFocus
          required
        />
      )}
    </FormDialog>
  );
}

export function Areas() {
  const { data: sites = [] } = useQuery(queries.sites);
  const { data: areas = [] } = useQuery(queries.areas);
  const [editing, setEditing] = useState<Site | "new" | null>(null);
  const [addingTo, setAddingTo] = useState<string | null>(null);
  return (
    <Section
      title={w.doors.areas}
      action={
        <Button size="small" onClick={() => setEditing("new")}>
          {w.doors.addSite}
        </Button>
      }
    >
      <Stack spacing={2}>
        {sites.map((site) => (
          <Stack key={site.id} direction="row" useFlexGap spacing={1} sx={{ alignItems: "center", flexWrap: "wrap" }}>
            <Typography variant="body2" sx={{ fontWeight: 650 }}>
              {site.name}
            </Typography>
            <Typography variant="body2" sx={{ color: "text.secondary" }}>
              {site.time_zone}
            </Typography>
            {site.accepts_uid_only && <Chip label={w.doors.weakCards} color="warning" variant="outlined" />}
            {areas
              .filter((area) => area.site_id === site.id)
              .map((area) => (
                <Chip key={area.id} label={area.name} variant="outlined" />
              ))}
            <Button size="small" onClick={() => setAddingTo(site.id)}>
              {w.doors.addArea}
            </Button>
            <Button size="small" onClick={() => setEditing(site)} aria-label={w.doors.editSite(site.name)}>
              {w.act.edit}
            </Button>
          </Stack>
        ))}
      </Stack>
      {editing && <SiteForm site={editing === "new" ? null : editing} onClose={() => setEditing(null)} />}
      {addingTo && <AreaForm siteId={addingTo} onClose={() => setAddingTo(null)} />}
    </Section>
  );
}
