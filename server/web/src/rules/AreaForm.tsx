// The rules of an area: anti-passback, most persons, nobody alone.

import Checkbox from "@mui/material/Checkbox";
import FormControlLabel from "@mui/material/FormControlLabel";
import MenuItem from "@mui/material/MenuItem";
import TextField from "@mui/material/TextField";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ifMatch, Problem } from "../api/client";
import { queries } from "../api/queries";
import type { Area } from "../api/types";
import { FormDialog } from "../parts/FormDialog";
import { RemoveButton } from "../parts/RemoveButton";
import { previewed } from "../preview/previewed";
import { text, type WordOf, w, wordsOf } from "../words";
import { numberOf, ReasonField } from "./fields";
import { OneGroup } from "./groups";

/** Between the two of a pair, unless said otherwise, in seconds. */
const PAIR_S = 30;
/** For timed anti-passback, unless said otherwise, in seconds. */
const TIMED_S = 600;

export function AreaForm({ area, onClose }: { area: Area; onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState(area.name);
  const [antiPassback, setAntiPassback] = useState<WordOf<"AntiPassbackKind">>(area.anti_passback);
  const [seconds, setSeconds] = useState(String(area.anti_passback_s ?? TIMED_S));
  const [most, setMost] = useState(String(area.persons_max ?? ""));
  const [isPaired, setPaired] = useState(Boolean(area.two_person_s));
  const [pairSeconds, setPairSeconds] = useState(String(area.two_person_s ?? PAIR_S));
  const [group, setGroup] = useState(area.two_person_group_id ?? null);
  const [otherGroup, setOtherGroup] = useState(area.two_person_other_group_id ?? null);
  const [reason, setReason] = useState("");
  const params = { path: { id: area.id }, header: ifMatch(area.version) };
  const changed = () =>
    Promise.all(
      [queries.areas.queryKey, queries.muster.queryKey].map((queryKey) => client.invalidateQueries({ queryKey })),
    );
  const save = async () => {
    const body = {
      name: name.trim(),
      anti_passback: antiPassback,
      anti_passback_s: antiPassback === "timed" ? Number(seconds) : null,
      persons_max: numberOf(most),
      two_person_s: isPaired ? Number(pairSeconds) : null,
      two_person_group_id: isPaired ? group : null,
      two_person_other_group_id: isPaired ? otherGroup : null,
      ...(reason.trim() && { reason: reason.trim() }),
    };
    await previewed([{ kind: "area_change", id: area.id, version: area.version, body }]);
    await api.PATCH("/api/v1/areas/{id}", { params, body });
    await changed();
  };
  const remove = async () => {
    await previewed([{ kind: "area_delete", id: area.id, version: area.version }]);
    await api.DELETE("/api/v1/areas/{id}", { params });
    await changed();
  };
  return (
    <FormDialog
      title={w.areas.edit(area.name)}
      submit={w.act.save}
      act={save}
      onClose={onClose}
      extra={
        <RemoveButton label={w.areas.remove(area.name)} effect={w.areas.removeEffect} act={remove} onDone={onClose} />
      }
    >
      {(error) => {
        const wrong = (field: string) => (error instanceof Problem ? error.field(field) : undefined);
        const trouble = (field: string, help?: string) => ({
          error: wrong(field) !== undefined,
          helperText: wrong(field) ?? help,
        });
        return (
          <>
            <TextField
              label={w.areas.name}
              value={name}
              onChange={(event) => setName(event.target.value)}
              {...trouble("name")}
              required
              autoFocus
            />
            <TextField
              select
              label={w.areas.antiPassback}
              value={antiPassback}
              onChange={(event) => setAntiPassback(event.target.value as WordOf<"AntiPassbackKind">)}
              helperText={w.areas.antiPassbackHelp}
            >
              {wordsOf("AntiPassbackKind").map((word) => (
                <MenuItem key={word} value={word}>
                  {text("AntiPassbackKind", word)}
                </MenuItem>
              ))}
            </TextField>
            {antiPassback === "timed" && (
              <TextField
                label={w.areas.seconds}
                type="number"
                value={seconds}
                onChange={(event) => setSeconds(event.target.value)}
                {...trouble("anti_passback_s")}
                required
              />
            )}
            <TextField
              label={w.areas.personsMax}
              type="number"
              value={most}
              onChange={(event) => setMost(event.target.value)}
              {...trouble("persons_max", w.areas.personsMaxHelp)}
            />
            <FormControlLabel
              control={<Checkbox size="small" checked={isPaired} onChange={(_, isOn) => setPaired(isOn)} />}
              label={w.areas.twoPerson}
            />
            {isPaired && (
              <TextField
                label={w.areas.twoPersonSeconds}
                type="number"
                value={pairSeconds}
                onChange={(event) => setPairSeconds(event.target.value)}
                {...trouble("two_person_s")}
                required
              />
            )}
            {isPaired && (
              <>
                <OneGroup label={w.areas.group} id={group} set={setGroup} error={wrong("two_person_group_id")} />
                <OneGroup
                  label={w.areas.otherGroup}
                  id={otherGroup}
                  set={setOtherGroup}
                  error={wrong("two_person_other_group_id")}
                />
              </>
            )}
            <ReasonField value={reason} set={setReason} wrong={wrong("reason")} />
          </>
        );
      }}
    </FormDialog>
  );
}
