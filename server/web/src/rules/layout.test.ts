import { expect, test } from "vitest";
import type { Area, Door } from "../api/types";
import { layout } from "./layout";

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
  expect([map.columns, map.rows]).toEqual([3, 2]);
});

test("rings and empty sites have a map too", () => {
  const ring = [door("1", "a", "b"), door("2", "b", "a")];
  expect(columns([area("a"), area("b")], ring)).toEqual({ a: 0, b: 1 });
  expect(layout([], [])).toEqual({ boxes: [], links: [], columns: 0, rows: 0 });
});
