// Names of what operators act on, from the lists that pages share. People's names come from the vault, by `useNames`.

import { useQuery } from "@tanstack/react-query";
import type { LogEvent } from "../api/types";
import { headline, type NamesKnown } from "../live/sentence";
import { fullName } from "../parts/Portrait";
import type { Named } from "./names";
import { queries } from "./queries";

type List = { id: string; name?: string; display_name?: string }[];

/** Names of operators, by id; empty where there is none or they are not known yet. */
export function useOperatorName(): (id: string | null | undefined) => string {
  const { data } = useQuery(queries.operators);
  return (id) => data?.find((operator) => operator.id === id)?.display_name ?? "";
}

/** What is known by name; `nameOf` are the people whose names the page has asked for. */
export function useNamesKnown(nameOf: (id: string) => Named | null | undefined): NamesKnown {
  const operator = useOperatorName();
  const { data: door } = useQuery(queries.doors);
  const { data: agent } = useQuery(queries.agents);
  const { data: site } = useQuery(queries.sites);
  const { data: area } = useQuery(queries.areas);
  const { data: access_level } = useQuery(queries.levels);
  const { data: schedule } = useQuery(queries.schedules);
  const { data: calendar } = useQuery(queries.calendars);
  const lists: Record<string, List | undefined> = { door, agent, site, area, access_level, schedule, calendar };
  const subject = (kind: string, id: string) => {
    if (kind === "person") return fullName(nameOf(id)) ?? "";
    if (kind === "operator") return operator(id);
    return lists[kind]?.find((thing) => thing.id === id)?.name ?? "";
  };
  return { operator, subject };
}

/** Headlines of events, with the names of what they are about. */
export function useHeadline(nameOf: (id: string) => Named | null | undefined): (event: LogEvent) => string {
  const names = useNamesKnown(nameOf);
  return (event) => headline(event, names);
}
