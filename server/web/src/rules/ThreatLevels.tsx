// What threat levels mean: which doors they lock, what they demand, who is exempt.

import Button from "@mui/material/Button";
import Checkbox from "@mui/material/Checkbox";
import FormControlLabel from "@mui/material/FormControlLabel";
import MenuItem from "@mui/material/MenuItem";
import TextField from "@mui/material/TextField";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ifMatch, Problem } from "../api/client";
import { queries } from "../api/queries";
import type { ThreatLevel } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { type Column, DataTable } from "../parts/DataTable";
import { FormDialog } from "../parts/FormDialog";
import { Section } from "../parts/Page";
import { ReasonDialog } from "../parts/ReasonDialog";
import { previewed } from "../preview/previewed";
import { placeKey, placeOf, placesOf, usePlaceName } from "../situation/places";
import { text, type WordOf, w, wordsOf } from "../words";
import { ReasonField } from "./fields";
import { SeveralGroups, useGroupName } from "./groups";

const NOTHING_MORE = "none";

function meaning(level: ThreatLevel): string {
  const locks = level.locks
    ? level.places.length === 0
      ? w.threats.locksAll
      : w.threats.locksSome(level.places.length)
    : w.threats.locksNone;
  return level.factors ? `${locks}. ${w.threats.factors}: ${text("FactorDemand", level.factors)}` : locks;
}

function LevelForm({ level, onClose }: { level: ThreatLevel | null; onClose: () => void }) {
  const client = useQueryClient();
  const { data: sites = [] } = useQuery(queries.sites);
  const { data: areas = [] } = useQuery(queries.areas);
  const placeName = usePlaceName();
  const [number, setNumber] = useState("");
  const [name, setName] = useState(level?.name ?? "");
  const [locks, setLocks] = useState(level?.locks ?? true);
  const [places, setPlaces] = useState<string[]>((level?.places ?? []).map(placeKey));
  const [factors, setFactors] = useState<string>(level?.factors ?? NOTHING_MORE);
  const [exempt, setExempt] = useState(level?.exempt_group_ids ?? []);
  const [reason, setReason] = useState("");
  const [isRemoving, setRemoving] = useState(false);
  const changed = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: queries.threatLevels.queryKey }),
      client.invalidateQueries({ queryKey: ["state"] }),
    ]);
  const save = async () => {
    const meant = {
      name: name.trim(),
      locks,
      places: locks ? places.map(placeOf) : [],
      factors: factors === NOTHING_MORE ? null : (factors as WordOf<"FactorDemand">),
      exempt_group_ids: exempt,
    };
    if (level === null) {
      const body = { ...meant, level: Number(number) };
      await previewed([{ kind: "threat_level_create", body }]);
      await api.POST("/api/v1/threat-levels", { body });
    } else {
      const body = { ...meant, reason: reason.trim() };
      await previewed([{ kind: "threat_level_replace", id: String(level.level), version: level.version, body }]);
      const params = { path: { level: level.level }, header: ifMatch(level.version) };
      await api.PUT("/api/v1/threat-levels/{level}", { params, body });
    }
    await changed();
  };
  // Doors that are named one by one stay so, although the choice offers areas and sites only.
  const offered = [...placesOf(sites, areas).slice(1).map(placeKey)];
  const kept = places.filter((place) => !offered.includes(place));
  return (
    <FormDialog
      title={level ? w.threats.edit(level.name) : w.threats.add}
      submit={w.act.save}
      act={save}
      onClose={onClose}
      extra={
        level && (
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
            {level === null && (
              <TextField
                label={w.threats.number}
                type="number"
                value={number}
                onChange={(event) => setNumber(event.target.value)}
                error={wrong("level") !== undefined}
                helperText={wrong("level") ?? w.threats.numberHelp}
                required
                autoFocus
              />
            )}
            <TextField
              label={w.threats.name}
              value={name}
              onChange={(event) => setName(event.target.value)}
              error={wrong("name") !== undefined}
              helperText={wrong("name")}
              required
              autoFocus={level !== null}
            />
            <FormControlLabel
              control={<Checkbox size="small" checked={locks} onChange={(_, isOn) => setLocks(isOn)} />}
              label={w.threats.locks}
            />
            {locks && (
              <TextField
                select
                label={w.threats.places}
                value={places}
                onChange={(event) => setPlaces(event.target.value as unknown as string[])}
                slotProps={{ select: { multiple: true, displayEmpty: true }, inputLabel: { shrink: true } }}
                helperText={places.length === 0 ? w.threats.everyDoor : w.threats.onlyThese}
              >
                {[...offered, ...kept].map((place) => (
                  <MenuItem key={place} value={place}>
                    {placeName(placeOf(place))}
                  </MenuItem>
                ))}
              </TextField>
            )}
            <TextField
              select
              label={w.threats.factors}
              value={factors}
              onChange={(event) => setFactors(event.target.value)}
            >
              <MenuItem value={NOTHING_MORE}>{w.threats.noFactors}</MenuItem>
              {wordsOf("FactorDemand").map((word) => (
                <MenuItem key={word} value={word}>
                  {text("FactorDemand", word)}
                </MenuItem>
              ))}
            </TextField>
            <SeveralGroups label={w.threats.exempt} ids={exempt} set={setExempt} error={wrong("exempt_group_ids")} />
            {level && <ReasonField value={reason} set={setReason} wrong={wrong("reason")} isNeeded />}
            {level && isRemoving && (
              <ReasonDialog
                title={w.threats.remove(level.name)}
                effect={w.threats.removeEffect}
                submit={w.act.remove}
                act={async (why) => {
                  const params = { path: { level: level.level }, header: ifMatch(level.version) };
                  const body = { reason: why };
                  const id = String(level.level);
                  await previewed([{ kind: "threat_level_delete", id, version: level.version, body }]);
                  await api.DELETE("/api/v1/threat-levels/{level}", { params, body });
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

export function ThreatLevels() {
  const isAdministrator = useIsAdministrator();
  const levels = useQuery(queries.threatLevels);
  const [editing, setEditing] = useState<ThreatLevel | "new" | null>(null);
  const groupName = useGroupName((levels.data ?? []).flatMap((level) => level.exempt_group_ids));
  const columns: Column<ThreatLevel>[] = [
    { label: w.threats.number, cell: (level) => level.level, width: 80 },
    { label: w.threats.name, cell: (level) => <strong>{level.name}</strong> },
    { label: w.threats.means, cell: meaning },
    {
      label: w.threats.exempt,
      cell: (level) => level.exempt_group_ids.map(groupName).join(", ") || w.threats.nobody,
    },
    {
      label: w.act.actions,
      align: "right",
      cell: (level) =>
        isAdministrator && (
          <Button size="small" onClick={() => setEditing(level)} aria-label={w.threats.edit(level.name)}>
            {w.act.edit}
          </Button>
        ),
    },
  ];
  return (
    <Section
      title={w.threats.title}
      action={
        isAdministrator && (
          <Button size="small" onClick={() => setEditing("new")}>
            {w.threats.add}
          </Button>
        )
      }
    >
      <DataTable
        label={w.threats.title}
        columns={columns}
        rows={levels.data}
        keyOf={(level) => level.level}
        empty={w.threats.empty}
        error={levels.error}
        onRetry={() => levels.refetch()}
      />
      {editing && <LevelForm level={editing === "new" ? null : editing} onClose={() => setEditing(null)} />}
    </Section>
  );
}
