// From when until when, as it is typed: of a card, or of a grant, which has no end only with a reason.

import Checkbox from "@mui/material/Checkbox";
import FormControlLabel from "@mui/material/FormControlLabel";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import { useState } from "react";
import { useZone } from "../frame/session";
import { instantOf, wallOf } from "../time";
import { w } from "../words";

/** How long something lasts that has no end yet, unless said otherwise, in days. */
const DEFAULT_DAYS = 90;
const DAY_MS = 86_400_000;

export type Period = { valid_from: string; valid_until: string | null };
/** A period that is to be changed, and why it has no end, said so far. */
type Before = { valid_from: string; valid_until?: string | null; no_end_reason?: string | null };
type Typed = { from: string; until: string; hasNoEnd: boolean; reason: string };

/** What is typed, as wall times of the site. */
export type TypedPeriod = Typed & {
  change: (change: Partial<Typed>) => void;
  /** Whether both ends are said. */
  isWhole: boolean;
  /** The instants that are meant. Seconds are not shown, and what was not touched keeps them. */
  taken: () => Period;
};

/** A period that begins as `before`, or is new: from now on. */
export function useTypedPeriod(before: Before | null): TypedPeriod {
  const zone = useZone();
  const [shown] = useState(() => ({
    from: wallOf(before?.valid_from ?? new Date(), zone),
    until: before?.valid_until ? wallOf(before.valid_until, zone) : "",
  }));
  const [typed, setTyped] = useState<Typed>(() => ({
    from: shown.from,
    until: shown.until || wallOf(new Date(Date.now() + DEFAULT_DAYS * DAY_MS), zone),
    hasNoEnd: before !== null && !before.valid_until,
    reason: before?.no_end_reason ?? "",
  }));
  const instant = (wall: string, was: string, kept: string | null | undefined) =>
    kept && wall === was ? kept : instantOf(wall, zone);
  return {
    ...typed,
    change: (change) => setTyped((now) => ({ ...now, ...change })),
    isWhole: typed.from !== "" && (typed.hasNoEnd || typed.until !== ""),
    taken: () => ({
      valid_from: instant(typed.from, shown.from, before?.valid_from) ?? before?.valid_from ?? new Date().toISOString(),
      valid_until: typed.hasNoEnd ? null : instant(typed.until, shown.until, before?.valid_until),
    }),
  };
}

type Props = {
  period: TypedPeriod;
  wrong: (field: string) => string | undefined;
  /** What having no end is called. */
  noEnd: string;
  /** Whether having no end needs a reason. */
  needsReason: boolean;
  autoFocus?: boolean;
};

export function PeriodFields({ period, wrong, noEnd, needsReason, autoFocus = false }: Props) {
  const { from, until, hasNoEnd, reason, change } = period;
  return (
    <>
      <Stack direction="row" spacing={2}>
        <TextField
          label={w.wizard.from}
          type="datetime-local"
          value={from}
          onChange={(event) => change({ from: event.target.value })}
          slotProps={{ inputLabel: { shrink: true } }}
          error={wrong("valid_from") !== undefined}
          helperText={wrong("valid_from")}
          required
        />
        <TextField
          label={w.wizard.until}
          type="datetime-local"
          value={hasNoEnd ? "" : until}
          onChange={(event) => change({ until: event.target.value })}
          disabled={hasNoEnd}
          slotProps={{ inputLabel: { shrink: true } }}
          error={wrong("valid_until") !== undefined}
          helperText={wrong("valid_until")}
          required={!hasNoEnd}
          autoFocus={autoFocus}
        />
      </Stack>
      <FormControlLabel
        control={<Checkbox size="small" checked={hasNoEnd} onChange={(_, isOn) => change({ hasNoEnd: isOn })} />}
        label={noEnd}
      />
      {needsReason && hasNoEnd && (
        <TextField
          label={w.wizard.noEndReason}
          value={reason}
          onChange={(event) => change({ reason: event.target.value })}
          error={wrong("no_end_reason") !== undefined}
          helperText={wrong("no_end_reason")}
          required
        />
      )}
    </>
  );
}
