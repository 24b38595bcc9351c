import { expect, test } from "vitest";
import type { Door, ThreatLevel } from "../api/types";
import { holds, placeKey, placeOf, reach } from "./places";

const door = (id: string, site: string, inside: string) =>
  ({ id, name: id, site_id: site, area_outside_id: "street", area_inside_id: inside }) as Door;
const main = door("main", "north", "hall");
const vault = door("vault", "north", "vault");
const gate = door("gate", "south", "yard");
const doors = [main, vault, gate];
const level = (change: Partial<ThreatLevel>) => ({ locks: true, places: [], ...change }) as unknown as ThreatLevel;

test("a place holds the doors that lead into it", () => {
  const cases = [
    [{ kind: "tenant" }, ["main", "vault", "gate"]],
    [{ kind: "site", id: "north" }, ["main", "vault"]],
    [{ kind: "area", id: "vault" }, ["vault"]],
    [{ kind: "area", id: "street" }, []],
    [{ kind: "door", id: "gate" }, ["gate"]],
  ] as const;
  for (const [place, expected] of cases) {
    expect(doors.filter((candidate) => holds(place, candidate)).map((found) => found.id)).toEqual(expected);
    expect(placeOf(placeKey(place))).toEqual(place);
  }
});

test("a level locks the doors that it names, of the place where it is set", () => {
  const north = { kind: "site", id: "north" } as const;
  expect(reach(level({}), north, doors).locked).toEqual([main, vault]);
  const named = level({
    places: [
      { kind: "area", id: "vault" },
      { kind: "door", id: "gate" },
    ],
  });
  expect(reach(named, north, doors).locked).toEqual([vault]);
  expect(reach(level({ locks: false }), north, doors)).toEqual({ all: [main, vault], locked: [] });
});
