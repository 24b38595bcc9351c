// What is told of the time that comparing takes.

import { expect, test } from "vitest";
import type { Step } from "../api/types";
import { w } from "../words";
import { secondsToCompare } from "./pace";

/** A step of a comparison, so many seconds after its first. */
function compared(count: number, of: number, second: number): Step {
  const at = new Date(Date.UTC(2026, 10, 23, 9, 0, 0) + second * 1000).toISOString();
  return { step: "comparing", compared: count, to_compare: of, at };
}

test("what is left is told by what one comparison takes, or took here, whichever is more", () => {
  expect(secondsToCompare([])).toBeNull();
  expect(secondsToCompare([compared(0, 0, 0)])).toBeNull();
  expect(secondsToCompare([compared(0, 200, 0)])).toBeCloseTo(140);
  // As fast as expected, faster, slower.
  expect(secondsToCompare([compared(0, 200, 0), compared(100, 200, 70)])).toBeCloseTo(70);
  expect(secondsToCompare([compared(0, 200, 0), compared(100, 200, 10)])).toBeCloseTo(70);
  expect(secondsToCompare([compared(0, 200, 0), compared(50, 200, 60), compared(100, 200, 120)])).toBeCloseTo(120);
  // More of them have come to be compared with meanwhile.
  expect(secondsToCompare([compared(0, 100, 0), compared(100, 110, 200)])).toBeCloseTo(20);
  expect(secondsToCompare([compared(0, 200, 0), compared(200, 200, 140)])).toBeNull();
  const done: Step = { step: "done", at: "2026-11-23T09:00:30Z" };
  expect(secondsToCompare([compared(0, 200, 0), done])).toBeNull();
});

test("it is told in round figures, and never as less than it is", () => {
  expect(w.wizard.compareLeft(0.7)).toBe("about 5 s left");
  expect(w.wizard.compareLeft(22.4)).toBe("about 25 s left");
  expect(w.wizard.compareLeft(90)).toBe("about 90 s left");
  expect(w.wizard.compareLeft(90.1)).toBe("about 2 min left");
  expect(w.wizard.compareLeft(700)).toBe("about 12 min left");
});
