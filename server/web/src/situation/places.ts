// Which doors a place holds, and what it is called.

import { useQuery } from "@tanstack/react-query";
import { queries } from "../api/queries";
import type { Area, Door, Place, Site, ThreatLevel } from "../api/types";
import { w } from "../words";

/** Whether a door is one of a place's: those of an area are the doors that lead into it. */
export function holds(place: Place, door: Door): boolean {
  switch (place.kind) {
    case "tenant":
      return true;
    case "site":
      return door.site_id === place.id;
    case "area":
      return door.area_inside_id === place.id;
    default:
      return door.id === place.id;
  }
}

/** What a threat level, set at a place, does to doors: all of the place, and those of them that it locks. */
export function reach(level: ThreatLevel, place: Place, doors: Door[]): { all: Door[]; locked: Door[] } {
  const all = doors.filter((door) => holds(place, door));
  const isMeant = (door: Door) => level.places.length === 0 || level.places.some((meant) => holds(meant, door));
  return { all, locked: level.locks ? all.filter(isMeant) : [] };
}

/** A place as a value of a choice, and back. */
export function placeKey(place: Place): string {
  return `${place.kind} ${place.id ?? ""}`;
}

export function placeOf(key: string): Place {
  const [kind = "tenant", id] = key.split(" ");
  return { kind: kind as Place["kind"], ...(id && { id }) };
}

/** Everywhere, then every site with its areas. */
export function placesOf(sites: Site[], areas: Area[]): Place[] {
  const ofSite = (site: Site): Place[] => [
    { kind: "site", id: site.id },
    ...areas.filter((area) => area.site_id === site.id).map((area): Place => ({ kind: "area", id: area.id })),
  ];
  return [{ kind: "tenant" }, ...sites.flatMap(ofSite)];
}

/** Names of places. */
export function usePlaceName(): (place: Place) => string {
  const { data: sites = [] } = useQuery(queries.sites);
  const { data: areas = [] } = useQuery(queries.areas);
  const { data: doors = [] } = useQuery(queries.doors);
  const siteName = (id: string | null | undefined) => sites.find((site) => site.id === id)?.name ?? "";
  return (place) => {
    if (place.kind === "tenant") return w.place.everywhere;
    if (place.kind === "site") return w.place.site(siteName(place.id));
    if (place.kind === "door") return w.place.door(doors.find((door) => door.id === place.id)?.name ?? "");
    const area = areas.find((candidate) => candidate.id === place.id);
    return w.place.area(area?.name ?? "", siteName(area?.site_id));
  };
}
