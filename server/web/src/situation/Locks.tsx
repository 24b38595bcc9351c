// Cards and readers that are locked on suspicion, why, and their unlocking.

import Button from "@mui/material/Button";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../api/client";
import { useNames } from "../api/names";
import { queries, useDoorName } from "../api/queries";
import type { LockedCard, LockedReader } from "../api/types";
import { DoorLink } from "../doors/DoorLink";
import { useIsAdministrator, useZone } from "../frame/session";
import { type Column, DataTable } from "../parts/DataTable";
import { LinkTo } from "../parts/LinkTo";
import { Section } from "../parts/Page";
import { fullName } from "../parts/Portrait";
import { ReasonDialog } from "../parts/ReasonDialog";
import { When } from "../parts/When";
import { shortTime } from "../time";
import { text, w } from "../words";

/** Locks of readers end by themselves, of which nothing tells. */
const LOOK_INTERVAL_MS = 15_000;

type Locked = { key: string; name: string; card?: LockedCard; reader?: LockedReader };

export function Locks() {
  const client = useQueryClient();
  const isAdministrator = useIsAdministrator();
  const zone = useZone();
  const doorName = useDoorName();
  const locks = useQuery({ ...queries.locks, refetchInterval: LOOK_INTERVAL_MS });
  const [unlocking, setUnlocking] = useState<Locked | null>(null);
  const cards = (locks.data?.cards ?? []).map(
    (card): Locked => ({ key: card.credential_id, name: w.locks.card(card.label ?? ""), card }),
  );
  const readers = (locks.data?.readers ?? []).map(
    (reader): Locked => ({
      key: `${reader.door_id} ${reader.side}`,
      name: w.locks.reader(doorName(reader.door_id), text("Side", reader.side)),
      reader,
    }),
  );
  const holderOf = ({ card, reader }: Locked) => card?.person_id ?? reader?.by.person_id;
  const rows = [...cards, ...readers];
  const nameOf = useNames(rows.flatMap((row) => holderOf(row) ?? []));
  const columns: Column<Locked>[] = [
    { label: w.locks.what, cell: (row) => <strong>{row.name}</strong> },
    {
      label: w.locks.holder,
      cell: (row) => {
        const id = holderOf(row);
        if (!id) return w.none;
        return (
          <LinkTo to="/people/$id" params={{ id }}>
            {fullName(nameOf(id)) ?? w.unnamed(id)}
          </LinkTo>
        );
      },
    },
    {
      label: w.locks.why,
      cell: ({ card, reader }) => {
        const by = card?.by ?? reader?.by;
        if (!by?.position) return w.none;
        return (
          <>
            <LinkTo underline="always" to="/events" search={{ event: by.position, door_id: by.door_id ?? undefined }}>
              {text("Reason", by.reason)}
            </LinkTo>
            {card && by.door_id && (
              <>
                {" · "}
                <DoorLink id={by.door_id} />
              </>
            )}
          </>
        );
      },
    },
    { label: w.lockdown.since, cell: ({ card, reader }) => <When at={card?.since ?? reader?.since} /> },
    {
      label: w.modes.until,
      cell: ({ reader }) => (reader ? w.locks.until(shortTime(reader.until, zone)) : w.locks.untilUnlocked),
    },
    {
      label: w.act.actions,
      align: "right",
      cell: (row) =>
        (isAdministrator || row.reader) && (
          <Button size="small" onClick={() => setUnlocking(row)} aria-label={w.locks.unlockOf(row.name)}>
            {w.locks.unlock}
          </Button>
        ),
    },
  ];
  const unlock = async ({ card, reader }: Locked, reason: string) => {
    if (card) {
      const params = { path: { id: card.credential_id } };
      await api.POST("/api/v1/credentials/{id}/unlock", { params, body: { reason } });
    }
    if (reader) {
      const params = { path: { id: reader.door_id } };
      await api.POST("/api/v1/doors/{id}/unlock-reader", { params, body: { side: reader.side, reason } });
    }
    await client.invalidateQueries({ queryKey: ["state"] });
  };
  return (
    <Section title={w.locks.title}>
      <DataTable
        label={w.locks.title}
        columns={columns}
        rows={locks.data && rows}
        keyOf={(row) => row.key}
        empty={w.locks.none}
        error={locks.error}
        onRetry={() => locks.refetch()}
      />
      {unlocking && (
        <ReasonDialog
          title={w.locks.unlockOf(unlocking.name)}
          effect={unlocking.card ? w.locks.cardEffect : w.locks.readerEffect}
          submit={w.locks.unlock}
          act={(reason) => unlock(unlocking, reason)}
          onClose={() => setUnlocking(null)}
        />
      )}
    </Section>
  );
}
