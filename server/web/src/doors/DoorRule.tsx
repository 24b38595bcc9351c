// The rule of a door: where it leads, what it demands, how it behaves.

import Alert from "@mui/material/Alert";
import Checkbox from "@mui/material/Checkbox";
import FormControlLabel from "@mui/material/FormControlLabel";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ifMatch, Problem } from "../api/client";
import { queries } from "../api/queries";
import type { Door } from "../api/types";
import { FormDialog } from "../parts/FormDialog";
import { previewed } from "../preview/previewed";
import { numberOf, ReasonField } from "../rules/fields";
import { text, w, wordsOf } from "../words";
import { FactorLines, keyed, ModeLines, unkeyed } from "./HourLines";

const RELEASE_MS_MAX = 60_000;
const HELD_MS_MAX = 3_600_000;

export function DoorRule({ door, onClose }: { door: Door | null; onClose: () => void }) {
  const client = useQueryClient();
  const { data: sites = [] } = useQuery(queries.sites);
  const { data: areas = [] } = useQuery(queries.areas);
  const [name, setName] = useState(door?.name ?? "");
  const [chosenSite, setSite] = useState(door?.site_id ?? "");
  const [outside, setOutside] = useState(door?.area_outside_id ?? "");
  const [inside, setInside] = useState(door?.area_inside_id ?? "");
  const [factorsIn, setFactorsIn] = useState(door?.factors_in ?? "card_finger");
  const [factorsOut, setFactorsOut] = useState(door?.factors_out ?? "card");
  const [releaseMs, setReleaseMs] = useState(String(door?.release_ms ?? 5_000));
  const [heldMs, setHeldMs] = useState(String(door?.held_warning_ms ?? 30_000));
  const [exit, setExit] = useState(door?.exit ?? "mechanical");
  const [hasContact, setContact] = useState(door?.has_contact ?? true);
  const [releaseLonger, setReleaseLonger] = useState(String(door?.release_longer_ms ?? ""));
  const [heldLonger, setHeldLonger] = useState(String(door?.held_longer_ms ?? ""));
  const [factorLines, setFactorLines] = useState(() => keyed(door?.factor_lines));
  const [modeLines, setModeLines] = useState(() => keyed(door?.mode_lines));
  const [reason, setReason] = useState("");
  const site = chosenSite || sites[0]?.id || "";
  const offered = areas.filter((area) => area.site_id === site);
  const save = async () => {
    const rule = {
      name: name.trim(),
      area_outside_id: outside,
      area_inside_id: inside,
      factors_in: factorsIn,
      factors_out: factorsOut,
      release_ms: Number(releaseMs),
      held_warning_ms: Number(heldMs),
      exit,
      has_contact: hasContact,
      release_longer_ms: numberOf(releaseLonger),
      held_longer_ms: numberOf(heldLonger),
      factor_lines: unkeyed(factorLines),
      mode_lines: unkeyed(modeLines),
    };
    const said = { ...rule, ...(reason.trim() && { reason: reason.trim() }) };
    if (door === null) {
      const body = { ...said, site_id: site };
      await previewed([{ kind: "door_create", body }]);
      await api.POST("/api/v1/doors", { body });
    } else {
      const { id, version } = door;
      await previewed([{ kind: "door_change", id, version, body: said }]);
      await api.PATCH("/api/v1/doors/{id}", { params: { path: { id }, header: ifMatch(version) }, body: said });
    }
    await client.invalidateQueries({ queryKey: queries.doors.queryKey });
    void client.invalidateQueries({ queryKey: queries.doorStates.queryKey });
  };
  const choice = <Value extends string>(
    label: string,
    value: Value,
    set: (value: Value) => void,
    options: { id: Value; name: string }[],
  ) => (
    <TextField select label={label} value={value} onChange={(event) => set(event.target.value as Value)} required>
      {options.map((option) => (
        <MenuItem key={option.id} value={option.id}>
          {option.name}
        </MenuItem>
      ))}
    </TextField>
  );
  const wordsAs = <Vocabulary extends "FactorDemand" | "Exit">(vocabulary: Vocabulary) =>
    wordsOf(vocabulary).map((word) => ({ id: word, name: text(vocabulary, word) }));
  return (
    <FormDialog
      title={door ? w.doors.edit(door.name) : w.doors.new}
      submit={w.act.save}
      act={save}
      onClose={onClose}
      width="md"
    >
      {(error) => {
        const wrong = (field: string) => (error instanceof Problem ? error.field(field) : undefined);
        return (
          <>
            <TextField
              label={w.doors.name}
              value={name}
              onChange={(event) => setName(event.target.value)}
              error={wrong("name") !== undefined}
              helperText={wrong("name")}
              required
              autoFocus
            />
            {door === null && choice(w.doors.site, site, setSite, sites)}
            <Stack direction="row" spacing={2}>
              {choice(w.doors.outside, outside, setOutside, offered)}
              {choice(w.doors.inside, inside, setInside, offered)}
            </Stack>
            <Stack direction="row" spacing={2}>
              {choice(w.doors.demandsIn, factorsIn, setFactorsIn, wordsAs("FactorDemand"))}
              {choice(w.doors.demandsOut, factorsOut, setFactorsOut, wordsAs("FactorDemand"))}
            </Stack>
            {factorsIn === "card" && <Alert severity="warning">{w.doors.loosened}</Alert>}
            <Stack direction="row" spacing={2}>
              <TextField
                label={w.doors.releaseMs}
                type="number"
                value={releaseMs}
                onChange={(event) => setReleaseMs(event.target.value)}
                slotProps={{ htmlInput: { min: 1, max: RELEASE_MS_MAX } }}
                error={wrong("release_ms") !== undefined}
                helperText={wrong("release_ms")}
                required
              />
              <TextField
                label={w.doors.heldMs}
                type="number"
                value={heldMs}
                onChange={(event) => setHeldMs(event.target.value)}
                slotProps={{ htmlInput: { min: 1, max: HELD_MS_MAX } }}
                error={wrong("held_warning_ms") !== undefined}
                helperText={wrong("held_warning_ms")}
                required
              />
            </Stack>
            <Stack direction="row" spacing={2}>
              <TextField
                label={w.doorRules.releaseLonger}
                type="number"
                value={releaseLonger}
                onChange={(event) => setReleaseLonger(event.target.value)}
                error={wrong("release_longer_ms") !== undefined}
                helperText={wrong("release_longer_ms") ?? w.doorRules.twice}
              />
              <TextField
                label={w.doorRules.heldLonger}
                type="number"
                value={heldLonger}
                onChange={(event) => setHeldLonger(event.target.value)}
                error={wrong("held_longer_ms") !== undefined}
                helperText={wrong("held_longer_ms") ?? w.doorRules.twice}
              />
            </Stack>
            {choice(w.doors.exit, exit, setExit, wordsAs("Exit"))}
            <FormControlLabel
              control={<Checkbox size="small" checked={hasContact} onChange={(_, isOn) => setContact(isOn)} />}
              label={w.doors.contact}
            />
            <FactorLines lines={factorLines} set={setFactorLines} />
            <ModeLines lines={modeLines} set={setModeLines} />
            <ReasonField value={reason} set={setReason} wrong={wrong("reason")} />
          </>
        );
      }}
    </FormDialog>
  );
}
