// From when until when: of a card, or of a grant. What saving it changes is shown first.

import Checkbox from "@mui/material/Checkbox";
import FormControlLabel from "@mui/material/FormControlLabel";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import { useState } from "react";
import { api, ifMatch, Problem } from "../api/client";
import type { Card, Grant } from "../api/types";
import { useZone } from "../frame/session";
import { FormDialog } from "../parts/FormDialog";
import { previewed } from "../preview/previewed";
import { ReasonField } from "../rules/fields";
import { instantOf, wallOf } from "../time";
import { w } from "../words";

/** How far the end is put off at first where there was none to begin with, in days. */
const DEFAULT_DAYS = 90;
const DAY_MS = 86_400_000;

type Period = { valid_from: string; valid_until: string | null };
type Props = {
  title: string;
  period: { valid_from: string; valid_until?: string | null };
  /** Why a grant has no end, said so far; a card needs no reason to have none, but one to last longer. */
  noEndReason?: string | null;
  isGrant: boolean;
  save: (period: Period, reason: string) => Promise<unknown>;
  onClose: () => void;
};

function PeriodDialog({ title, period, noEndReason, isGrant, save, onClose }: Props) {
  const zone = useZone();
  const wasFrom = wallOf(new Date(period.valid_from), zone);
  const wasUntil = period.valid_until ? wallOf(new Date(period.valid_until), zone) : "";
  const [from, setFrom] = useState(wasFrom);
  const [until, setUntil] = useState(() => wasUntil || wallOf(new Date(Date.now() + DEFAULT_DAYS * DAY_MS), zone));
  const [hasNoEnd, setNoEnd] = useState(!period.valid_until);
  const [reason, setReason] = useState(noEndReason ?? "");
  // Seconds are not shown, and what was not touched keeps them.
  const instant = (typed: string, was: string, before: string) => (typed === was ? before : instantOf(typed, zone));
  const act = async () => {
    const valid_from = instant(from, wasFrom, period.valid_from) ?? period.valid_from;
    const valid_until = hasNoEnd ? null : instant(until, wasUntil, period.valid_until ?? "");
    await save({ valid_from, valid_until }, reason.trim());
  };
  return (
    <FormDialog
      title={title}
      submit={w.act.save}
      act={act}
      onClose={onClose}
      canSubmit={from !== "" && (hasNoEnd || until !== "")}
    >
      {(error) => {
        const wrong = (field: string) => (error instanceof Problem ? error.field(field) : undefined);
        return (
          <>
            <Stack direction="row" spacing={2}>
              <TextField
                label={w.wizard.from}
                type="datetime-local"
                value={from}
                onChange={(event) => setFrom(event.target.value)}
                slotProps={{ inputLabel: { shrink: true } }}
                error={wrong("valid_from") !== undefined}
                helperText={wrong("valid_from")}
                required
              />
              <TextField
                label={w.wizard.until}
                type="datetime-local"
                value={hasNoEnd ? "" : until}
                onChange={(event) => setUntil(event.target.value)}
                disabled={hasNoEnd}
                slotProps={{ inputLabel: { shrink: true } }}
                error={wrong("valid_until") !== undefined}
                helperText={wrong("valid_until")}
                required={!hasNoEnd}
                autoFocus
              />
            </Stack>
            <FormControlLabel
              control={<Checkbox size="small" checked={hasNoEnd} onChange={(_, isOn) => setNoEnd(isOn)} />}
              label={isGrant ? w.wizard.noEnd : w.person.cardNoEnd}
            />
            {isGrant ? (
              hasNoEnd && (
                <TextField
                  label={w.wizard.noEndReason}
                  value={reason}
                  onChange={(event) => setReason(event.target.value)}
                  error={wrong("no_end_reason") !== undefined}
                  helperText={wrong("no_end_reason")}
                  required
                />
              )
            ) : (
              <ReasonField value={reason} set={setReason} wrong={wrong("reason")} />
            )}
          </>
        );
      }}
    </FormDialog>
  );
}

type OfCard = { card: Card; onChanged: () => Promise<void>; onClose: () => void };

/** The period of a card. */
export function CardPeriod({ card, onChanged, onClose }: OfCard) {
  return (
    <PeriodDialog
      title={w.person.cardPeriodTitle(card.label)}
      period={card}
      isGrant={false}
      save={async (period, reason) => {
        const { id, version } = card;
        const body = { ...period, ...(reason && { reason }) };
        await previewed([{ kind: "credential_change", id, version, body }]);
        await api.PATCH("/api/v1/credentials/{id}", { params: { path: { id }, header: ifMatch(version) }, body });
        await onChanged();
      }}
      onClose={onClose}
    />
  );
}

type OfGrant = { grant: Grant; level: string; onChanged: () => Promise<void>; onClose: () => void };

/** The period of a grant. */
export function GrantPeriod({ grant, level, onChanged, onClose }: OfGrant) {
  return (
    <PeriodDialog
      title={w.person.grantPeriodTitle(level)}
      period={grant}
      noEndReason={grant.no_end_reason ?? null}
      isGrant
      save={async (period, reason) => {
        const { id, version } = grant;
        const body = { ...period, no_end_reason: period.valid_until === null ? reason : null };
        await previewed([{ kind: "grant_change", id, version, body }]);
        await api.PATCH("/api/v1/grants/{id}", { params: { path: { id }, header: ifMatch(version) }, body });
        await onChanged();
      }}
      onClose={onClose}
    />
  );
}
