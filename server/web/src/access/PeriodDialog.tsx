// From when until when: of a card, or of a grant. What saving it changes is shown first.

import { useState } from "react";
import { api, ifMatch, Problem } from "../api/client";
import type { Card, Grant } from "../api/types";
import { FormDialog } from "../parts/FormDialog";
import { previewed } from "../preview/previewed";
import { ReasonField } from "../rules/fields";
import { w } from "../words";
import { type Period, PeriodFields, useTypedPeriod } from "./PeriodFields";

type Props = {
  title: string;
  before: { valid_from: string; valid_until?: string | null; no_end_reason?: string | null };
  /** A grant has no end only with a reason; a card needs none for that, but one to last longer. */
  isGrant: boolean;
  save: (period: Period, reason: string) => Promise<unknown>;
  onClose: () => void;
};

function PeriodDialog({ title, before, isGrant, save, onClose }: Props) {
  const period = useTypedPeriod(before);
  const [reason, setReason] = useState("");
  return (
    <FormDialog
      title={title}
      submit={w.act.save}
      act={async () => {
        await save(period.taken(), (isGrant ? period.reason : reason).trim());
      }}
      onClose={onClose}
      canSubmit={period.isWhole}
    >
      {(error) => {
        const wrong = (field: string) => (error instanceof Problem ? error.field(field) : undefined);
        const noEnd = isGrant ? w.wizard.noEnd : w.person.cardNoEnd;
        return (
          <>
            <PeriodFields period={period} wrong={wrong} noEnd={noEnd} needsReason={isGrant} autoFocus />
            {!isGrant && <ReasonField value={reason} set={setReason} wrong={wrong("reason")} />}
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
      before={card}
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
      before={grant}
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
