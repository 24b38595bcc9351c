// Times as people read them, by the clock of the site. Relative time only ever stands beside.

import { w } from "./words";

type Style = "full" | "date" | "day" | "clock" | "minute";

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, style: Style): Intl.DateTimeFormat {
  const key = `${zone} ${style}`;
  let found = formats.get(key);
  if (found === undefined) {
    const day = { weekday: "short", day: "numeric", month: "short" } as const;
    const clock = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;
    const parts = {
      full: { ...day, ...clock },
      date: { ...day, year: "numeric" },
      day,
      clock,
      minute: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    } as const;
    found = new Intl.DateTimeFormat(w.locale, { timeZone: zone, ...parts[style] });
    formats.set(key, found);
  }
  return found;
}

function show(at: string | Date, zone: string, style: Style): string {
  const date = typeof at === "string" ? new Date(at) : at;
  return format(zone, style).format(date).replaceAll(",", "");
}

/** `Mon 23 Nov 14:05:09`; with the year if it is not this one. */
export function fullTime(at: string, zone: string, now: Date = new Date()): string {
  if (new Date(at).getFullYear() === now.getFullYear()) return show(at, zone, "full");
  return `${show(at, zone, "date")} ${show(at, zone, "clock")}`;
}

/** `14:05:09`. */
export function clockTime(at: string | Date, zone: string): string {
  return show(at, zone, "clock");
}

/** `14:05`. */
export function minuteTime(at: string | Date, zone: string): string {
  return show(at, zone, "minute");
}

/** `Mon 23 Nov 2026`. */
export function dateOf(at: string | Date, zone: string): string {
  return show(at, zone, "date");
}

/** `Mon 23 Nov 2026`, of a calendar day as the API writes it: it is the same in every zone. */
export function dayText(day: string): string {
  return show(`${day}T12:00:00Z`, "UTC", "date");
}

/** `November 2026`; months count from 0. */
export function monthText(year: number, month: number): string {
  const format = new Intl.DateTimeFormat(w.locale, { timeZone: "UTC", month: "long", year: "numeric" });
  return format.format(new Date(Date.UTC(year, month, 15)));
}

/** `Mon 23 Nov`. */
export function dayOf(at: string, zone: string): string {
  return show(at, zone, "day");
}

/** Whether it is of this day, by the clock of the zone. */
export function isToday(at: string, zone: string, now: Date = new Date()): boolean {
  return show(at, zone, "date") === show(now, zone, "date");
}

/** `14:05:09` today, else `Mon 23 Nov 14:05:09`. */
export function shortTime(at: string, zone: string, now: Date = new Date()): string {
  return isToday(at, zone, now) ? clockTime(at, zone) : fullTime(at, zone, now);
}

/** A browser's clock is taken to lag behind by no more, in seconds. */
const CLOCK_LAG_S = 300;

/** `3 minutes ago`, `in 5 hours`. */
export function relativeTime(at: string, now: Date): string {
  // A clock that lags behind the server's must not speak of the future; what ends in an hour does.
  const ahead = Math.round((new Date(at).getTime() - now.getTime()) / 1000);
  const seconds = ahead > CLOCK_LAG_S ? ahead : Math.min(0, ahead);
  const steps: [Intl.RelativeTimeFormatUnit, number][] = [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ];
  const words = new Intl.RelativeTimeFormat(w.locale, { numeric: "auto" });
  const step = steps.find(([, length]) => Math.abs(seconds) >= length);
  return step ? words.format(Math.trunc(seconds / step[1]), step[0]) : words.format(seconds, "second");
}

function offsetMs(instant: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(new Date(instant));
  const part = (type: string) => Number(parts.find((found) => found.type === type)?.value);
  const wall = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return wall - Math.floor(instant / 1000) * 1000;
}

/** The instant of a wall time (`2026-11-23T14:05`) in a zone, as the API wants it; null if it is none. */
export function instantOf(wall: string, zone: string): string | null {
  const asUtc = Date.parse(`${wall.length === 10 ? `${wall}T00:00` : wall}Z`);
  if (Number.isNaN(asUtc)) return null;
  // The offset at the guess may not be the one at the result, near a change of the clocks: look twice.
  const guess = asUtc - offsetMs(asUtc, zone);
  return new Date(asUtc - offsetMs(guess, zone)).toISOString();
}

/** The wall time in a zone of an instant, as date-time inputs want it: `2026-11-23T14:05`. */
export function wallOf(at: string | Date, zone: string): string {
  const instant = new Date(at).getTime();
  return new Date(instant + offsetMs(instant, zone)).toISOString().slice(0, 16);
}

export type Span = { from: string; until: string };

/** `Mon 23 Nov 07:00–19:00`; days that follow each other with the same hours are one: `Mon 23 Nov – Fri 27 Nov 07:00–19:00`. */
export function spansText(spans: readonly Span[], zone: string): string[] {
  const hours = (span: Span) => {
    const end = minuteTime(span.until, zone);
    return `${minuteTime(span.from, zone)}–${end === "00:00" ? "24:00" : end}`;
  };
  const runs: { first: Span; last: Span; hours: string }[] = [];
  for (const span of spans) {
    const run = runs.at(-1);
    const isNext =
      run !== undefined &&
      run.hours === hours(span) &&
      wallOf(new Date(Date.parse(`${wallOf(run.last.from, zone)}Z`) + DAY_MS), "UTC") === wallOf(span.from, zone);
    if (isNext) run.last = span;
    else runs.push({ first: span, last: span, hours: hours(span) });
  }
  return runs.map(({ first, last, hours: at }) => {
    const isLong = Date.parse(first.until) - Date.parse(first.from) > DAY_MS;
    if (isLong)
      return `${dayOf(first.from, zone)} ${minuteTime(first.from, zone)} – ${dayOf(first.until, zone)} ${minuteTime(first.until, zone)}`;
    return first === last
      ? `${dayOf(first.from, zone)} ${at}`
      : `${dayOf(first.from, zone)} – ${dayOf(last.from, zone)} ${at}`;
  });
}

const DAY_MS = 86_400_000;
