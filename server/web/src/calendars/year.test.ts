import { expect, test } from "vitest";
import { dayAfter, daysBetween, weekdayOf, weeksOf, yearLater } from "./year";

test("a year's months hold each of its days once, under its weekday", () => {
  for (const [year, length] of [
    [2026, 365],
    [2028, 366],
    [2100, 365],
  ] as const) {
    const weeks = Array.from({ length: 12 }, (_, month) => weeksOf(year, month)).flat();
    const days = weeks.flat().filter((day) => day !== null);
    expect(days).toHaveLength(length);
    expect(days).toEqual(daysBetween(`${year}-01-01`, `${year}-12-31`));
    for (const week of weeks) {
      expect(week).toHaveLength(7);
      week.forEach((day, place) => {
        if (day !== null) expect(weekdayOf(day)).toBe(place);
      });
    }
  }
});

test("days are counted over months and years", () => {
  expect(dayAfter("2026-12-31", 1)).toBe("2027-01-01");
  expect(daysBetween("2026-03-01", "2026-02-27")).toEqual(["2026-02-27", "2026-02-28", "2026-03-01"]);
  expect(weekdayOf("2026-11-23")).toBe(0);
  expect([yearLater("2026-12-25"), yearLater("2028-02-29")]).toEqual(["2027-12-25", null]);
});
