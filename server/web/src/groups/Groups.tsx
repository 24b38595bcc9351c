// Every group, found by a part of its name.

import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import TextField from "@mui/material/TextField";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import { api, bodyOf } from "../api/client";
import type { Group } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { type Column, DataTable } from "../parts/DataTable";
import { LinkTo } from "../parts/LinkTo";
import { More } from "../parts/More";
import { Page } from "../parts/Page";
import { w } from "../words";
import { GroupForm } from "./GroupForm";

const PAGE_ROWS = 50;

const columns: Column<Group>[] = [
  {
    label: w.groups.name,
    cell: (group) => (
      <LinkTo to="/groups/$id" params={{ id: group.id }} sx={{ fontWeight: 600 }} color="textPrimary">
        {group.name}
      </LinkTo>
    ),
  },
  {
    label: w.groups.mark,
    cell: (group) =>
      group.is_responder ? <Chip label={w.groups.responder} color="info" variant="outlined" /> : w.none,
  },
  { label: w.groups.members, cell: (group) => group.member_count, align: "right" },
];

export function Groups() {
  const { q = "" } = useSearch({ from: "/signed-in/groups" });
  const navigate = useNavigate();
  const isAdministrator = useIsAdministrator();
  const [isAdding, setAdding] = useState(false);
  const wanted = useDeferredValue(q.trim());
  const groups = useInfiniteQuery({
    queryKey: ["groups", "list", wanted],
    queryFn: ({ pageParam }) => {
      const query = { limit: PAGE_ROWS, ...(wanted && { q: wanted }), ...(pageParam && { cursor: pageParam }) };
      return bodyOf(api.GET("/api/v1/groups", { params: { query } }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
    placeholderData: keepPreviousData,
  });
  return (
    <Page
      title={w.groups.title}
      intro={w.groups.intro}
      action={
        isAdministrator && (
          <Button variant="contained" onClick={() => setAdding(true)}>
            {w.groups.add}
          </Button>
        )
      }
    >
      <TextField
        label={w.groups.search}
        type="search"
        value={q}
        onChange={({ target }) =>
          void navigate({ to: "/groups", search: target.value ? { q: target.value } : {}, replace: true })
        }
        sx={{ maxWidth: 400 }}
      />
      <DataTable
        label={w.groups.title}
        columns={columns}
        rows={groups.data?.pages.flatMap((page) => page.items)}
        keyOf={(group) => group.id}
        empty={wanted ? w.groups.emptySearch : w.groups.empty}
        error={groups.error}
        onRetry={() => groups.refetch()}
        onOpen={(group) => void navigate({ to: "/groups/$id", params: { id: group.id } })}
      />
      <More of={groups} />
      {isAdding && <GroupForm group={null} onClose={() => setAdding(false)} />}
    </Page>
  );
}
