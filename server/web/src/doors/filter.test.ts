import { expect, test } from "vitest";
import type { Area, DeviceHealth, Door, DoorSituation, DoorState } from "../api/types";
import { changed, type DoorFilter, isWanted, type KnownDoor } from "./filter";

const known: KnownDoor = {
  door: { id: "d", name: "Main entrance", site_id: "s", area_outside_id: "street", area_inside_id: "hall" } as Door,
  state: { position: "open", agent_state: "offline" } as DoorState,
  situation: { mode: "free" } as DoorSituation,
  devices: [{ state: "working" } as DeviceHealth],
};
const names: Record<string, string> = { street: "Street", hall: "Great hall" };
const wanted = (filter: DoorFilter, of = known) => isWanted(of, filter, (id) => names[id] ?? "");

test("a door is found by its name, its areas, and how it stands", () => {
  const found: DoorFilter[] = [{}, { q: "entr hall" }, { site: "s" }, { area: "street" }, { area: "hall" }];
  expect(found.map((filter) => wanted(filter))).toEqual(found.map(() => true));
  expect(wanted({ state: "open", mode: "free", q: "main" })).toBe(true);
  const not: DoorFilter[] = [{ q: "vault" }, { site: "t" }, { area: "vault" }, { state: "closed" }, { mode: "normal" }];
  expect(not.map((filter) => wanted(filter))).toEqual(not.map(() => false));
});

test("what does not work is found, and what nobody reports is unknown", () => {
  expect(wanted({ state: "offline" })).toBe(true);
  expect(wanted({ state: "faulty" })).toBe(false);
  expect(wanted({ state: "faulty" }, { ...known, devices: [{ state: "absent" } as never] })).toBe(true);
  const silent = { ...known, state: undefined, situation: undefined };
  expect(wanted({ state: "unknown" }, silent)).toBe(true);
  expect(wanted({ mode: "free" }, silent)).toBe(false);
});

test("an area of another site is given up, and nothing empty stands in the address", () => {
  const areas = [{ id: "a", site_id: "s", name: "A" } as Area];
  expect(changed({ q: "x", area: "a" }, { site: "s" }, areas)).toEqual({ q: "x", area: "a", site: "s" });
  expect(changed({ q: "x", area: "a" }, { site: "t" }, areas)).toEqual({ q: "x", site: "t" });
  expect(changed({ q: "x", mode: "free" }, { q: "", mode: "" }, areas)).toEqual({});
});
