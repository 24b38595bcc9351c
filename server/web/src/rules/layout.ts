// Where areas stand on a map and the doors between them: a whole site in columns by how many doors one passes from outside, or one
// area among its neighbours.

import type { Area, Door } from "../api/types";

/** A row may lie between two others. */
export type Box = { area: Area; column: number; row: number; isOutside: boolean };
/** All doors that lead from one area into another. */
export type Link = { from: string; to: string; doors: Door[] };
export type AreaMap = { boxes: Box[]; links: Link[]; columns: number; rows: number };

/** Doors by where they lead from and to, of those between these areas. */
function linksOf(areas: Area[], doors: Door[]): Link[] {
  const known = new Set(areas.map((area) => area.id));
  const links = new Map<string, Link>();
  for (const door of doors) {
    const { area_outside_id: from, area_inside_id: to } = door;
    if (!known.has(from) || !known.has(to)) continue;
    const link = links.get(`${from} ${to}`);
    if (link) link.doors.push(door);
    else links.set(`${from} ${to}`, { from, to, doors: [door] });
  }
  return [...links.values()];
}

/** Areas in their columns: in each by where those stand that they are linked with before it, then by name. */
function placed(areas: Area[], links: Link[], columnOf: (id: string) => number, isOutside: (id: string) => boolean) {
  const rowOf = new Map<string, number>();
  const columns = Math.max(0, ...areas.map((area) => columnOf(area.id) + 1));
  const middle = (id: string, column: number) => {
    const others = links.flatMap(({ from, to }) => (from === id ? [to] : to === id ? [from] : []));
    const rows = others.filter((other) => columnOf(other) < column).map((other) => rowOf.get(other) ?? 0);
    return rows.length === 0 ? Number.POSITIVE_INFINITY : rows.reduce((sum, row) => sum + row, 0) / rows.length;
  };
  const boxes = Array.from({ length: columns }).flatMap((_, column) => {
    const here = areas
      .filter((area) => columnOf(area.id) === column)
      .map((area) => ({ area, at: middle(area.id, column) }))
      .toSorted((one, other) => {
        const isApart = one.at !== other.at;
        return isApart ? one.at - other.at : one.area.name.localeCompare(other.area.name);
      });
    for (const [row, { area }] of here.entries()) rowOf.set(area.id, row);
    return here.map(({ area }, row): Box => ({ area, column, row, isOutside: isOutside(area.id) }));
  });
  return { boxes, links, columns, rows: Math.max(0, ...boxes.map((box) => box.row + 1)) };
}

/** Areas that a door leads into. */
const protectedBy = (links: Link[]) => new Set(links.map((link) => link.to));

/**
 * A whole site. An area that no door leads into is outside: column 0. Where no way leads from outside, as in a ring, the first
 * area by name begins a way of its own.
 */
export function layout(areas: Area[], doors: Door[]): AreaMap {
  const links = linksOf(areas, doors);
  const isProtected = protectedBy(links);
  const columnOf = new Map<string, number>();
  const walk = (begin: string[]) => {
    let next = begin;
    for (let column = 0; next.length > 0; column += 1) {
      for (const id of next) columnOf.set(id, column);
      const reached = links.filter((link) => columnOf.get(link.from) === column && !columnOf.has(link.to));
      next = [...new Set(reached.map((link) => link.to))];
    }
  };
  walk(areas.filter((area) => !isProtected.has(area.id)).map((area) => area.id));
  for (const area of areas.toSorted((one, other) => one.name.localeCompare(other.name))) {
    if (!columnOf.has(area.id)) walk([area.id]);
  }
  return placed(
    areas,
    links,
    (id) => columnOf.get(id) ?? 0,
    (id) => !isProtected.has(id),
  );
}

/** One area and its neighbours: in the middle, those from which one comes into it before it, the others behind it. */
export function around(areas: Area[], doors: Door[], id: string): AreaMap {
  const links = linksOf(areas, doors);
  const isProtected = protectedBy(links);
  const near = links.filter((link) => link.from === id || link.to === id);
  const before = new Set(near.filter((link) => link.to === id).map((link) => link.from));
  const shown = new Set([id, ...near.flatMap((link) => [link.from, link.to])]);
  const map = placed(
    areas.filter((area) => shown.has(area.id)),
    near,
    (other) => (other === id ? 1 : before.has(other) ? 0 : 2),
    (other) => !isProtected.has(other),
  );
  const middle = (map.rows - 1) / 2;
  return { ...map, boxes: map.boxes.map((box) => (box.area.id === id ? { ...box, row: middle } : box)) };
}

/** How wide a box is, and the gap before the next. */
export type Widths = { box: number; gap: number };

/** Widths on a map of so many columns in a room: as liked, or so much narrower that it fits, but not below the least. */
export function fitted(liked: Widths, least: Widths, columns: number, room: number): Widths {
  const whole = ({ box, gap }: Widths) => columns * box + Math.max(0, columns - 1) * gap;
  const spare = whole(liked) - whole(least);
  const share = spare > 0 ? Math.min(1, Math.max(0, (room - whole(least)) / spare)) : 1;
  const between = (from: number, to: number) => Math.floor(from + share * (to - from));
  return { box: between(least.box, liked.box), gap: between(least.gap, liked.gap) };
}
