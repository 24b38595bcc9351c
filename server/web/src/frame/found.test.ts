import { expect, test } from "vitest";
import { fits, found } from "./found";

const lists = {
  door: [
    { id: "d1", name: "Main entrance" },
    { id: "d2", name: "Café, back door" },
  ],
  agent: [{ id: "a1", name: "main-pi" }],
  operator: [{ id: "o1", name: "Gesa Guard", also: "gesa" }],
};
const ids = (wanted: string) => found(lists, wanted).map((hit) => hit.id);

test("things of every kind are found by the beginnings of their words", () => {
  expect(ids("main")).toEqual(["d1", "a1"]);
  expect(ids("entr main")).toEqual(["d1"]);
  expect(ids("guard")).toEqual(["o1"]);
});

test("case and accents do not matter; the middle of a word does not count", () => {
  expect(ids("CAFE")).toEqual(["d2"]);
  expect(ids("trance")).toEqual([]);
  expect(ids("  ")).toEqual([]);
});

test("what joins words in a name may stand in what is looked for, and nothing looked for fits everything", () => {
  expect(fits("A0-03 laboratory", "a0-03")).toBe(true);
  expect(fits("A0-03 laboratory", "lab a0")).toBe(true);
  expect(fits("A0-03 laboratory", "a0-04")).toBe(false);
  expect(fits("A0-03 laboratory", "")).toBe(true);
});
