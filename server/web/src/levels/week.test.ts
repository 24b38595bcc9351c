import { expect, test } from "vitest";
import type { WeekWindow } from "../api/types";
import { CELLS_PER_DAY, DAYS, isPaintable, type Week, weekOf, weekSentence, windowsOf } from "./week";

const office: WeekWindow = { days: ["mon", "tue", "wed", "thu", "fri"], from: "07:00", to: "19:00" };
const night: WeekWindow = { days: ["mon", "tue"], from: "22:00", to: "06:00" };

const saturday: WeekWindow = { days: ["sat"], from: "09:30", to: "12:00" };

test("windows say as a sentence what they are", () => {
  const cases = [
    [[office], "Mon–Fri 07:00–19:00"],
    [[night], "Mon, Tue 22:00–06:00 on the next day"],
    [[{ days: ["mon", "wed", "sat", "sun"], from: "08:00", to: "24:00" }], "Mon, Wed, Sat, Sun 08:00–24:00"],
    [[], "Never"],
    [[{ days: [...DAYS], from: "00:00", to: "24:00" }], "At any hour"],
  ] as const;
  for (const [windows, sentence] of cases) {
    expect(weekSentence(windows.map((window) => ({ ...window, days: [...window.days] })))).toBe(sentence);
  }
});

test("a painted week becomes the fewest windows", () => {
  for (const windows of [[office], [night], [office, saturday], []]) {
    expect(windowsOf(weekOf(windows))).toEqual(windows);
  }
  const always = [{ days: [...DAYS], from: "00:00", to: "24:00" }];
  expect(windowsOf(weekOf(always))).toEqual(always);
});

test("Sunday night goes on into Monday", () => {
  const windows: WeekWindow[] = [{ days: ["sun"], from: "23:00", to: "01:00" }];
  const week = weekOf(windows);
  expect(week[0]?.slice(0, 3)).toEqual([true, true, false]);
  expect(windowsOf(week)).toEqual(windows);
});

test("any painted week is the same after it became windows", () => {
  // A fixed seed, so that a failure can be looked at.
  let seed = 20_261_123;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed / 2_147_483_648;
  };
  for (let round = 0; round < 500; round += 1) {
    const density = random();
    const runs = round % 2 === 0;
    let last = false;
    const week: Week = DAYS.map(() =>
      Array.from({ length: CELLS_PER_DAY }, () => {
        if (!runs || random() < 0.05) last = random() < density;
        return last;
      }),
    );
    expect(weekOf(windowsOf(week)), `round ${round}`).toEqual(week);
  }
});

test("only windows on half hours can be painted", () => {
  expect(isPaintable([office, night])).toBe(true);
  expect(isPaintable([{ ...office, to: "18:45" }])).toBe(false);
});
