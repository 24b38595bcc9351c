import { expect, test } from "vitest";
import type { Area, Door, Place, Site } from "../api/types";
import { doorsOf, everywhere, isChosen, isHeld, isPartly, type Plan, placesSentence, toggled } from "./places";

// What is looked at of them is their ids and names.
const plan = {
  sites: [
    { id: "s1", name: "Plant" },
    { id: "s2", name: "Store" },
  ] as Site[],
  areas: [
    { id: "a1", site_id: "s1", name: "Hall" },
    { id: "a2", site_id: "s1", name: "Vault" },
    { id: "a3", site_id: "s2", name: "Yard" },
  ] as Area[],
  doors: [
    { id: "d1", site_id: "s1", area_inside_id: "a1", name: "Main" },
    { id: "d2", site_id: "s1", area_inside_id: "a2", name: "Vault door" },
    { id: "d3", site_id: "s2", area_inside_id: "a3", name: "Gate" },
  ] as Door[],
} satisfies Plan;

const place = (kind: Place["kind"], id: string): Place => ({ kind, id });
const names = (places: Place[]) => doorsOf(places, plan).map((door) => door.name);

test("places hold doors, those that come later as well", () => {
  expect(names([place("area", "a2"), place("door", "d2")])).toEqual(["Vault door"]);
  expect(names([place("site", "s1")])).toEqual(["Main", "Vault door"]);
  expect(names([everywhere])).toHaveLength(3);
  expect(names([])).toEqual([]);
});

test("choosing a place lets go of what it holds, and only of that", () => {
  const chosen = [place("door", "d1"), place("area", "a2"), place("door", "d3")];
  const site = toggled(chosen, place("site", "s1"), plan);
  expect(site).toEqual([place("door", "d3"), place("site", "s1")]);
  expect(toggled(site, everywhere, plan)).toEqual([everywhere]);
  expect(toggled(site, place("site", "s1"), plan)).toEqual([place("door", "d3")]);
  expect(isHeld(site, place("door", "d2"), plan) && !isChosen(site, place("door", "d2"))).toBe(true);
  expect(isPartly(chosen, place("site", "s2"), plan) && isPartly(chosen, everywhere, plan)).toBe(true);
  expect(isPartly([place("site", "s1")], place("area", "a1"), plan)).toBe(false);
});

test("many places are counted", () => {
  const many = Array.from({ length: 9 }, (_, number) => place("door", `x${number}`));
  expect(placesSentence([everywhere, place("site", "s2")], plan)).toBe("Every door, all of Store");
  expect(placesSentence(many, plan)).toMatch(/and 3 more$/);
});
