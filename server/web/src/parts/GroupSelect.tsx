// One group to choose, found by a part of its name.

import Autocomplete from "@mui/material/Autocomplete";
import TextField from "@mui/material/TextField";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { api, bodyOf } from "../api/client";
import { w } from "../words";

const OFFERED_MAX = 30;

export type ChosenGroup = { id: string; name: string };

type Props = {
  label: string;
  group: ChosenGroup | null;
  onChange: (group: ChosenGroup | null) => void;
  /** Groups that are not offered. */
  without?: readonly string[];
  error?: string;
};

export function GroupSelect({ label, group, onChange, without = [], error }: Props) {
  const [query, setQuery] = useState("");
  const wanted = useDeferredValue(query.trim());
  const groups = useQuery({
    queryKey: ["groups", "offered", wanted],
    queryFn: () =>
      bodyOf(api.GET("/api/v1/groups", { params: { query: { limit: OFFERED_MAX, ...(wanted && { q: wanted }) } } })),
    placeholderData: keepPreviousData,
  });
  const options = (groups.data?.items ?? []).filter((option) => !without.includes(option.id));
  return (
    <Autocomplete<ChosenGroup>
      options={options}
      value={group}
      onChange={(_, chosen) => onChange(chosen)}
      onInputChange={(_, typed, why) => setQuery(why === "input" ? typed : "")}
      getOptionKey={(option) => option.id}
      getOptionLabel={(option) => option.name}
      isOptionEqualToValue={(one, other) => one.id === other.id}
      filterOptions={(all) => all}
      loading={groups.isFetching}
      loadingText={w.loading}
      noOptionsText={w.top.nothingFound}
      renderInput={(params) => <TextField {...params} label={label} error={error !== undefined} helperText={error} />}
    />
  );
}
