// The newest part of the log as a page holds it: newest first, every position once, whatever way it came.

import type { Alarm, LogEvent } from "../api/types";

/** Most events that a page holds. */
export const HELD_MAX = 500;

/** Puts newly come events before those held; what is there already is left out. */
export function merged(held: readonly LogEvent[], came: readonly LogEvent[]): LogEvent[] {
  const positions = new Set(held.map((event) => event.position));
  const fresh: LogEvent[] = [];
  for (const event of came) {
    if (positions.has(event.position)) continue;
    positions.add(event.position);
    fresh.push(event);
  }
  if (fresh.length === 0) return held as LogEvent[];
  return [...fresh, ...held].toSorted((one, other) => other.position - one.position).slice(0, HELD_MAX);
}

/** Position of the newest event; 0 if there is none. */
export function newest(held: readonly LogEvent[]): number {
  return held[0]?.position ?? 0;
}

/** What became of a granted release, or of whoever waited and was let in with somebody. */
export type Sequel = "passed" | "opened" | "not_opened" | "admitted";

/** Refusals by which somebody waits for another, and then passes by the other's grant. */
const waiting = new Set(["escort_required", "second_person_required"]);

export type Entry = { event: LogEvent; sequel: Sequel | null };

const entryKinds = new Set(["decision", "exit_requested", "command_done", "release_abandoned", "alarm_raised"]);

/** Events worth a row of their own for a guard, each with what became of it. */
export function entriesOf(held: readonly LogEvent[]): Entry[] {
  const sequels = new Map<string, Sequel>();
  for (const event of held) {
    // After an operator's release nobody is known to pass; that the door was opened is.
    const isOpened = event.kind === "door_opened" && Boolean(event.command_id);
    if (event.kind !== "entered" && event.kind !== "not_opened" && !isOpened) continue;
    const sequel = isOpened ? "opened" : event.kind === "entered" ? "passed" : "not_opened";
    for (const cause of [event.attempt_id, event.command_id]) if (cause) sequels.set(cause, sequel);
    // A passage of several people names the last one's attempt at most.
    if (event.kind === "entered") {
      for (const person of event.persons) {
        const decision = held.find(
          (earlier) =>
            earlier.position < event.position &&
            earlier.kind === "decision" &&
            (earlier.outcome === "granted" || waiting.has(earlier.reason ?? "")) &&
            earlier.door_id === event.door_id &&
            earlier.person_id === person,
        );
        if (decision?.attempt_id) {
          sequels.set(decision.attempt_id, decision.outcome === "granted" ? "passed" : "admitted");
        }
      }
    }
  }
  return held
    .filter((event) => entryKinds.has(event.kind))
    .map((event) => ({ event, sequel: sequels.get(event.attempt_id ?? event.command_id ?? "") ?? null }));
}

const loudKinds: ReadonlySet<string> = new Set(["alarm_raised", "chain_broken", "agent_copied"]);

/** How loud a row is: granted is quiet, refused is visible, an alarm is loud. */
export type Tone = "granted" | "refused" | "alarm" | "info";

export function toneOf(event: LogEvent): Tone {
  if (loudKinds.has(event.kind) || event.alarms.length > 0) return "alarm";
  if (event.outcome === "granted") return "granted";
  if (event.outcome === "refused") return "refused";
  if (event.kind === "command_done") return event.command_outcome === "carried_out" ? "granted" : "refused";
  if (event.kind === "release_abandoned") return "refused";
  return "info";
}

/** Where somebody may be in danger. */
const OF_LIFE = ["fire", "duress"];

/** The most urgent first; of equals those where somebody may be in danger, then the newest, which nobody has seen yet. */
export function byUrgency(one: Alarm, other: Alarm): number {
  const danger = Number(OF_LIFE.includes(other.kind)) - Number(OF_LIFE.includes(one.kind));
  return one.priority - other.priority || danger || lastRaised(other).localeCompare(lastRaised(one));
}

/** When an alarm was raised the last time. */
export function lastRaised(alarm: Alarm): string {
  return alarm.raised_again_at ?? alarm.raised_at;
}

/** Everybody whom an event is about. */
export function personsOf(event: LogEvent): string[] {
  const persons = new Set(event.persons);
  if (event.person_id) persons.add(event.person_id);
  if (event.holder_id) persons.add(event.holder_id);
  if (event.act?.subject_kind === "person" && event.act.subject_id) persons.add(event.act.subject_id);
  return [...persons];
}
