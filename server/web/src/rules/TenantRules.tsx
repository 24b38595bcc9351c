// What the organisation chose once for all its doors.

import Button from "@mui/material/Button";
import Checkbox from "@mui/material/Checkbox";
import FormControlLabel from "@mui/material/FormControlLabel";
import FormGroup from "@mui/material/FormGroup";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ifMatch, Problem } from "../api/client";
import { queries } from "../api/queries";
import type { TenantRules } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { FormDialog } from "../parts/FormDialog";
import { Lines } from "../parts/Lines";
import { Section, Waiting } from "../parts/Page";
import { Trouble } from "../parts/Trouble";
import { previewed } from "../preview/previewed";
import { text, type WordOf, w, wordsOf } from "../words";
import { numberOf, ReasonField } from "./fields";

const ALONE = [
  ["alone_travel", w.tenantRules.travel],
  ["alone_anti_passback", w.tenantRules.antiPassback],
  ["alone_occupancy", w.tenantRules.occupancy],
  ["alone_two_person", w.tenantRules.twoPerson],
] as const;

function Form({ rules, onClose }: { rules: TenantRules; onClose: () => void }) {
  const client = useQueryClient();
  const [choice, setChoice] = useState(rules);
  const [refusals, setRefusals] = useState(String(rules.refusals));
  const [within, setWithin] = useState(String(rules.refusals_within_s));
  const [lock, setLock] = useState(String(rules.reader_lock_s));
  const [hours, setHours] = useState(String(rules.alone_hours));
  const [days, setDays] = useState(String(rules.grant_days_max ?? ""));
  const [reason, setReason] = useState("");
  const save = async () => {
    const { version, ...chosen } = choice;
    const body = {
      ...chosen,
      refusals: Number(refusals),
      refusals_within_s: Number(within),
      reader_lock_s: Number(lock),
      alone_hours: Number(hours),
      grant_days_max: numberOf(days),
      reason: reason.trim(),
    };
    await previewed([{ kind: "tenant_rules", version, body }]);
    await api.PUT("/api/v1/tenant-rules", { params: { header: ifMatch(version) }, body });
    await client.invalidateQueries({ queryKey: queries.tenantRules.queryKey });
  };
  const waive = (rule: WordOf<"WaivableRule">, isWaived: boolean) =>
    setChoice((before) => ({
      ...before,
      waived_for_duress: isWaived
        ? [...before.waived_for_duress, rule]
        : before.waived_for_duress.filter((other) => other !== rule),
    }));
  return (
    <FormDialog title={w.tenantRules.edit} submit={w.act.save} act={save} onClose={onClose}>
      {(error) => {
        const wrong = (field: string) => (error instanceof Problem ? error.field(field) : undefined);
        const number = (field: string, label: string, value: string, set: (typed: string) => void, help?: string) => (
          <TextField
            label={label}
            type="number"
            value={value}
            onChange={(event) => set(event.target.value)}
            error={wrong(field) !== undefined}
            helperText={wrong(field) ?? help}
            required={help === undefined}
          />
        );
        return (
          <>
            <Typography variant="h3">{w.tenantRules.suspicion}</Typography>
            <Stack direction="row" spacing={2}>
              {number("refusals", w.tenantRules.refusals, refusals, setRefusals)}
              {number("refusals_within_s", w.tenantRules.within, within, setWithin)}
              {number("reader_lock_s", w.tenantRules.lock, lock, setLock)}
            </Stack>
            <Typography variant="h3">{w.tenantRules.alone}</Typography>
            <Typography variant="body2" sx={{ color: "text.secondary" }}>
              {w.tenantRules.aloneHelp}
            </Typography>
            <Stack sx={{ display: "grid", gridTemplateColumns: "1fr 1fr", gap: 2 }}>
              {ALONE.map(([field, label]) => (
                <TextField
                  key={field}
                  select
                  label={label}
                  value={choice[field]}
                  onChange={(event) => setChoice({ ...choice, [field]: event.target.value })}
                >
                  {wordsOf("Alone").map((word) => (
                    <MenuItem key={word} value={word}>
                      {text("Alone", word)}
                    </MenuItem>
                  ))}
                </TextField>
              ))}
            </Stack>
            {number("alone_hours", w.tenantRules.aloneHours, hours, setHours, w.tenantRules.aloneHoursHelp)}
            <Typography variant="h3">{w.tenantRules.duress}</Typography>
            <FormGroup row>
              {wordsOf("WaivableRule").map((rule) => (
                <FormControlLabel
                  key={rule}
                  control={
                    <Checkbox
                      size="small"
                      checked={choice.waived_for_duress.includes(rule)}
                      onChange={(_, isOn) => waive(rule, isOn)}
                    />
                  }
                  label={text("WaivableRule", rule)}
                />
              ))}
            </FormGroup>
            {number("grant_days_max", w.tenantRules.grant, days, setDays, w.tenantRules.grantHelp)}
            <ReasonField value={reason} set={setReason} wrong={wrong("reason")} isNeeded />
          </>
        );
      }}
    </FormDialog>
  );
}

export function TenantRulesSection() {
  const isAdministrator = useIsAdministrator();
  const query = useQuery(queries.tenantRules);
  const [isEditing, setEditing] = useState(false);
  const rules = query.data;
  return (
    <Section
      title={w.tenantRules.title}
      action={
        isAdministrator &&
        rules && (
          <Button size="small" onClick={() => setEditing(true)} aria-label={w.tenantRules.edit}>
            {w.act.edit}
          </Button>
        )
      }
    >
      <Trouble error={query.error} onRetry={() => query.refetch()} />
      {rules ? (
        <Lines
          lines={[
            [
              w.tenantRules.suspicion,
              w.tenantRules.suspicionSentence(rules.refusals, rules.refusals_within_s, rules.reader_lock_s),
            ],
            [
              w.tenantRules.alone,
              ALONE.map(([field, label]) => `${label}: ${text("Alone", rules[field])}`).join(" · "),
            ],
            [w.tenantRules.aloneFor, w.tenantRules.hours(rules.alone_hours)],
            [
              w.tenantRules.duress,
              rules.waived_for_duress.map((rule) => text("WaivableRule", rule)).join(", ") || w.tenantRules.duressNone,
            ],
            [
              w.tenantRules.grantLongest,
              rules.grant_days_max ? w.tenantRules.days(rules.grant_days_max) : w.tenantRules.grantAny,
            ],
          ]}
        />
      ) : (
        <Waiting lines={4} />
      )}
      {isEditing && rules && <Form key={rules.version} rules={rules} onClose={() => setEditing(false)} />}
    </Section>
  );
}
