// What rules ask of this person otherwise than of others: no finger, an escort, longer times.

import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import Checkbox from "@mui/material/Checkbox";
import FormControlLabel from "@mui/material/FormControlLabel";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { api, ifMatch, Problem } from "../../api/client";
import { useNames } from "../../api/names";
import { useIsAdministrator, useZone } from "../../frame/session";
import { FormDialog } from "../../parts/FormDialog";
import { GroupSelect } from "../../parts/GroupSelect";
import { type Line, Lines } from "../../parts/Lines";
import { Section } from "../../parts/Page";
import { PersonSelect } from "../../parts/PersonSelect";
import { fullName } from "../../parts/Portrait";
import { When } from "../../parts/When";
import { previewed } from "../../preview/previewed";
import { instantOf, wallOf } from "../../time";
import { text, type WordOf, w, wordsOf } from "../../words";
import type { OfPerson } from "./Thing";

function useEscortName(person: OfPerson["person"]): string {
  const id = person.rules.escort?.person_id ?? null;
  const nameOf = useNames(id === null ? [] : [id]);
  if (person.escort_group) return w.ownRules.anyOf(person.escort_group.name);
  return id === null ? "" : (fullName(nameOf(id)) ?? w.unnamed(id));
}

export function OwnRules({ person, onChanged }: OfPerson) {
  const isAdministrator = useIsAdministrator();
  const [isEditing, setEditing] = useState(false);
  const { exemption, escort, needs_longer, has_pin } = person.rules;
  const escortName = useEscortName(person);
  const lines: Line[] = [];
  if (exemption) {
    lines.push([
      w.ownRules.exemption,
      <span key="exemption">
        {text("ExemptionGround", exemption.ground)} · <When at={exemption.valid_from} />
        {exemption.valid_until ? (
          <>
            {" – "}
            <When at={exemption.valid_until} />
          </>
        ) : (
          ` · ${w.ownRules.noEnd}`
        )}
      </span>,
    ]);
  }
  if (escort) lines.push([w.ownRules.escort, w.ownRules.escortWithin(escortName, escort.within_s)]);
  if (needs_longer) lines.push([w.ownRules.longer, w.ownRules.longerHelp]);
  return (
    <Section
      title={w.ownRules.title}
      action={
        isAdministrator && (
          <Button size="small" onClick={() => setEditing(true)}>
            {w.act.edit}
          </Button>
        )
      }
    >
      {lines.length === 0 && <Typography sx={{ color: "text.secondary" }}>{w.ownRules.none}</Typography>}
      <Lines lines={lines} />
      {exemption && !has_pin && (
        <Alert severity="warning" sx={{ mt: 1.5 }}>
          {w.ownRules.noPin}
        </Alert>
      )}
      {isEditing && <RulesForm person={person} onChanged={onChanged} onClose={() => setEditing(false)} />}
    </Section>
  );
}

type EscortKind = "none" | "person" | "group";

