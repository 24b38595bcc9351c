// People to choose, found by name or number: each search is a look that the server records.

import Autocomplete from "@mui/material/Autocomplete";
import TextField from "@mui/material/TextField";
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { api, bodyOf } from "../api/client";
import { w } from "../words";
import { fullName } from "./Portrait";

const OFFERED_MAX = 20;
/** As many letters are looked for at least. */
const LETTERS_MIN = 2;

export type Chosen = { id: string; label: string };

function useFound(query: string): { options: Chosen[]; isFetching: boolean; error: unknown } {
  const wanted = useDeferredValue(query.trim());
  const people = useQuery({
    queryKey: ["search", "people", wanted],
    queryFn: () => bodyOf(api.GET("/api/v1/people", { params: { query: { q: wanted, limit: OFFERED_MAX } } })),
    enabled: wanted.length >= LETTERS_MIN,
  });
  const options = (people.data?.items ?? []).map((person) => ({
    id: person.id,
    label: [fullName(person) ?? w.unnamed(person.id), person.number].filter(Boolean).join(" · "),
  }));
  return { options, isFetching: people.isFetching, error: people.error };
}

type Field = { label: string; error?: string; help?: string };

/** One person. */
export function PersonSelect({
  label,
  error,
  help,
  person,
  onChange,
}: Field & { person: Chosen | null; onChange: (person: Chosen | null) => void }) {
  const [query, setQuery] = useState("");
  const found = useFound(query);
  return (
    <Autocomplete
      options={found.options}
      value={person}
      onChange={(_, chosen) => onChange(chosen)}
      onInputChange={(_, typed, why) => setQuery(why === "input" ? typed : "")}
      getOptionKey={(option) => option.id}
      isOptionEqualToValue={(one, other) => one.id === other.id}
      filterOptions={(all) => all}
      loading={found.isFetching}
      loadingText={w.loading}
      noOptionsText={found.error ? w.top.searchFailed : w.groups.typeName}
      renderInput={(params) => (
        <TextField {...params} label={label} error={error !== undefined} helperText={error ?? help} />
      )}
    />
  );
}

/** Several people. */
export function PeopleSelect({
  label,
  error,
  help,
  people,
  onChange,
}: Field & { people: Chosen[]; onChange: (people: Chosen[]) => void }) {
  const [query, setQuery] = useState("");
  const found = useFound(query);
  return (
    <Autocomplete
      multiple
      options={found.options.filter((option) => !people.some((chosen) => chosen.id === option.id))}
      value={people}
      onChange={(_, chosen) => onChange(chosen)}
      onInputChange={(_, typed, why) => setQuery(why === "input" ? typed : "")}
      getOptionKey={(option) => option.id}
      isOptionEqualToValue={(one, other) => one.id === other.id}
      filterOptions={(all) => all}
      loading={found.isFetching}
      loadingText={w.loading}
      noOptionsText={found.error ? w.top.searchFailed : w.groups.typeName}
      renderInput={(params) => (
        <TextField {...params} label={label} error={error !== undefined} helperText={error ?? help} autoFocus />
      )}
    />
  );
}
