// A year of days as a calendar shows it: months of weeks that begin on Monday, in days as the API writes them.

/** `2026-12-24`. */
export type Day = string;

/** The day some days after another. */
export function dayAfter(day: Day, days: number): Day {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** Monday is 0. */
export function weekdayOf(day: Day): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
}

/** The weeks of a month, 0 to 11: seven days each, null where a day is of another month. */
export function weeksOf(year: number, month: number): (Day | null)[][] {
  const first = `${String(year).padStart(4, "0")}-${String(month + 1).padStart(2, "0")}-01`;
  const days: (Day | null)[] = Array.from({ length: weekdayOf(first) }, () => null);
  for (let day = first; day.slice(0, 7) === first.slice(0, 7); day = dayAfter(day, 1)) days.push(day);
  while (days.length % 7 > 0) days.push(null);
  return Array.from({ length: days.length / 7 }, (_, week) => days.slice(week * 7, week * 7 + 7));
}

/** The days from one to another, whichever is first. */
export function daysBetween(one: Day, other: Day): Day[] {
  const [first, last] = one < other ? [one, other] : [other, one];
  const days: Day[] = [];
  for (let day = first; day <= last; day = dayAfter(day, 1)) days.push(day);
  return days;
}

/** The same date a year later; none for 29 February. */
export function yearLater(day: Day): Day | null {
  const later = `${String(Number(day.slice(0, 4)) + 1).padStart(4, "0")}${day.slice(4)}`;
  const date = new Date(`${later}T00:00:00Z`);
  return Number.isNaN(date.getTime()) || date.toISOString().slice(0, 10) !== later ? null : later;
}
