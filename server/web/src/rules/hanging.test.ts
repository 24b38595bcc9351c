import { expect, test } from "vitest";
import type { AccessLevel, Door } from "../api/types";
import { hangingOn } from "./hanging";

const office = { name: "Office", mode_lines: [{ schedule_id: "day", mode: "first_person" }] } as Door;
const yard = {
  name: "Yard",
  mode_lines: [{ schedule_id: "night", mode: "locked" }],
  factor_lines: [{ schedule_id: "day", side: "in", factors: "card" }],
} as Door;
const staff = { name: "Staff", lines: [{ places: [], side: "both", schedule_id: "day" }] } as unknown as AccessLevel;
const always = { name: "Always", lines: [{ places: [], side: "both", schedule_id: null }] } as unknown as AccessLevel;

test("what goes by a schedule is told by kind, and nothing else", () => {
  expect(hangingOn("day", [office, yard], [staff, always])).toEqual([
    ["Modes of doors", "Office (Unlocked once somebody has come in)"],
    ["Factors at doors", "Yard (entering: Card)"],
    ["Access levels", "Staff"],
  ]);
  expect(hangingOn("weekend", [office, yard], [staff, always])).toEqual([]);
});

test("of many some are told, and how many more there are", () => {
  const doors = Array.from({ length: 15 }, (_, number) => ({ ...office, name: `Office ${number}` }));
  const [[, told] = ["", ""]] = hangingOn("day", doors, []);
  expect(told.split("; ")).toHaveLength(13);
  expect(told).toMatch(/; and 3 more$/);
});
