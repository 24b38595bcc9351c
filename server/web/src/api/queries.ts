// What several pages read: one key and one request for each.

import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, bodyOf } from "./client";

const STALE_MS = 60_000;
/** How often it is asked whether the last doors know of a revocation. */
const REVOCATIONS_MS = 3_000;

export const queries = {
  session: queryOptions({
    queryKey: ["session"],
    queryFn: () => bodyOf(api.GET("/api/v1/session")),
    retry: false,
    staleTime: STALE_MS,
  }),
  installation: queryOptions({
    queryKey: ["installation"],
    queryFn: () => bodyOf(api.GET("/api/v1/installation")),
    staleTime: Number.POSITIVE_INFINITY,
  }),
  sites: queryOptions({
    queryKey: ["sites"],
    queryFn: () => bodyOf(api.GET("/api/v1/sites")).then((page) => page.items),
    staleTime: STALE_MS,
  }),
  areas: queryOptions({
    queryKey: ["areas"],
    queryFn: () => bodyOf(api.GET("/api/v1/areas")).then((page) => page.items),
    staleTime: STALE_MS,
  }),
  doors: queryOptions({
    queryKey: ["doors"],
    queryFn: () => bodyOf(api.GET("/api/v1/doors")).then((page) => page.items),
    staleTime: STALE_MS,
  }),
  /** Under the person's own key: whoever reads the person again reads these again. Asked again while a door waits. */
  revocations: (id: string) =>
    queryOptions({
      queryKey: ["person", id, "revocations"],
      queryFn: () =>
        bodyOf(api.GET("/api/v1/people/{id}/revocations", { params: { path: { id } } })).then((page) => page.items),
      refetchInterval: (query) =>
        query.state.data?.some((revocation) => revocation.doors.some((door) => door.holding === "waiting"))
          ? REVOCATIONS_MS
          : false,
    }),
  doorStates: queryOptions({
    queryKey: ["door-states"],
    queryFn: () => bodyOf(api.GET("/api/v1/doors/states")).then((page) => page.items),
  }),
  devices: queryOptions({
    queryKey: ["devices"],
    queryFn: () => bodyOf(api.GET("/api/v1/devices")).then((page) => page.items),
  }),
  agents: queryOptions({
    queryKey: ["agents"],
    queryFn: () => bodyOf(api.GET("/api/v1/agents")).then((page) => page.items),
  }),
  stations: queryOptions({
    queryKey: ["stations"],
    queryFn: () => bodyOf(api.GET("/api/v1/stations")).then((page) => page.items),
  }),
  operators: queryOptions({
    queryKey: ["operators"],
    queryFn: () => bodyOf(api.GET("/api/v1/operators")).then((page) => page.items),
    staleTime: STALE_MS,
  }),
  levels: queryOptions({
    queryKey: ["levels"],
    queryFn: () => bodyOf(api.GET("/api/v1/access-levels")).then((page) => page.items),
    staleTime: STALE_MS,
  }),
  schedules: queryOptions({
    queryKey: ["schedules"],
    queryFn: () => bodyOf(api.GET("/api/v1/schedules")).then((page) => page.items),
    staleTime: STALE_MS,
  }),
  dayTypes: queryOptions({
    queryKey: ["day-types"],
    queryFn: () => bodyOf(api.GET("/api/v1/day-types")).then((page) => page.items),
    staleTime: STALE_MS,
  }),
  calendars: queryOptions({
    queryKey: ["calendars"],
    queryFn: () => bodyOf(api.GET("/api/v1/calendars")).then((page) => page.items),
    staleTime: STALE_MS,
  }),
  openAlarms: queryOptions({
    queryKey: ["alarms", "open"],
    queryFn: () =>
      bodyOf(api.GET("/api/v1/alarms", { params: { query: { state: "open", limit: 200 } } })).then((page) => ({
        items: page.items,
        /** Whether there are more than these, which are the most urgent. */
        isMore: page.next != null,
      })),
    staleTime: STALE_MS,
  }),
  group: (id: string) =>
    queryOptions({
      queryKey: ["groups", "one", id],
      queryFn: () => bodyOf(api.GET("/api/v1/groups/{id}", { params: { path: { id } } })),
    }),
  situation: queryOptions({
    queryKey: ["state", "now"],
    queryFn: () => bodyOf(api.GET("/api/v1/state")),
    staleTime: STALE_MS,
  }),
  doorSituations: queryOptions({
    queryKey: ["state", "doors"],
    queryFn: () => bodyOf(api.GET("/api/v1/state/doors")).then((page) => page.items),
  }),
  locks: queryOptions({ queryKey: ["state", "locks"], queryFn: () => bodyOf(api.GET("/api/v1/state/locks")) }),
  threatChanges: queryOptions({
    queryKey: ["state", "threat-levels"],
    queryFn: () => bodyOf(api.GET("/api/v1/state/threat-levels")).then((page) => page.items),
  }),
  muster: queryOptions({ queryKey: ["muster", "areas"], queryFn: () => bodyOf(api.GET("/api/v1/muster")) }),
  threatLevels: queryOptions({
    queryKey: ["threat-levels"],
    queryFn: () => bodyOf(api.GET("/api/v1/threat-levels")).then((page) => page.items),
    staleTime: STALE_MS,
  }),
  tenantRules: queryOptions({
    queryKey: ["tenant-rules"],
    queryFn: () => bodyOf(api.GET("/api/v1/tenant-rules")),
    staleTime: STALE_MS,
  }),
  cardRules: queryOptions({
    queryKey: ["card-rules"],
    // Read anew by every page that shows it: stations and lost agents change how many cards are due.
    queryFn: () => bodyOf(api.GET("/api/v1/card-rules")),
  }),
  travelTimes: queryOptions({
    queryKey: ["travel-times"],
    queryFn: () => bodyOf(api.GET("/api/v1/travel-times")).then((page) => page.items),
    staleTime: STALE_MS,
  }),
  interlocks: queryOptions({
    queryKey: ["interlocks"],
    queryFn: () => bodyOf(api.GET("/api/v1/interlocks")).then((page) => page.items),
    staleTime: STALE_MS,
  }),
  person: (id: string) =>
    queryOptions({
      queryKey: ["person", id],
      queryFn: () => bodyOf(api.GET("/api/v1/people/{id}", { params: { path: { id } } })),
    }),
};

function nameOf(list: { id: string; name: string }[] | undefined, id: string | null | undefined): string {
  if (!id) return "";
  return list?.find((thing) => thing.id === id)?.name ?? id.slice(0, 8);
}

/** Names of doors, by id. */
export function useDoorName(): (id: string | null | undefined) => string {
  const { data } = useQuery(queries.doors);
  return (id) => nameOf(data, id);
}

/** Names of agents, by id. */
export function useAgentName(): (id: string | null | undefined) => string {
  const { data } = useQuery(queries.agents);
  return (id) => nameOf(data, id);
}
