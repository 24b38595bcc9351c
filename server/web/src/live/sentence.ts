// What an event says, in a few words.

import type { LogEvent } from "../api/types";
import { text, w } from "../words";

/** Names that an event does not carry itself; nothing stands for what is not known. */
export type NamesKnown = {
  operator: (id: string | null | undefined) => string;
  subject: (kind: string, id: string) => string;
};

const nobody: NamesKnown = { operator: () => "", subject: () => "" };

/** An operator's act as a sentence without its operator: `Released Main entrance for a moment`. */
export function actSentence(act: NonNullable<LogEvent["act"]>, names: NamesKnown = nobody): string {
  const { kind, subject_kind, subject_id } = act;
  const sentences: Record<string, (what: string) => string> = w.acts;
  // So it stands in older logs, which name the dialogue and not the person.
  if (subject_kind === "enrolment") return text("ActKind", kind);
  const say = sentences[kind] ?? ((what: string) => `${text("ActKind", kind)} ${what}`);
  if (!subject_kind || !subject_id) return say(w.subjects.several);
  const name = names.subject(subject_kind, subject_id);
  const word = text("SubjectKind", subject_kind);
  if (name === "") return say(w.subjects.unnamed(word));
  return say(w.subjects.byName.includes(subject_kind) ? name : w.subjects.named(word, name));
}

/** Who acted, where no operator did: somebody at the door of the pages, or on the server itself. */
export function withoutOperator(kind: string): string {
  return kind === "sign_in_failed" ? w.event.byNobody : w.event.byCommandLine;
}

/** What happened, without who and where. */
export function headline(event: LogEvent, names: NamesKnown = nobody): string {
  switch (event.kind) {
    case "decision":
      return event.outcome === "granted" ? w.outcome.granted : w.outcome.refused;
    case "alarm_raised":
      return text("AlarmKind", event.alarm);
    case "alarm_cleared":
      return `${text("EventKind", event.kind)}: ${text("AlarmKind", event.alarm)}`;
    case "device_changed":
      return `${text("Device", event.device)}: ${text("DeviceState", event.device_state)}`;
    case "link_changed":
      return event.is_up ? w.event.linkUp : w.event.linkDown;
    case "journal_changed":
      return event.is_up ? w.event.journalWorks : text("AlarmKind", "journal_fault");
    case "enrolment_ended":
      return event.was_completed ? w.event.enrolmentRead : w.event.enrolmentWithout;
    case "finger_in_use":
      return event.holder_id === event.person_id ? w.event.fingerOwn : w.event.fingerAnothers;
    case "fingers_sent":
      return w.event.fingersSent(event.count ?? 0);
    case "folded":
      return w.event.folded(
        event.count ?? 0,
        event.alarm ? text("AlarmKind", event.alarm) : text("EventKind", event.folded_kind),
      );
    case "clock_changed":
      return event.clock_ahead_ms
        ? w.event.clockApart(event.clock_ahead_ms, event.clock_was_set === true)
        : text("NtpState", event.ntp);
    case "door_tried":
      return w.event.tried(event.trial?.is_passed === true);
    case "door_found":
      return event.is_open ? w.event.foundOpen : w.event.foundClosed;
    case "input_changed": {
      const input = text("InputKind", event.input);
      return event.is_active ? input : w.event.inputAtRest(input);
    }
    case "command_done": {
      const operator = names.operator(event.operator_id);
      if (operator === "") return text("Reason", "operator_release");
      return event.command_outcome === "carried_out" ? w.event.releasedBy(operator) : w.event.notReleasedBy(operator);
    }
    case "act":
      return event.act ? actSentence(event.act, names) : text("EventKind", event.kind);
    case "state_set":
      return [text("StateSetKind", event.state_set?.what), setTo(event)].filter((part) => part !== "").join(": ");
    default:
      return text("EventKind", event.kind);
  }
}

function setTo(event: LogEvent): string {
  const set = event.state_set;
  if (set?.what === "door_mode") return set.mode ? text("DoorMode", set.mode) : w.event.modeOver;
  if (set?.what === "threat_level") return String(set.level);
  if (set?.zone) return text("DoorZone", set.zone);
  return "";
}

/** Why, where that is worth saying. */
export function because(event: LogEvent): string {
  if (event.kind === "decision") {
    const reason = event.reason === "granted" ? "" : text("Reason", event.reason);
    return [reason, ...event.alarms.map((alarm) => text("AlarmKind", alarm))].filter((part) => part !== "").join(" · ");
  }
  if (event.kind === "journal_changed" && event.journal_fault) return text("JournalFault", event.journal_fault);
  if (event.kind === "command_done" && event.command_outcome !== "carried_out") {
    return text("CommandOutcome", event.command_outcome);
  }
  if (event.trial && !event.trial.is_passed) {
    const { steps } = event.trial;
    return w.event.notPassed(steps.filter(({ outcome }) => outcome !== "passed").length, steps.length);
  }
  return "";
}

/** What a person has to do with an event that is about more than one; empty where there is nothing to tell apart. */
export function partOf(event: LogEvent, person: string): string {
  if (event.kind === "fingers_sent") return w.event.toBeEnrolled;
  if (event.kind !== "finger_in_use") return "";
  if (event.person_id === event.holder_id) return w.event.holdsOther;
  return person === event.holder_id ? w.event.holdsFinger : w.event.toBeEnrolled;
}

/** Milliseconds as seconds. */
export function seconds(ms: number): string {
  return w.event.seconds(new Intl.NumberFormat(w.locale, { maximumFractionDigits: 1 }).format(ms / 1000));
}
