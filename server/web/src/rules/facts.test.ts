// Texts of facts: before and after, units, lists, and what is said of many at once.

import { expect, test } from "vitest";
import { factText, gathered, personsOf, type Reader, type RuleChange } from "./facts";

const reader: Reader = { zone: "UTC", typeName: (number) => `type ${number}`, personName: () => "Anna" };
type Fact = RuleChange["facts"][number];
const demand = (word: string) => ({ parts: [{ word: { of: "FactorDemand", word } }] });

test("what changes is told as it was and as it is", () => {
  const fact: Fact = { field: "factors_in", before: [demand("card_finger")], after: [demand("card")] };
  expect(factText(fact, "changed", reader)).toBe("Card + finger → Card");
  expect(factText(fact, "added", reader)).toBe("Card");
  expect(factText(fact, "removed", reader)).toBe("Card + finger");
});

test("numbers have their unit, and nothing is said to be nothing", () => {
  const most: Fact = { field: "persons_max", before: [], after: [{ parts: [{ number: 4 }] }] };
  expect(factText(most, "changed", reader)).toBe("none → 4");
  const release: Fact = { field: "release_ms", before: [{ parts: [{ number: 5000 }] }], after: [] };
  expect(factText(release, "removed", reader)).toBe("5 s");
  const timed = { parts: [{ word: { of: "AntiPassbackKind", word: "timed" } }, { number: 600 }] };
  expect(factText({ field: "anti_passback", before: [], after: [timed] }, "added", reader)).toMatch(/ · 600 s$/);
});

test("a line of a level is one item, its places with their kind", () => {
  const parts = [
    { word: { of: "PlaceKind", word: "area" } },
    { name: "Hall" },
    { word: { of: "PlaceKind", word: "tenant" } },
    { more: 3 },
    { always: true },
  ];
  const fact: Fact = { field: "lines", before: [], after: [{ parts }, { parts: [{ name: "Yard" }] }] };
  expect(factText(fact, "added", reader)).toBe("Area Hall · Everywhere · and 3 more · At any hour; Yard");
});

test("persons of whom the same is to be said are one line", () => {
  const groups: Fact = { field: "groups", before: [], after: [{ parts: [{ name: "Fire" }] }] };
  const rule = (kind: RuleChange["kind"], id: string, facts: Fact[]): RuleChange => ({
    kind,
    id,
    level: null,
    name: null,
    fate: "changed",
    facts,
  });
  const escort: Fact = { field: "escort", before: [], after: [{ parts: [{ person_id: "c" }, { number: 30 }] }] };
  const rules = [rule("person", "a", [groups]), rule("person", "b", [groups]), rule("person", "d", [escort])];
  expect(gathered(rules).map((line) => line.map((one) => one.id))).toEqual([["a", "b"], ["d"]]);
  expect(gathered([rule("door", "a", []), rule("door", "b", [])])).toHaveLength(2);
  expect(personsOf(rules)).toEqual(["a", "b", "d", "c"]);
});
