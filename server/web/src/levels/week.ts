// A week of half hours as it is painted, the windows it stands for, and the sentence that says the same.

import type { WeekWindow } from "../api/types";
import { text, type WordOf, w, wordsOf } from "../words";

export const DAYS = wordsOf("Weekday");
/** Length of a painted cell, in minutes. */
export const CELL_MINUTES = 30;
export const CELLS_PER_DAY = 1440 / CELL_MINUTES;

/** For each day of the week, which half hours are permitted. */
export type Week = boolean[][];

function minuteOf(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(":").map(Number);
  return hours * 60 + minutes;
}

/** `HH:MM` of a minute of the day; 1440 is `24:00`. */
export function clockOf(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

/** Whether the windows begin and end on half hours, so that they can be painted without change. */
export function isPaintable(windows: readonly WeekWindow[]): boolean {
  return windows.every((window) => [window.from, window.to].every((clock) => minuteOf(clock) % CELL_MINUTES === 0));
}

/** Windows as a painted week. */
export function weekOf(windows: readonly WeekWindow[]): Week {
  const week: Week = DAYS.map(() => Array.from({ length: CELLS_PER_DAY }, () => false));
  for (const window of windows) {
    const from = minuteOf(window.from);
    const to = minuteOf(window.to);
    // One that does not end after it begins ends on the next day.
    const end = to > from ? to : to + 1440;
    for (const day of window.days) {
      const first = DAYS.indexOf(day);
      for (let cell = Math.floor(from / CELL_MINUTES); cell < Math.ceil(end / CELL_MINUTES); cell += 1) {
        const row = week[(first + Math.floor(cell / CELLS_PER_DAY)) % DAYS.length];
        if (row) row[cell % CELLS_PER_DAY] = true;
      }
    }
  }
  return week;
}

/** The fewest windows that say the same as a painted week: stretches alike on several days stand together. */
export function windowsOf(week: Week): WeekWindow[] {
  const total = DAYS.length * CELLS_PER_DAY;
  const isOn = (cell: number) => {
    const at = (cell + total) % total;
    return week[Math.floor(at / CELLS_PER_DAY)]?.[at % CELLS_PER_DAY] ?? false;
  };
  const stretches = new Map<string, { from: number; length: number; days: WordOf<"Weekday">[] }>();
  const note = (first: number, length: number) => {
    const day = DAYS[Math.floor(first / CELLS_PER_DAY) % DAYS.length] ?? "mon";
    const from = first % CELLS_PER_DAY;
    const key = `${from} ${length}`;
    const known = stretches.get(key) ?? { from, length, days: [] };
    known.days.push(day);
    stretches.set(key, known);
  };
  for (let cell = 0; cell < total; cell += 1) {
    if (!isOn(cell)) continue;
    const isMidnight = cell % CELLS_PER_DAY === 0;
    const end = () => {
      let length = 1;
      while (isOn(cell + length) && length < total) length += 1;
      return length;
    };
    // A stretch begins where the one before ended; over midnight it may go on for less than a day.
    if (isOn(cell - 1) && !isMidnight) continue;
    const length = end();
    if (isMidnight && isOn(cell - 1)) {
      let before = 1;
      while (isOn(cell - 1 - before) && before < total) before += 1;
      // It was taken in by the evening before.
      if (before < CELLS_PER_DAY && before + length < CELLS_PER_DAY) continue;
    }
    const untilMidnight = CELLS_PER_DAY - (cell % CELLS_PER_DAY);
    const goesOver = length > untilMidnight && length < CELLS_PER_DAY && !isMidnight;
    note(cell, goesOver ? length : Math.min(length, untilMidnight));
  }
  return [...stretches.values()]
    .toSorted((one, other) => one.from - other.from || one.length - other.length)
    .map(({ from, length, days }) => {
      const begin = from * CELL_MINUTES;
      const end = begin + length * CELL_MINUTES;
      return { days, from: clockOf(begin), to: clockOf(end > 1440 ? end - 1440 : end) };
    });
}

function daysSentence(days: readonly WordOf<"Weekday">[]): string {
  const places = days.map((day) => DAYS.indexOf(day)).toSorted((one, other) => one - other);
  const runs: number[][] = [];
  for (const place of places) {
    const run = runs.at(-1);
    if (run && place === (run.at(-1) ?? -9) + 1) run.push(place);
    else runs.push([place]);
  }
  const name = (place: number | undefined) => text("Weekday", DAYS[place ?? 0]);
  return runs
    .map((run) => {
      if (run.length > 2) return `${name(run[0])}–${name(run.at(-1))}`;
      return run.map(name).join(w.schedules.and);
    })
    .join(w.schedules.and);
}

/** `Mon–Fri 07:00–19:00`. */
export function weekSentence(windows: readonly WeekWindow[]): string {
  if (windows.length === 0) return w.schedules.never;
  const isAlways = windows.some(
    (window) => window.days.length === 7 && window.from === "00:00" && window.to === "24:00",
  );
  if (isAlways) return w.schedules.always;
  return windows
    .map((window) => {
      const isNextDay = minuteOf(window.to) <= minuteOf(window.from);
      return `${daysSentence(window.days)} ${window.from}–${window.to}${isNextDay ? ` ${w.schedules.nextDay}` : ""}`;
    })
    .join("; ");
}