function RulesForm({ person, onChanged, onClose }: OfPerson & { onClose: () => void }) {
  const zone = useZone();
  const { exemption, escort, needs_longer, version } = person.rules;
  const escortName = useEscortName(person);
  const [ground, setGround] = useState<WordOf<"ExemptionGround"> | "none">(exemption?.ground ?? "none");
  const [from, setFrom] = useState(() => wallOf(exemption?.valid_from ?? new Date(), zone));
  const [until, setUntil] = useState(() => (exemption?.valid_until ? wallOf(exemption.valid_until, zone) : ""));
  const [kind, setKind] = useState<EscortKind>(escort ? (escort.group_id ? "group" : "person") : "none");
  const [escortPerson, setEscortPerson] = useState(
    escort?.person_id ? { id: escort.person_id, label: escortName } : null,
  );
  const [escortGroup, setEscortGroup] = useState<{ id: string; name: string } | null>(person.escort_group ?? null);
  const [within, setWithin] = useState(String(escort?.within_s ?? 30));
  const [longer, setLonger] = useState(needs_longer);
  const [reason, setReason] = useState("");
  const chosen = { none: null, person: escortPerson?.id ?? null, group: escortGroup?.id ?? null }[kind];
  const newEscort =
    kind === "none" || chosen === null
      ? null
      : {
          person_id: kind === "person" ? chosen : null,
          group_id: kind === "group" ? chosen : null,
          within_s: Number(within),
        };
  const loosens = escort != null && JSON.stringify(newEscort) !== JSON.stringify({ ...escort });
  const canSave =
    (kind === "none" || chosen !== null) &&
    (ground !== "temporary" || until !== "") &&
    (!loosens || reason.trim() !== "");
  const save = async () => {
    const body = {
      exemption:
        ground === "none"
          ? null
          : {
              ground,
              valid_from: instantOf(from, zone) ?? new Date().toISOString(),
              valid_until: until === "" ? null : instantOf(until, zone),
            },
      escort: newEscort,
      needs_longer: longer,
      ...(loosens && { reason: reason.trim() }),
    };
    await previewed([{ kind: "person_rules", id: person.id, version, body }]);
    const params = { path: { id: person.id }, header: ifMatch(version) };
    await api.PUT("/api/v1/people/{id}/rules", { params, body });
    await onChanged();
  };
  return (
    <FormDialog title={w.ownRules.title} submit={w.act.save} act={save} onClose={onClose} canSubmit={canSave}>
      {(error) => {
        const wrong = (field: string) => (error instanceof Problem ? error.field(field) : undefined);
        return (
          <>
            <TextField
              select
              label={w.ownRules.exemption}
              value={ground}
              onChange={(event) => setGround(event.target.value as WordOf<"ExemptionGround"> | "none")}
              helperText={w.ownRules.exemptionHelp}
            >
              <MenuItem value="none">{w.ownRules.noExemption}</MenuItem>
              {wordsOf("ExemptionGround").map((word) => (
                <MenuItem key={word} value={word}>
                  {text("ExemptionGround", word)}
                </MenuItem>
              ))}
            </TextField>
            {ground !== "none" && (
              <Stack direction="row" spacing={2}>
                <TextField
                  label={w.wizard.from}
                  type="datetime-local"
                  value={from}
                  onChange={(event) => setFrom(event.target.value)}
                  slotProps={{ inputLabel: { shrink: true } }}
                />
                <TextField
                  label={w.wizard.until}
                  type="datetime-local"
                  value={until}
                  onChange={(event) => setUntil(event.target.value)}
                  required={ground === "temporary"}
                  error={wrong("exemption.valid_until") !== undefined}
                  helperText={
                    wrong("exemption.valid_until") ?? (ground === "temporary" ? w.ownRules.hasEnd : undefined)
                  }
                  slotProps={{ inputLabel: { shrink: true } }}
                />
              </Stack>
            )}
            <TextField
              select
              label={w.ownRules.escort}
              value={kind}
              onChange={(event) => setKind(event.target.value as EscortKind)}
              helperText={w.ownRules.escortHelp}
            >
              <MenuItem value="none">{w.ownRules.noEscort}</MenuItem>
              <MenuItem value="person">{w.ownRules.escortPerson}</MenuItem>
              <MenuItem value="group">{w.ownRules.escortGroup}</MenuItem>
            </TextField>
            {kind === "person" && (
              <PersonSelect
                label={w.ownRules.who}
                person={escortPerson}
                onChange={setEscortPerson}
                error={wrong("escort.person_id")}
              />
            )}
            {kind === "group" && (
              <GroupSelect
                label={w.groups.group}
                group={escortGroup}
                onChange={setEscortGroup}
                error={wrong("escort.group_id")}
              />
            )}
            {kind !== "none" && (
              <TextField
                label={w.ownRules.within}
                type="number"
                value={within}
                onChange={(event) => setWithin(event.target.value)}
                error={wrong("escort.within_s") !== undefined}
                helperText={wrong("escort.within_s")}
                slotProps={{ htmlInput: { min: 1, max: 3600 } }}
                required
              />
            )}
            <FormControlLabel
              control={<Checkbox size="small" checked={longer} onChange={(_, isOn) => setLonger(isOn)} />}
              label={w.ownRules.longerBox}
            />
            {loosens && (
              <TextField
                label={w.reason.label}
                helperText={wrong("reason") ?? w.ownRules.reasonHelp}
                error={wrong("reason") !== undefined}
                value={reason}
                onChange={(event) => setReason(event.target.value)}
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
