import { expect, test } from "vitest";
import type { WeekWindow } from "../api/types";
import {
  DAY_MINUTES,
  DAYS,
  fillOf,
  painted,
  type RowKey,
  rowsOf,
  type Span,
  scheduleSentence,
  spansOf,
  spansText,
  weekSentence,
  windowsOf,
} from "./hours";

const office: WeekWindow = { days: ["mon", "tue", "wed", "thu", "fri"], day_types: [], from: "07:00", to: "19:00" };
const night: WeekWindow = { days: ["mon", "tue"], day_types: [1], from: "22:00", to: "06:00" };
const fine: WeekWindow = { days: ["sat"], day_types: [0], from: "09:10", to: "12:00" };

test("windows say as a sentence what they are", () => {
  const types = [
    { number: 0, name: "Holiday" },
    { number: 1, name: "Half day" },
  ];
  const typeName = (number: number) => types[number]?.name ?? "";
  const cases: [WeekWindow[], string][] = [
    [[office], "Mon–Fri 07:00–19:00"],
    [[night], "Mon, Tue, Half day 22:00–06:00 on the next day"],
    [[{ days: ["mon", "wed", "sat", "sun"], from: "08:00", to: "24:00" }], "Mon, Wed, Sat, Sun 08:00–24:00"],
    [[], "Never"],
    [[{ days: [...DAYS], from: "00:00", to: "24:00" }], "At any hour"],
  ];
  for (const [windows, sentence] of cases) expect(weekSentence(windows, typeName)).toBe(sentence);
  expect(scheduleSentence({ windows: [night], exceptions: [1, 2] }, types)).toBe(
    "Mon, Tue, Half day 22:00–06:00 on the next day; not on Holiday; 2 days are otherwise",
  );
});

test("rows become the fewest windows", () => {
  const always = { days: [...DAYS], day_types: [0, 7], from: "00:00", to: "24:00" };
  for (const windows of [[office], [fine, night], [office, night], [always], []]) {
    expect(windowsOf(rowsOf(windows))).toEqual(windows.toSorted((one, other) => one.from.localeCompare(other.from)));
  }
});

test("what is painted keeps the minutes that are not touched", () => {
  const at = (from: number, to: number): Span => ({ from: from * 60, to: to * 60 });
  const cases: [Span[], [number, number, boolean], Span[]][] = [
    [[at(7, 19)], [12, 13, false], [at(7, 12), at(13, 19)]],
    [[at(7, 12), at(13, 19)], [12, 13, true], [at(7, 19)]],
    // A night belongs to the evening on which it begins.
    [[at(22, 30)], [23, 23.5, false], [at(22, 23), at(23.5, 30)]],
    [[at(22, 30)], [23, 24, false], [at(22, 23)]],
    [[at(22, 30)], [20, 22, true], [at(20, 30)]],
    [[at(22, 30)], [4, 22, true], [at(4, 22), at(22, 30)]],
    [[], [0, 24, true], [at(0, 24)]],
    [
      [{ from: 430, to: 700 }],
      [8, 9, false],
      [
        { from: 430, to: 480 },
        { from: 540, to: 700 },
      ],
    ],
  ];
  for (const [before, [from, to, isOn], after] of cases) {
    expect(painted(before, from * 60, to * 60, isOn), JSON.stringify([before, from, to])).toEqual(after);
  }
});

test("any painted rows are the same after they became windows", () => {
  // A fixed seed, so that a failure can be looked at.
  let seed = 20_261_123;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const keys: RowKey[] = [...DAYS, 0, 3, 7];
  for (let round = 0; round < 300; round += 1) {
    const rows = new Map<RowKey, Span[]>();
    for (let stroke = 0; stroke < 12; stroke += 1) {
      const key = keys[random(keys.length)] ?? "mon";
      const [one, other] = [random(97) * 15, random(97) * 15];
      if (one === other) continue;
      const spans = painted(rows.get(key) ?? [], Math.min(one, other), Math.max(one, other), random(3) > 0);
      if (spans.length > 0) rows.set(key, spans);
      else rows.delete(key);
    }
    const windows = windowsOf(rows);
    const again = rowsOf(windows);
    expect(new Map([...again].toSorted()), `round ${round}`).toEqual(new Map([...rows].toSorted()));
    for (const [, spans] of rows) {
      expect(spans.every((span) => span.from < span.to && span.to - span.from <= DAY_MINUTES)).toBe(true);
    }
  }
});

test("hours are written as people write them", () => {
  const cases: [string, string | null][] = [
    ["07:00-19:00", "07:00–19:00"],
    ["7-12, 13.30 – 19", "07:00–12:00, 13:30–19:00"],
    ["22:00–06:00", "22:00–06:00"],
    ["18:00-00:00", "18:00–24:00"],
    ["7-10; 9-12", "07:00–12:00"],
    ["closed", ""],
    ["", ""],
    ["7", null],
    ["24:00-06:00", null],
    ["07:00-07:00", null],
    ["07:60-08:00", null],
    ["7-9-11", null],
    ["always", null],
  ];
  for (const [written, expected] of cases) {
    const spans = spansOf(written);
    expect(spans && spansText(spans), written).toBe(expected);
  }
});

test("a cell is full, in part or empty", () => {
  const spans = [{ from: 430, to: 480 }];
  expect([28, 29, 31, 32].map((cell) => fillOf(spans, cell))).toEqual(["some", "all", "all", "none"]);
});
