// Places of an access level's line: which doors they hold, and how choosing one of them changes the others.

import { useQuery } from "@tanstack/react-query";
import { queries } from "../api/queries";
import type { Area, Door, Place, Site } from "../api/types";
import { w } from "../words";

export type Plan = { sites: readonly Site[]; areas: readonly Area[]; doors: readonly Door[] };

export const everywhere: Place = { kind: "tenant", id: null };

function isPlace(one: Place, other: Place): boolean {
  return one.kind === other.kind && (one.id ?? null) === (other.id ?? null);
}

/** Whether this very place was chosen. */
export function isChosen(places: readonly Place[], place: Place): boolean {
  return places.some((held) => isPlace(held, place));
}

/** The places that hold a place, the nearest first. */
export function above(place: Place, plan: Plan): Place[] {
  switch (place.kind) {
    case "tenant":
      return [];
    case "site":
      return [everywhere];
    case "area": {
      const site = plan.areas.find((area) => area.id === place.id)?.site_id;
      return [{ kind: "site", id: site ?? null }, everywhere];
    }
    case "door": {
      const door = plan.doors.find((candidate) => candidate.id === place.id);
      return [
        { kind: "area", id: door?.area_inside_id ?? null },
        { kind: "site", id: door?.site_id ?? null },
        everywhere,
      ];
    }
  }
}

/** Whether a place is held by one that was chosen above it. */
export function isHeld(places: readonly Place[], place: Place, plan: Plan): boolean {
  return above(place, plan).some((other) => isChosen(places, other));
}

/** The places after one was chosen or no longer is; what it holds need not be named beside it. */
export function toggled(places: readonly Place[], place: Place, plan: Plan): Place[] {
  if (isChosen(places, place)) return places.filter((held) => !isPlace(held, place));
  return [...places.filter((held) => !above(held, plan).some((other) => isPlace(other, place))), place];
}

/** Whether something below a place was chosen. */
export function isPartly(places: readonly Place[], place: Place, plan: Plan): boolean {
  return places.some((held) => above(held, plan).some((other) => isPlace(other, place)));
}

/** Doors that places hold, each once. */
export function doorsOf(places: readonly Place[], plan: Plan): Door[] {
  const chosen = new Set(places.map((place) => `${place.kind} ${place.id ?? ""}`));
  return plan.doors.filter(
    (door) =>
      chosen.has("tenant ") ||
      chosen.has(`site ${door.site_id}`) ||
      chosen.has(`area ${door.area_inside_id}`) ||
      chosen.has(`door ${door.id}`),
  );
}

/** Sites, areas and doors, as the pages hold them. */
export function usePlan(): Plan {
  const { data: sites = [] } = useQuery(queries.sites);
  const { data: areas = [] } = useQuery(queries.areas);
  const { data: doors = [] } = useQuery(queries.doors);
  return { sites, areas, doors };
}

/** What a place is called. */
export function placeName(place: Place, plan: Plan): string {
  const list = { tenant: [], site: plan.sites, area: plan.areas, door: plan.doors }[place.kind];
  const name = list.find((thing) => thing.id === place.id)?.name ?? (place.id ?? "").slice(0, 8);
  return { tenant: w.places.tenant, site: w.places.site(name), area: w.places.area(name), door: name }[place.kind];
}

/** Most places that a sentence names. */
const NAMED_MAX = 6;

/** Several places as a sentence's part, the long rest counted. */
export function placesSentence(places: readonly Place[], plan: Plan): string {
  const names = places.slice(0, NAMED_MAX).map((place) => placeName(place, plan));
  const more = places.length - names.length;
  return [...names, ...(more > 0 ? [w.places.more(more)] : [])].join(", ");
}
