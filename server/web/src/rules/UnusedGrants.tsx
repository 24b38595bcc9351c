// Grants by which nobody was let through for a while: what could be taken back.

import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, bodyOf, type Schema } from "../api/client";
import { useNames } from "../api/names";
import { queries } from "../api/queries";
import { type Column, DataTable } from "../parts/DataTable";
import { LinkTo } from "../parts/LinkTo";
import { More } from "../parts/More";
import { Section } from "../parts/Page";
import { fullName } from "../parts/Portrait";
import { When } from "../parts/When";
import { w } from "../words";

type Unused = Schema["UnusedGrant"];

const DAYS = [30, 90, 180, 365];
const PIECE = 25;

export function UnusedGrants() {
  const [days, setDays] = useState(90);
  const [isShown, setShown] = useState(false);
  return (
    <Section title={w.unused.title}>
      <Typography variant="body2" sx={{ color: "text.secondary", mb: 2 }}>
        {w.unused.intro}
      </Typography>
      <Stack direction="row" spacing={1.5} sx={{ alignItems: "center", mb: 2 }}>
        <TextField
          select
          label={w.unused.days}
          value={days}
          onChange={(event) => setDays(Number(event.target.value))}
          sx={{ width: 160 }}
        >
          {DAYS.map((count) => (
            <MenuItem key={count} value={count}>
              {w.unused.dayCounts[count]}
            </MenuItem>
          ))}
        </TextField>
        {!isShown && (
          <Button variant="outlined" onClick={() => setShown(true)}>
            {w.unused.show}
          </Button>
        )}
      </Stack>
      {isShown && <List days={days} />}
    </Section>
  );
}

function List({ days }: { days: number }) {
  const { data: levels = [] } = useQuery(queries.levels);
  const found = useInfiniteQuery({
    queryKey: ["unused-grants", days],
    queryFn: ({ pageParam }) =>
      bodyOf(
        api.GET("/api/v1/grants/unused", {
          params: { query: { days, limit: PIECE, ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (piece) => piece.next || undefined,
  });
  const rows = found.data?.pages.flatMap((piece) => piece.items);
  const nameOf = useNames((rows ?? []).flatMap((grant) => (grant.person_id ? [grant.person_id] : [])));
  const columns: Column<Unused>[] = [
    {
      label: w.unused.holder,
      cell: (grant) =>
        grant.person_id ? (
          <LinkTo underline="always" to="/people/$id" params={{ id: grant.person_id }}>
            {fullName(nameOf(grant.person_id)) ?? w.unnamed(grant.person_id)}
          </LinkTo>
        ) : (
          w.unused.group((grant.group_id ?? "").slice(0, 8))
        ),
    },
    { label: w.unused.level, cell: (grant) => levels.find((level) => level.id === grant.level_id)?.name ?? w.none },
    { label: w.unused.since, cell: (grant) => <When at={grant.valid_from} /> },
    { label: w.unused.until, cell: (grant) => (grant.valid_until ? <When at={grant.valid_until} /> : w.none) },
  ];
  return (
    <Stack spacing={1}>
      {found.data && (
        <Typography variant="body2" role="status">
          {w.passes.count(found.data.pages[0]?.count ?? 0)}
        </Typography>
      )}
      <DataTable
        label={w.unused.title}
        columns={columns}
        rows={rows}
        keyOf={(grant) => grant.grant_id}
        empty={w.unused.empty}
        error={found.error}
        onRetry={() => found.refetch()}
      />
      <More of={found} />
    </Stack>
  );
}
