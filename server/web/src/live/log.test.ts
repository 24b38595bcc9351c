import { expect, test } from "vitest";
import { entriesOf, HELD_MAX, merged, newest, toneOf } from "./log";
import { logEvent } from "./samples";

const positions = (held: { position: number }[]) => held.map((event) => event.position);

test("every position is held once, newest first", () => {
  const held = merged([], [logEvent(1), logEvent(2)]);
  expect(positions(held)).toEqual([2, 1]);
  expect(positions(merged(held, [logEvent(2), logEvent(4), logEvent(3), logEvent(4)]))).toEqual([4, 3, 2, 1]);
  expect(merged(held, [logEvent(2)])).toBe(held);
  expect(newest(held)).toBe(2);
  expect(newest([])).toBe(0);
});

test("what is held has an end", () => {
  const many = Array.from({ length: HELD_MAX + 10 }, (_, index) => logEvent(index + 1));
  const held = merged([], many);
  expect(held).toHaveLength(HELD_MAX);
  expect(newest(held)).toBe(HELD_MAX + 10);
});

test("a granted entry tells whether the person passed", () => {
  const granted = { outcome: "granted", door_id: "d", person_id: "p" } as const;
  const held = merged(
    [],
    [
      logEvent(1, { ...granted, attempt_id: "a" }),
      logEvent(2, { kind: "door_opened", door_id: "d" }),
      logEvent(3, { kind: "entered", door_id: "d", persons: ["p"] }),
      logEvent(4, { ...granted, attempt_id: "b" }),
      logEvent(5, { kind: "not_opened", door_id: "d", attempt_id: "b" }),
      logEvent(6, { ...granted, attempt_id: "c" }),
    ],
  );
  expect(entriesOf(held).map(({ event, sequel }) => [event.position, sequel])).toEqual([
    [6, null],
    [4, "not_opened"],
    [1, "passed"],
  ]);
});

test("whoever waited and was let in with somebody did not stay outside", () => {
  const at = { door_id: "d", outcome: "refused" } as const;
  const held = merged(
    [],
    [
      logEvent(1, { ...at, person_id: "v", attempt_id: "a", reason: "escort_required" }),
      logEvent(2, { ...at, person_id: "x", attempt_id: "b", reason: "blocked" }),
      logEvent(3, { door_id: "d", outcome: "granted", person_id: "h", attempt_id: "c" }),
      logEvent(4, { kind: "entered", door_id: "d", persons: ["h", "v", "x"] }),
    ],
  );
  expect(entriesOf(held).map(({ event, sequel }) => [event.position, sequel])).toEqual([
    [3, "passed"],
    [2, null],
    [1, "admitted"],
  ]);
});

test("an operator's release tells whether the door was opened", () => {
  const released = { kind: "command_done", command_outcome: "carried_out", door_id: "d" } as const;
  const held = merged(
    [],
    [
      logEvent(1, { ...released, command_id: "a" }),
      logEvent(2, { kind: "door_opened", door_id: "d", command_id: "a" }),
      logEvent(3, { ...released, command_id: "b" }),
      logEvent(4, { kind: "not_opened", door_id: "d", command_id: "b" }),
    ],
  );
  expect(entriesOf(held).map(({ event, sequel }) => [event.position, sequel])).toEqual([
    [3, "not_opened"],
    [1, "opened"],
  ]);
});

test("an alarm is louder than the outcome", () => {
  expect(toneOf(logEvent(1, { outcome: "refused" }))).toBe("refused");
  expect(toneOf(logEvent(1, { outcome: "refused", alarms: ["wrong_fingers"] }))).toBe("alarm");
  expect(toneOf(logEvent(1, { kind: "command_done", command_outcome: "expired" }))).toBe("refused");
  expect(toneOf(logEvent(1, { kind: "door_closed" }))).toBe("info");
});
