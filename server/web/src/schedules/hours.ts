// Hours of a schedule, row by row as they are painted and written (a row is a weekday or a day type), the windows that they
// stand for, and the sentence that says the same.

import type { WeekWindow } from "../api/types";
import { text, type WordOf, w, wordsOf } from "../words";

export const DAYS = wordsOf("Weekday");
/** Length of a painted cell, in minutes. */
export const CELL_MINUTES = 15;
export const DAY_MINUTES = 1440;
export const CELLS_PER_DAY = DAY_MINUTES / CELL_MINUTES;

/** Minutes from the row's midnight; `to` beyond 1440 is on the next day, earlier in it than `from`. */
export type Span = { from: number; to: number };
/** A weekday, or the number of a day type. */
export type RowKey = WordOf<"Weekday"> | number;
/** Spans of each row, ascending; a row that is not there has none. */
export type Rows = ReadonlyMap<RowKey, readonly Span[]>;

/** The minute of `HH:MM`, or of a looser way to write it; null if it is no time of day. */
function minuteOf(clock: string): number | null {
  const [, hours, minutes = "00"] = /^(\d{1,2})(?:[:.](\d{2}))?$/.exec(clock.trim()) ?? [];
  if (hours === undefined || Number(minutes) > 59) return null;
  const minute = Number(hours) * 60 + Number(minutes);
  return minute <= DAY_MINUTES ? minute : null;
}

/** `HH:MM` of a minute; 1440 is `24:00`, beyond it the clock begins anew. */
export function clockOf(minute: number): string {
  const shown = minute > DAY_MINUTES ? minute - DAY_MINUTES : minute;
  return `${String(Math.floor(shown / 60)).padStart(2, "0")}:${String(shown % 60).padStart(2, "0")}`;
}

function spanOf(from: string, to: string): Span | null {
  const [begin, end] = [minuteOf(from), minuteOf(to)];
  if (begin === null || end === null || begin === DAY_MINUTES) return null;
  const last = end === 0 ? DAY_MINUTES : end;
  if (last === begin) return null;
  return { from: begin, to: last > begin ? last : last + DAY_MINUTES };
}

/** Ascending; spans that touch become one, as long as that is shorter than a day and a night. */
function inOrder(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of spans.toSorted((one, other) => one.from - other.from || one.to - other.to)) {
    const last = merged.at(-1);
    const to = Math.max(last?.to ?? 0, span.to);
    if (last && span.from <= last.to && (to <= DAY_MINUTES || to - DAY_MINUTES < last.from)) last.to = to;
    else merged.push({ ...span });
  }
  return merged;
}

/** The spans after painting from one minute of the day to another. What is taken off at midnight takes the night after with it. */
export function painted(spans: readonly Span[], from: number, to: number, isOn: boolean): Span[] {
  if (isOn) return inOrder([...spans, { from, to }]);
  const end = to === DAY_MINUTES ? Number.POSITIVE_INFINITY : to;
  return inOrder(
    spans.flatMap((span) => {
      if (span.to <= from || span.from >= to) return [span];
      return [
        ...(span.from < from ? [{ from: span.from, to: from }] : []),
        ...(span.to > end ? [{ from: end, to: span.to }] : []),
      ];
    }),
  );
}

/** Whether the minutes of a cell are in the spans: all, some or none. */
export function fillOf(spans: readonly Span[], cell: number): "all" | "some" | "none" {
  const [from, to] = [cell * CELL_MINUTES, (cell + 1) * CELL_MINUTES];
  if (spans.some((span) => span.from <= from && span.to >= to)) return "all";
  return spans.some((span) => span.from < to && span.to > from) ? "some" : "none";
}

/** What goes on after midnight from a row into the next day, until which minute; 0 if nothing does. */
export function nightOf(spans: readonly Span[]): number {
  return Math.max(0, ...spans.map((span) => span.to - DAY_MINUTES));
}

/** Windows, row by row. */
export function rowsOf(windows: readonly WeekWindow[]): Rows {
  const rows = new Map<RowKey, Span[]>();
  for (const window of windows) {
    const span = spanOf(window.from, window.to);
    if (span === null) continue;
    for (const key of [...window.days, ...(window.day_types ?? [])]) rows.set(key, [...(rows.get(key) ?? []), span]);
  }
  return new Map([...rows].map(([key, spans]) => [key, inOrder(spans)]));
}

