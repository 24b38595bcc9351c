// Everybody who is registered, found by name or number.

import Box from "@mui/material/Box";
import Chip from "@mui/material/Chip";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue } from "react";
import { api, bodyOf } from "../api/client";
import type { Person } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { type Column, DataTable } from "../parts/DataTable";
import { ButtonTo, LinkTo } from "../parts/LinkTo";
import { More } from "../parts/More";
import { Page } from "../parts/Page";
import { fullName, Portrait } from "../parts/Portrait";
import { When } from "../parts/When";
import { text, type WordOf, w, wordsOf } from "../words";

const PAGE_ROWS = 50;

const columns: Column<Person>[] = [
  {
    label: w.people.name,
    cell: (person) => (
      <Stack direction="row" spacing={1.5} sx={{ alignItems: "center" }}>
        <Portrait id={person.id} name={person.name} hasPhoto={person.has_photo} />
        <LinkTo to="/people/$id" params={{ id: person.id }} sx={{ fontWeight: 600 }} color="textPrimary">
          {fullName(person) ?? w.unnamed(person.id)}
        </LinkTo>
      </Stack>
    ),
  },
  { label: w.people.number, cell: (person) => <Box sx={{ whiteSpace: "nowrap" }}>{person.number ?? w.none}</Box> },
  {
    label: w.people.state,
    cell: (person) =>
      person.state === "active" ? (
        text("PersonState", person.state)
      ) : (
        <Chip label={text("PersonState", person.state)} color="warning" />
      ),
  },
  { label: w.people.cards, cell: (person) => person.credentials, align: "right" },
  { label: w.people.fingers, cell: (person) => person.fingers, align: "right" },
  { label: w.people.grants, cell: (person) => person.grants, align: "right" },
  {
    label: w.people.lacks,
    cell: (person) =>
      person.missing.length === 0 ? w.none : person.missing.map((what) => text("Missing", what)).join(", "),
  },
  { label: w.people.since, cell: (person) => <When at={person.created_at} />, isWideOnly: true },
];

export function People() {
  const { q = "", state } = useSearch({ from: "/signed-in/people" });
  const navigate = useNavigate();
  const isAdministrator = useIsAdministrator();
  const wanted = useDeferredValue(q.trim());
  const people = useInfiniteQuery({
    queryKey: ["people", wanted, state],
    queryFn: ({ pageParam }) => {
      const query = {
        limit: PAGE_ROWS,
        ...(wanted && { q: wanted }),
        // A word of the address: the server names one that it does not know.
        ...(state && { state: state as WordOf<"PersonState"> }),
        ...(pageParam && { cursor: pageParam }),
      };
      return bodyOf(api.GET("/api/v1/people", { params: { query } }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
    placeholderData: keepPreviousData,
  });
  const filter = (change: { q?: string; state?: string }) => {
    const next = { q, state, ...change };
    void navigate({
      to: "/people",
      search: { ...(next.q && { q: next.q }), ...(next.state && { state: next.state }) },
      replace: true,
    });
  };
  return (
    <Page
      title={w.people.title}
      action={
        isAdministrator && (
          <ButtonTo variant="contained" to="/register">
            {w.people.register}
          </ButtonTo>
        )
      }
    >
      <Stack direction="row" spacing={2}>
        <TextField
          label={w.people.search}
          type="search"
          value={q}
          onChange={(event) => filter({ q: event.target.value })}
          sx={{ maxWidth: 400 }}
        />
        <TextField
          select
          label={w.people.state}
          value={state ?? ""}
          onChange={(event) => filter({ state: event.target.value || undefined })}
          sx={{ maxWidth: 160 }}
        >
          <MenuItem value="">{w.people.any}</MenuItem>
          {wordsOf("PersonState").map((word) => (
            <MenuItem key={word} value={word}>
              {text("PersonState", word)}
            </MenuItem>
          ))}
        </TextField>
      </Stack>
      <DataTable
        label={w.people.title}
        columns={columns}
        rows={people.data?.pages.flatMap((page) => page.items)}
        keyOf={(person) => person.id}
        empty={wanted || state ? w.people.emptySearch : w.people.empty}
        error={people.error}
        onRetry={() => people.refetch()}
        onOpen={(person) => void navigate({ to: "/people/$id", params: { id: person.id } })}
      />
      <More of={people} />
    </Page>
  );
}
