// Who is in a group, in pieces and searched; many come in or go out at once.

import Button from "@mui/material/Button";
import Checkbox from "@mui/material/Checkbox";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { api, bodyOf, Problem } from "../api/client";
import { useNames } from "../api/names";
import type { Group } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { changeMembers } from "../pages/person/Groups";
import { type Column, DataTable } from "../parts/DataTable";
import { FormDialog } from "../parts/FormDialog";
import { LinkTo } from "../parts/LinkTo";
import { More } from "../parts/More";
import { Section } from "../parts/Page";
import { type Chosen, PeopleSelect } from "../parts/PersonSelect";
import { fullName, Portrait } from "../parts/Portrait";
import { ReasonField } from "../rules/fields";
import { w } from "../words";

const PAGE_ROWS = 50;

export function Members({ group, onChanged }: { group: Group; onChanged: () => Promise<void> }) {
  const isAdministrator = useIsAdministrator();
  const [query, setQuery] = useState("");
  const wanted = useDeferredValue(query.trim());
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [doing, setDoing] = useState<"add" | "remove" | null>(null);
  const [chosen, setChosen] = useState<Chosen[]>([]);
  const members = useInfiniteQuery({
    queryKey: ["groups", "members", group.id, wanted],
    queryFn: ({ pageParam }) => {
      const query = { limit: PAGE_ROWS, ...(wanted && { q: wanted }), ...(pageParam && { cursor: pageParam }) };
      return bodyOf(api.GET("/api/v1/groups/{id}/members", { params: { path: { id: group.id }, query } }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
    placeholderData: keepPreviousData,
  });
  const ids = members.data?.pages.flatMap((page) => page.items.map((member) => member.person_id));
  const nameOf = useNames(ids ?? []);
  const [reason, setReason] = useState("");
  const close = () => {
    setDoing(null);
    setChosen([]);
    setReason("");
  };
  const why = (error: unknown) => (
    <ReasonField value={reason} set={setReason} wrong={error instanceof Problem ? error.field("reason") : undefined} />
  );
  const change = async (body: { add?: string[]; remove?: string[] }) => {
    await changeMembers(group.id, body, reason);
    setSelected(new Set());
    await onChanged();
  };
  const select = (id: string, isOn: boolean) =>
    setSelected((before) => {
      const after = new Set(before);
      if (isOn) after.add(id);
      else after.delete(id);
      return after;
    });
  const nameText = (id: string) => fullName(nameOf(id)) ?? w.unnamed(id);
  const columns: Column<string>[] = [
    ...(isAdministrator
      ? [
          {
            label: w.groups.select,
            width: 64,
            cell: (id: string) => (
              <Checkbox
                size="small"
                checked={selected.has(id)}
                onChange={(_, isOn) => select(id, isOn)}
                slotProps={{ input: { "aria-label": w.groups.selectOne(nameText(id)) } }}
                sx={{ p: 0.25 }}
              />
            ),
          },
        ]
      : []),
    {
      label: w.people.name,
      cell: (id) => (
        <Stack direction="row" spacing={1.5} sx={{ alignItems: "center" }}>
          <Portrait id={id} name={nameOf(id)?.name} hasPhoto={nameOf(id)?.has_photo} />
          <LinkTo to="/people/$id" params={{ id }} sx={{ fontWeight: 600 }} color="textPrimary">
            {nameText(id)}
          </LinkTo>
        </Stack>
      ),
    },
    { label: w.people.number, cell: (id) => nameOf(id)?.number ?? w.none },
  ];
  return (
    <Section
      title={w.groups.members}
      action={
        isAdministrator && (
          <Stack direction="row" spacing={1}>
            {selected.size > 0 && (
              <Button size="small" color="error" onClick={() => setDoing("remove")}>
                {w.groups.takeOutSome(selected.size)}
              </Button>
            )}
            <Button size="small" onClick={() => setDoing("add")}>
              {w.groups.addMembers}
            </Button>
          </Stack>
        )
      }
    >
      <Stack spacing={2}>
        <TextField
          label={w.people.search}
          type="search"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          sx={{ maxWidth: 400 }}
        />
        <DataTable
          label={w.groups.members}
          columns={columns}
          rows={ids}
          keyOf={(id) => id}
          empty={wanted ? w.people.emptySearch : w.groups.noMembers}
          error={members.error}
          onRetry={() => members.refetch()}
        />
        <More of={members} />
      </Stack>
      {doing === "add" && (
        <FormDialog
          title={w.groups.addMembers}
          submit={w.groups.put}
          act={() => change({ add: chosen.map((person) => person.id) })}
          onClose={close}
          canSubmit={chosen.length > 0}
        >
          {(error) => (
            <>
              <PeopleSelect
                label={w.people.title}
                people={chosen}
                onChange={setChosen}
                error={error instanceof Problem ? error.field("add") : undefined}
                help={w.groups.addHelp}
              />
              {why(error)}
            </>
          )}
        </FormDialog>
      )}
      {doing === "remove" && (
        <FormDialog
          title={w.groups.takeOutSome(selected.size)}
          submit={w.groups.takeOut}
          act={() => change({ remove: [...selected] })}
          onClose={close}
          danger
        >
          {(error) => (
            <>
              <Typography>{w.groups.takeOutEffect}</Typography>
              {why(error)}
            </>
          )}
        </FormDialog>
      )}
    </Section>
  );
}
