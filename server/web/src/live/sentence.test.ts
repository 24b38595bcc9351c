import { expect, test } from "vitest";
import type { LogEvent } from "../api/types";
import { personsOf } from "./log";
import { logEvent } from "./samples";
import { actSentence, because, headline, partOf } from "./sentence";

const names = {
  operator: (id: string | null | undefined) => (id === "o" ? "Gesa Guard" : ""),
  subject: (kind: string, id: string) =>
    id === "1" ? ({ door: "Main entrance", access_level: "Staff" }[kind] ?? "") : "",
};

function act(kind: string, subject_kind: string | null, subject_id: string | null = "1") {
  return { operator_id: "o", kind, subject_kind, subject_id } as Parameters<typeof actSentence>[0];
}

test("an act is a sentence with the name of what it was done to", () => {
  expect(actSentence(act("door_released", "door"), names)).toBe("Released Main entrance for a moment");
  expect(actSentence(act("changed", "access_level"), names)).toBe("Changed access level “Staff”");
  expect(actSentence(act("signed_in", "operator"), names)).toBe("Signed in");
});

test("what has no name is called by its kind", () => {
  expect(actSentence(act("acknowledged", "alarm"))).toBe("Acknowledged an alarm");
  expect(actSentence(act("created", "grant"), names)).toBe("Created a grant");
  expect(actSentence(act("viewed", null, null))).toBe("Looked at several people");
  expect(actSentence(act("enrolment_started", "enrolment"))).toBe("Started an enrolment");
});

test("an enrolment says whose it is and how it ended", () => {
  const of = { ...names, subject: (kind: string) => (kind === "person" ? "Ada Adler" : "") };
  expect(actSentence(act("enrolment_started", "person"), of)).toBe("Started an enrolment of Ada Adler");
  expect(actSentence(act("enrolment_stopped", "person"), of)).toBe("Stopped an enrolment of Ada Adler");
  const ended = (was_completed: boolean) => headline(logEvent(1, { kind: "enrolment_ended", was_completed }));
  expect(ended(true)).toBe("Enrolment ended: card or finger was read");
  expect(ended(false)).toBe("Enrolment ended without a result");
});

test("a finger that is enrolled already says whether it is another person's, and both are named", () => {
  expect(headline(logEvent(1, { kind: "fingers_sent", count: 32 }))).toBe(
    "Templates of 32 fingers sent to a station to be compared",
  );
  expect(headline(logEvent(1, { kind: "fingers_sent", count: 1 }))).toBe(
    "Template of a finger sent to a station to be compared",
  );
  const found = (holder_id: string) => logEvent(1, { kind: "finger_in_use", person_id: "a", holder_id });
  expect(headline(found("b"))).toBe("Finger not enrolled: it is another person's already");
  expect(headline(found("a"))).toBe("Finger not enrolled: it is another finger of this person already");
  expect(personsOf(found("b"))).toEqual(["a", "b"]);
  expect(personsOf(found("a"))).toEqual(["a"]);
  expect(partOf(found("b"), "a")).toBe("Was being enrolled");
  expect(partOf(found("b"), "b")).toBe("The finger is this person's already");
  expect(partOf(found("a"), "a")).toBe("Was being enrolled, and the finger is theirs already, as another one");
  expect(partOf(logEvent(1, { kind: "entered", persons: ["a", "b"] }), "a")).toBe("");
});

test("a release names its operator, and says when it failed", () => {
  const done = { kind: "command_done", operator_id: "o", command_id: "c" } as const;
  expect(headline(logEvent(1, { ...done, command_outcome: "carried_out" }), names)).toBe("Released by Gesa Guard");
  expect(headline(logEvent(1, { ...done, command_outcome: "expired" }), names)).toBe("Release by Gesa Guard failed");
  expect(headline(logEvent(1, { ...done, command_outcome: "carried_out" }))).toBe("Released by an operator");
});

test("an input says what it is named for, or no longer", () => {
  const input = (is_active: boolean) => logEvent(1, { kind: "input_changed", input: "mains_lost", is_active });
  expect(headline(input(true))).toBe("Mains power is gone");
  expect(headline(input(false))).toBe("No longer: Mains power is gone");
});

test("a zone that an operator set is named", () => {
  const set = (what: string, zone: string | null) => {
    const state_set = { what, zone } as LogEvent["state_set"];
    return headline(logEvent(1, { kind: "state_set", state_set }));
  };
  expect(set("zone_disarmed", "zone_2")).toBe("Zone disarmed: Zone 2");
  expect(set("zone_armed", "zone_1")).toBe("Zone armed: Zone 1");
  expect(set("reader_unlocked", null)).toBe("Reader unlocked");
});

test("a trial says whether everything passed, and how much did not", () => {
  const step = (outcome: "passed" | "failed" | "skipped") => ({ step: "strike" as const, outcome, device: null });
  const tried = (...steps: ReturnType<typeof step>[]) => {
    const is_passed = steps.every(({ outcome }) => outcome === "passed");
    const trial = { at: "2026-11-23T13:05:09Z", is_time_told: true, is_passed, steps, paper: "" };
    const event = logEvent(1, { kind: "door_tried", trial });
    return [headline(event), because(event)];
  };
  expect(tried(step("passed"))).toEqual(["Door tried: everything passed", ""]);
  expect(tried(step("passed"), step("failed"), step("skipped"))).toEqual([
    "Door tried: not everything passed",
    "2 of 3 steps not passed",
  ]);
});
