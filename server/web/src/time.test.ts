import { expect, test } from "vitest";
import { fullTime, instantOf, relativeTime, shortTime, wallOf } from "./time";

const now = new Date("2026-11-23T13:05:09Z");

test("times stand in the site's zone", () => {
  expect(fullTime("2026-11-23T13:05:09Z", "Europe/Berlin", now)).toBe("Mon 23 Nov 14:05:09");
  expect(fullTime("2025-11-23T13:05:09Z", "Europe/Berlin", now)).toBe("Sun 23 Nov 2025 14:05:09");
  expect(shortTime("2026-11-23T00:30:00Z", "Europe/Berlin", now)).toBe("01:30:00");
  expect(shortTime("2026-11-22T22:30:00Z", "Europe/Berlin", now)).toBe("Sun 22 Nov 23:30:00");
});

test("wall times become instants and back, over changes of the clocks", () => {
  const cases = [
    ["2026-07-01T12:00", "Europe/Berlin", "2026-07-01T10:00:00.000Z"],
    ["2026-12-01T12:00", "Europe/Berlin", "2026-12-01T11:00:00.000Z"],
    ["2026-03-29T03:30", "Europe/Berlin", "2026-03-29T01:30:00.000Z"],
    ["2026-10-25T03:30", "Europe/Berlin", "2026-10-25T02:30:00.000Z"],
    ["2026-03-29T00:15", "America/New_York", "2026-03-29T04:15:00.000Z"],
  ] as const;
  for (const [wall, zone, instant] of cases) {
    expect(instantOf(wall, zone)).toBe(instant);
    expect(wallOf(instant, zone)).toBe(wall);
  }
  expect(instantOf("2026-07-01", "Europe/Berlin")).toBe("2026-06-30T22:00:00.000Z");
  expect(instantOf("yesterday", "Europe/Berlin")).toBeNull();
});

test("relative times are in the largest whole unit", () => {
  expect(relativeTime("2026-11-23T13:02:00Z", now)).toBe("3 minutes ago");
  expect(relativeTime("2026-11-21T13:02:00Z", now)).toBe("2 days ago");
  expect(relativeTime("2026-11-23T13:05:09Z", now)).toBe("now");
  // What lies ahead by no more than a clock may lag is now; what ends later is told so.
  expect(relativeTime("2026-11-23T13:10:09Z", now)).toBe("now");
  expect(relativeTime("2026-11-24T01:05:09Z", now)).toBe("in 12 hours");
});
