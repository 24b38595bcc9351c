// Who may pass a door, and where a person may go, over a week: as far as grants, hours, blocks and cards go.

import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, bodyOf } from "../api/client";
import { useNames } from "../api/names";
import { useDoorName } from "../api/queries";
import type { MayPass } from "../api/types";
import { useZone } from "../frame/session";
import { type Column, DataTable } from "../parts/DataTable";
import { LinkTo } from "../parts/LinkTo";
import { More } from "../parts/More";
import { Section } from "../parts/Page";
import { fullName } from "../parts/Portrait";
import { spansText } from "../time";
import { text, w } from "../words";

const WEEK_MS = 7 * 86_400_000;
const RUNS_SHOWN = 3;
const PIECE = 25;

/** When, in short; a week without an end in it is any hour. */
function Times({ may }: { may: MayPass }) {
  const zone = useZone();
  const [first] = may.times;
  const isWhole = may.times.length === 1 && first && Date.parse(first.until) - Date.parse(first.from) >= WEEK_MS;
  if (isWhole) return w.passes.always;
  const runs = spansText(may.times, zone);
  const more = runs.length - RUNS_SHOWN;
  return [runs.slice(0, RUNS_SHOWN).join("; "), more > 0 ? w.passes.moreTimes(more) : ""].filter(Boolean).join(" ");
}

type Piece = { count: number; items: MayPass[]; next?: string | null };

function useWeek(
  key: string[],
  isWanted: boolean,
  read: (query: { limit: number; cursor?: string }) => Promise<Piece>,
) {
  const found = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => read({ limit: PIECE, ...(pageParam && { cursor: pageParam }) }),
    initialPageParam: "",
    getNextPageParam: (piece: Piece) => piece.next || undefined,
    enabled: isWanted,
  });
  return { ...found, rows: found.data?.pages.flatMap((piece) => piece.items), count: found.data?.pages[0]?.count ?? 0 };
}

type Found = ReturnType<typeof useWeek>;

function List({
  found,
  label,
  columns,
  empty,
}: {
  found: Found;
  label: string;
  columns: Column<MayPass>[];
  empty: string;
}) {
  return (
    <Stack spacing={1}>
      {found.rows && (
        <Typography variant="body2" role="status">
          {w.passes.count(found.count)}
        </Typography>
      )}
      <DataTable
        label={label}
        columns={[
          ...columns,
          { label: w.passes.side, cell: (may) => text("Side", may.side), width: 110 },
          { label: w.passes.times, cell: (may) => <Times may={may} /> },
        ]}
        rows={found.rows}
        keyOf={(may) => `${may.person_id} ${may.door_id} ${may.side}`}
        empty={empty}
        error={found.error}
        onRetry={() => found.refetch()}
      />
      <More of={found} />
    </Stack>
  );
}

/** A block of a page that is worked out when it is asked for. */
function OnDemand({ title, help, children }: { title: string; help: string; children: () => React.ReactNode }) {
  const [isShown, setShown] = useState(false);
  return (
    <Section
      title={title}
      action={
        !isShown && (
          <Button size="small" onClick={() => setShown(true)} aria-label={`${w.passes.show}: ${title}`}>
            {w.passes.show}
          </Button>
        )
      }
    >
      <Typography variant="body2" sx={{ color: "text.secondary" }}>
        {help}
      </Typography>
      {isShown && <Box sx={{ mt: 2 }}>{children()}</Box>}
    </Section>
  );
}

function WhoList({ doorId }: { doorId: string }) {
  const path = { id: doorId };
  const found = useWeek(["who", doorId], true, (query) =>
    bodyOf(api.GET("/api/v1/doors/{id}/who", { params: { path, query } })),
  );
  const nameOf = useNames([...new Set((found.rows ?? []).map((may) => may.person_id))]);
  const person: Column<MayPass> = {
    label: w.passes.person,
    width: "28%",
    cell: (may) => (
      <LinkTo underline="always" to="/people/$id" params={{ id: may.person_id }}>
        {fullName(nameOf(may.person_id)) ?? w.unnamed(may.person_id)}
      </LinkTo>
    ),
  };
  return <List found={found} label={w.passes.who} columns={[person]} empty={w.passes.nobody} />;
}

/** Who may open a door. Their names are looks, so it waits to be asked. */
export function WhoMay({ doorId }: { doorId: string }) {
  return (
    <OnDemand title={w.passes.who} help={w.passes.whoHelp}>
      {() => <WhoList doorId={doorId} />}
    </OnDemand>
  );
}

function WhereList({ personId }: { personId: string }) {
  const doorName = useDoorName();
  const path = { id: personId };
  const found = useWeek(["where", personId], true, (query) =>
    bodyOf(api.GET("/api/v1/people/{id}/where", { params: { path, query } })),
  );
  const door: Column<MayPass> = {
    label: w.passes.door,
    width: "28%",
    cell: (may) => (
      <LinkTo underline="always" to="/doors/$id" params={{ id: may.door_id }}>
        {doorName(may.door_id)}
      </LinkTo>
    ),
  };
  return <List found={found} label={w.passes.where} columns={[door]} empty={w.passes.nowhere} />;
}

/** Where a person may go. */
export function WhereMay({ personId }: { personId: string }) {
  return (
    <OnDemand title={w.passes.where} help={w.passes.whereHelp}>
      {() => <WhereList personId={personId} />}
    </OnDemand>
  );
}
