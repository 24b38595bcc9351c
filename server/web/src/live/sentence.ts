// What an event says, in a few words.

import type { LogEvent } from "../api/types";
import { text, w } from "../words";

/** What happened, without who and where. */
export function headline(event: LogEvent): string {
  switch (event.kind) {
    case "decision":
      return event.outcome === "granted" ? w.outcome.granted : w.outcome.refused;
    case "alarm_raised":
      return text("AlarmKind", event.alarm);
    case "alarm_cleared":
      return `${text("EventKind", event.kind)}: ${text("AlarmKind", event.alarm)}`;
    case "device_changed":
      return `${text("Device", event.device)} ${text("DeviceState", event.device_state)}`;
    case "link_changed":
      return event.is_up ? w.event.linkUp : w.event.linkDown;
    case "journal_changed":
      return event.is_up ? w.event.journalWorks : text("AlarmKind", "journal_fault");
    case "folded":
      return w.event.folded(
        event.count ?? 0,
        event.alarm ? text("AlarmKind", event.alarm) : text("EventKind", event.folded_kind),
      );
    case "door_found":
      return event.is_open ? w.event.foundOpen : w.event.foundClosed;
    case "command_done":
      return text("Reason", "operator_release");
    case "act":
      return `${text("ActKind", event.act?.kind)} ${text("SubjectKind", event.act?.subject_kind)}`.trim();
    default:
      return text("EventKind", event.kind);
  }
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
  return "";
}

/** Milliseconds as seconds. */
export function seconds(ms: number): string {
  return w.event.seconds(new Intl.NumberFormat(w.locale, { maximumFractionDigits: 1 }).format(ms / 1000));
}
