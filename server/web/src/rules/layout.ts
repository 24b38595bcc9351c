// Where the areas of a site stand on its map: columns by how many doors one passes from outside, and the doors between them.

import type { Area, Door } from "../api/types";

export type Box = { area: Area; column: number; row: number; isOutside: boolean };
/** All doors that lead from one area into another. */
export type Link = { from: string; to: string; doors: Door[] };
export type AreaMap = { boxes: Box[]; links: Link[]; columns: number; rows: number };

/** An area that no door leads into is outside: column 0. What is nowhere near an outside stands in column 0 as well. */
export function layout(areas: Area[], doors: Door[]): AreaMap {
  const known = new Set(areas.map((area) => area.id));
  const here = doors.filter((door) => known.has(door.area_outside_id) && known.has(door.area_inside_id));
  const links = new Map<string, Link>();
  for (const door of here) {
    const key = `${door.area_outside_id} ${door.area_inside_id}`;
    const link = links.get(key);
    if (link) link.doors.push(door);
    else links.set(key, { from: door.area_outside_id, to: door.area_inside_id, doors: [door] });
  }
  const protectedAreas = new Set(here.map((door) => door.area_inside_id));
  const columnOf = new Map<string, number>();
  let next = areas.filter((area) => !protectedAreas.has(area.id)).map((area) => area.id);
  // Airlocks within a ring of areas: one of them must be first.
  if (next.length === 0 && areas[0]) next = [areas[0].id];
  for (let column = 0; next.length > 0; column += 1) {
    const reached = new Set<string>();
    for (const id of next) {
      if (!columnOf.has(id)) columnOf.set(id, column);
    }
    for (const link of links.values()) {
      if (next.includes(link.from) && !columnOf.has(link.to)) reached.add(link.to);
    }
    next = [...reached];
  }
  const rowsOf = new Map<number, number>();
  const byName = areas.toSorted((one, other) => one.name.localeCompare(other.name));
  const boxes = byName.map((area) => {
    const column = columnOf.get(area.id) ?? 0;
    const row = rowsOf.get(column) ?? 0;
    rowsOf.set(column, row + 1);
    return { area, column, row, isOutside: !protectedAreas.has(area.id) };
  });
  return {
    boxes,
    links: [...links.values()],
    columns: Math.max(0, ...boxes.map((box) => box.column + 1)),
    rows: Math.max(0, ...boxes.map((box) => box.row + 1)),
  };
}
