// The search over everything: people by the server, everything else among what the page holds. `/` leads into it.

import SearchIcon from "@mui/icons-material/Search";
import Autocomplete from "@mui/material/Autocomplete";
import InputAdornment from "@mui/material/InputAdornment";
import type { Theme } from "@mui/material/styles";
import TextField from "@mui/material/TextField";
import useMediaQuery from "@mui/material/useMediaQuery";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useDeferredValue, useEffect, useRef, useState } from "react";
import { api, bodyOf } from "../api/client";
import { queries } from "../api/queries";
import { fullName } from "../parts/Portrait";
import { w } from "../words";
import { found, type Hit, type Lists } from "./found";
import { useIsAdministrator } from "./session";

const PEOPLE_MAX = 8;
const GROUPS_MAX = 4;
/** As many letters are looked for at least. */
const LETTERS_MIN = 2;

/** Whether keys pressed there are text. */
function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable)
  );
}

function usePages(): { id: string; name: string }[] {
  const isAdministrator = useIsAdministrator();
  const pages = [
    { id: "/", name: w.nav.live },
    { id: "/people", name: w.nav.people },
    { id: "/doors", name: w.nav.doors },
    { id: "/groups", name: w.nav.groups },
    { id: "/levels", name: w.nav.levels },
    { id: "/schedules", name: w.nav.schedules },
    { id: "/calendars", name: w.nav.calendars },
    { id: "/events", name: w.nav.events },
    { id: "/agents", name: w.nav.agents },
  ];
  if (!isAdministrator) return pages;
  return [...pages, { id: "/operators", name: w.nav.operators }, { id: "/register", name: w.people.register }];
}

function useLists(): Lists {
  const isAdministrator = useIsAdministrator();
  const { data: door } = useQuery(queries.doors);
  const { data: agent } = useQuery(queries.agents);
  const { data: level } = useQuery(queries.levels);
  const { data: schedule } = useQuery(queries.schedules);
  const { data: operators = [] } = useQuery(queries.operators);
  const operator = operators.map(({ id, name, display_name }) => ({ id, name: display_name, also: name }));
  return { door, agent, level, schedule, operator: isAdministrator ? operator : [], page: usePages() };
}

/** Where a hit leads. */
function useOpen(): (hit: Hit) => void {
  const navigate = useNavigate();
  return ({ kind, id }) => {
    switch (kind) {
      case "person":
        return void navigate({ to: "/people/$id", params: { id } });
      case "door":
        return void navigate({ to: "/doors/$id", params: { id } });
      case "agent":
        return void navigate({ to: "/agents/$id", params: { id } });
      case "level":
        return void navigate({ to: "/levels/$id", params: { id } });
      case "schedule":
        return void navigate({ to: "/schedules/$id", params: { id } });
      case "group":
        return void navigate({ to: "/groups/$id", params: { id } });
      case "operator":
        return void navigate({ to: "/operators" });
      case "page":
        return void navigate({ to: id });
    }
  };
}

export function Search() {
  const [query, setQuery] = useState("");
  const wanted = useDeferredValue(query.trim());
  const isWanted = wanted.length >= LETTERS_MIN;
  const field = useRef<HTMLInputElement>(null);
  const isRoomy = useMediaQuery((theme: Theme) => theme.breakpoints.up("lg"));
  const open = useOpen();
  const lists = useLists();
  const people = useQuery({
    queryKey: ["search", wanted],
    queryFn: () => bodyOf(api.GET("/api/v1/people", { params: { query: { q: wanted, limit: PEOPLE_MAX } } })),
    enabled: isWanted,
  });
  const groups = useQuery({
    queryKey: ["groups", "search", wanted],
    queryFn: () => bodyOf(api.GET("/api/v1/groups", { params: { query: { q: wanted, limit: GROUPS_MAX } } })),
    enabled: isWanted,
  });
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
      event.preventDefault();
      field.current?.focus();
    };
    window.addEventListener("keydown", focus);
    return () => window.removeEventListener("keydown", focus);
  }, []);
  const persons: Hit[] = (people.data?.items ?? []).map((person) => ({
    kind: "person",
    id: person.id,
    label: [fullName(person) ?? w.unnamed(person.id), person.number].filter(Boolean).join(" · "),
  }));
  const named: Hit[] = (groups.data?.items ?? []).map(({ id, name }) => ({ kind: "group", id, label: name }));
  return (
    <Autocomplete
      options={isWanted ? [...persons, ...named, ...found(lists, wanted)] : []}
      groupBy={(hit) => w.top.groups[hit.kind]}
      getOptionKey={(hit) => `${hit.kind} ${hit.id}`}
      getOptionLabel={(hit) => hit.label}
      filterOptions={(hits) => hits}
      inputValue={query}
      onInputChange={(_, value, why) => setQuery(why === "selectOption" ? "" : value)}
      value={null}
      onChange={(_, hit) => {
        if (hit !== null) open(hit);
        field.current?.blur();
      }}
      open={isWanted}
      autoHighlight
      loading={people.isFetching}
      loadingText={w.loading}
      noOptionsText={people.error ? w.top.searchFailed : w.top.nothingFound}
      forcePopupIcon={false}
      blurOnSelect
      clearOnBlur
      sx={{ width: { xs: 160, lg: 320 }, display: { xs: "none", sm: "block" } }}
      renderInput={(params) => (
        <TextField
          {...params}
          inputRef={field}
          placeholder={isRoomy ? w.top.searchHint : w.top.searchShort}
          slotProps={{
            ...params.slotProps,
            input: {
              ...params.slotProps.input,
              startAdornment: (
                <InputAdornment position="start">
                  <SearchIcon fontSize="small" />
                </InputAdornment>
              ),
            },
            htmlInput: { ...params.slotProps.htmlInput, "aria-label": w.top.search },
          }}
        />
      )}
    />
  );
}
