import { expect, test } from "vitest";
import type { Area, Door } from "../api/types";
import { around, fitted, layout } from "./layout";

const area = (id: string) => ({ id, name: id }) as Area;
const door = (id: string, from: string, to: string) => ({ id, area_outside_id: from, area_inside_id: to }) as Door;
const columns = (areas: Area[], doors: Door[]) =>
  Object.fromEntries(layout(areas, doors).boxes.map((box) => [box.area.id, box.column]));

test("areas stand as far from the outside as one passes doors", () => {
  const areas = ["vault", "street", "hall", "shed"].map(area);
  const doors = [
    door("main", "street", "hall"),
    door("back", "street", "hall"),
    door("safe", "hall", "vault"),
    door("elsewhere", "other site", "hall"),
  ];
  expect(columns(areas, doors)).toEqual({ street: 0, shed: 0, hall: 1, vault: 2 });
  const map = layout(areas, doors);
  expect(map.links.map((link) => link.doors.map((found) => found.id))).toEqual([["main", "back"], ["safe"]]);
  expect(map.boxes.filter((box) => box.isOutside).map((box) => box.area.id)).toEqual(["shed", "street"]);
  expect(map.boxes.find((box) => box.area.id === "hall")?.isOutside).toBe(false);
  expect([map.columns, map.rows]).toEqual([3, 2]);
});

test("rings and empty sites have a map too", () => {
  const ring = [door("1", "a", "b"), door("2", "b", "a")];
  expect(columns([area("a"), area("b")], ring)).toEqual({ a: 0, b: 1 });
  expect(layout([], [])).toEqual({ boxes: [], links: [], columns: 0, rows: 0 });
});

test("a ring beside an outside begins a way of its own", () => {
  const areas = ["street", "hall", "ring a", "ring b", "ring c"].map(area);
  const ring = [door("1", "ring a", "ring b"), door("2", "ring b", "ring c"), door("3", "ring c", "ring a")];
  expect(columns(areas, [door("main", "street", "hall"), ...ring])).toEqual({
    street: 0,
    hall: 1,
    "ring a": 0,
    "ring b": 1,
    "ring c": 2,
  });
});

test("areas stand beside those that they are linked with, whatever they are called", () => {
  const areas = ["street", "north", "south", "a cellar", "z loft"].map(area);
  const doors = [
    door("1", "street", "north"),
    door("2", "street", "south"),
    door("3", "south", "a cellar"),
    door("4", "north", "z loft"),
  ];
  const last = layout(areas, doors).boxes.filter((box) => box.column === 2);
  expect(last.map((box) => box.area.id)).toEqual(["z loft", "a cellar"]);
});

test("around one area stand its neighbours: before it those that lead into it", () => {
  const areas = ["street", "hall", "vault", "yard", "far"].map(area);
  const doors = [
    door("main", "street", "hall"),
    door("safe", "hall", "vault"),
    door("back", "vault", "hall"),
    door("gate", "hall", "yard"),
    door("far gate", "yard", "far"),
    door("fence", "street", "yard"),
  ];
  const map = around(areas, doors, "hall");
  const placed = Object.fromEntries(map.boxes.map((box) => [box.area.id, box.column]));
  expect(placed).toEqual({ street: 0, vault: 0, hall: 1, yard: 2 });
  expect(map.boxes.find((box) => box.area.id === "hall")?.row).toBe(0.5);
  expect(map.links.map((link) => link.doors[0]?.id)).toEqual(["main", "safe", "back", "gate"]);
  expect(around(areas, [], "hall").boxes.map((box) => box.area.id)).toEqual(["hall"]);
});

test("a map takes what it likes, less where there is less, and at least what it needs", () => {
  const [liked, least] = [
    { box: 128, gap: 128 },
    { box: 104, gap: 86 },
  ];
  const width = ({ box, gap }: { box: number; gap: number }) => 5 * box + 4 * gap;
  expect(fitted(liked, least, 5, Number.POSITIVE_INFINITY)).toEqual(liked);
  expect(fitted(liked, least, 5, width(liked))).toEqual(liked);
  for (const room of [1_151, 1_000, 886, width(least)]) {
    const found = fitted(liked, least, 5, room);
    expect(width(found), `${room}`).toBeLessThanOrEqual(room);
    // No more is given up than whole pixels of each.
    expect(width(found), `${room}`).toBeGreaterThan(room - 9);
  }
  expect(fitted(liked, least, 5, 300)).toEqual(least);
  expect(fitted(liked, least, 0, 300)).toEqual(liked);
});