/** The fewest windows that say the same as the rows: spans alike on several days stand together. */
export function windowsOf(rows: Rows): WeekWindow[] {
  const spans = new Map<string, Span & { keys: RowKey[] }>();
  for (const [key, held] of rows) {
    for (const span of held) {
      const known = spans.get(`${span.from} ${span.to}`) ?? { ...span, keys: [] };
      known.keys.push(key);
      spans.set(`${span.from} ${span.to}`, known);
    }
  }
  return [...spans.values()]
    .toSorted((one, other) => one.from - other.from || one.to - other.to)
    .map(({ from, to, keys }) => ({
      days: DAYS.filter((day) => keys.includes(day)),
      day_types: keys.filter((key) => typeof key === "number").toSorted((one, other) => one - other),
      from: clockOf(from),
      to: clockOf(to),
    }));
}

/** `07:00–12:00, 22:00–06:00`; a word where there are none. */
export function spansText(spans: readonly Span[]): string {
  return spans.map(({ from, to }) => `${clockOf(from)}–${clockOf(to)}`).join(", ");
}

/** Spans as they were written; null if that is not understood. */
export function spansOf(written: string): Span[] | null {
  const parts = written
    .split(/[,;]/)
    .map((part) => part.trim())
    .filter((part) => part !== "" && part.toLowerCase() !== w.schedules.closed.toLowerCase());
  const spans = parts.map((part) => {
    const [from = "", to = "", more] = part.split(/\s*[-–]\s*/);
    return more === undefined ? spanOf(from, to) : null;
  });
  return spans.every((span) => span !== null) ? inOrder(spans) : null;
}

function daysSentence(days: readonly WordOf<"Weekday">[]): string[] {
  const places = days.map((day) => DAYS.indexOf(day)).toSorted((one, other) => one - other);
  const runs: number[][] = [];
  for (const place of places) {
    const run = runs.at(-1);
    if (run && place === (run.at(-1) ?? -9) + 1) run.push(place);
    else runs.push([place]);
  }
  const name = (place: number | undefined) => text("Weekday", DAYS[place ?? 0]);
  return runs.flatMap((run) => (run.length > 2 ? [`${name(run[0])}–${name(run.at(-1))}`] : run.map(name)));
}

/** What day types are called, by number. */
export type TypeName = (number: number) => string;

/** `Mon–Fri, Half day 07:00–19:00`. */
export function weekSentence(windows: readonly WeekWindow[], typeName: TypeName = String): string {
  if (windows.length === 0) return w.schedules.never;
  return windows
    .map((window) => {
      const types = window.day_types ?? [];
      const span = spanOf(window.from, window.to);
      const hours = `${window.from}–${window.to}${span && span.to > DAY_MINUTES ? ` ${w.schedules.nextDay}` : ""}`;
      if (window.days.length === DAYS.length && types.length === 0 && window.from === "00:00" && window.to === "24:00")
        return w.schedules.always;
      return `${[...daysSentence(window.days), ...types.map(typeName)].join(w.schedules.and)} ${hours}`;
    })
    .join("; ");
}

type Hours = { windows: readonly WeekWindow[]; exceptions?: readonly unknown[] };

/** The whole of a schedule: its windows, the day types on which it is closed, and how many days are otherwise. */
export function scheduleSentence(schedule: Hours, types: readonly { number: number; name: string }[]): string {
  const typeName = (number: number) => types.find((type) => type.number === number)?.name ?? String(number);
  const named = new Set(schedule.windows.flatMap((window) => window.day_types ?? []));
  const closed = types.filter((type) => !named.has(type.number)).map((type) => type.name);
  const others = schedule.exceptions?.length ?? 0;
  return [
    weekSentence(schedule.windows, typeName),
    ...(schedule.windows.length > 0 && closed.length > 0 ? [w.schedules.notOn(closed.join(w.schedules.and))] : []),
    ...(others > 0 ? [w.schedules.exceptionCount(others)] : []),
  ].join("; ");
}
