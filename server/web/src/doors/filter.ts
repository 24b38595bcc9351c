// Which doors the page Doors shows: what is looked for, as it stands in the address.

import type { Area, DeviceHealth, Door, DoorSituation, DoorState } from "../api/types";
import { fits } from "../frame/found";

export type DoorFilter = { q?: string; site?: string; area?: string; state?: string; mode?: string };

/** States by which doors are looked for: how the leaf stands, or what does not work. */
export const stands = ["open", "closed", "unlocked", "unknown", "offline", "faulty"] as const;

/** A door with all that is known of it. */
export type KnownDoor = {
  door: Door;
  state: DoorState | undefined;
  situation: DoorSituation | undefined;
  devices: DeviceHealth[];
};

function isSo({ state, situation, devices }: KnownDoor, wanted: string): boolean {
  switch (wanted) {
    case "unlocked":
      return situation?.is_free ?? false;
    case "offline":
      return state?.agent_state !== "online";
    case "faulty":
      return devices.some((device) => device.state !== "working");
    default:
      return (state?.position ?? "unknown") === wanted;
  }
}

/** Whether a door is one of those looked for; an area's are the doors that lead into or out of it. */
export function isWanted(known: KnownDoor, filter: DoorFilter, areaName: (id: string) => string): boolean {
  const { door, situation } = known;
  const { q = "", site, area, state, mode } = filter;
  const sides = [door.area_outside_id, door.area_inside_id];
  return (
    (!site || door.site_id === site) &&
    (!area || sides.includes(area)) &&
    (!state || isSo(known, state)) &&
    (!mode || situation?.mode === mode) &&
    fits([door.name, ...sides.map(areaName)].join(" "), q)
  );
}

/** Areas that can be asked for beside a site. */
export function areasOf(areas: Area[], site: string | undefined): Area[] {
  return areas
    .filter((area) => !site || area.site_id === site)
    .toSorted((one, other) => one.name.localeCompare(other.name));
}

/** What is looked for after a change: an area of another site is given up. */
export function changed(filter: DoorFilter, change: DoorFilter, areas: Area[]): DoorFilter {
  const next = { ...filter, ...change };
  if (!areasOf(areas, next.site).some((area) => area.id === next.area)) delete next.area;
  return Object.fromEntries(Object.entries(next).filter(([, value]) => value));
}
