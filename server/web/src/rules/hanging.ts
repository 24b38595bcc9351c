// What goes by a schedule: a change of its hours changes these too, though no list of who may pass tells it.

import type { AccessLevel, Door } from "../api/types";
import { text, w } from "../words";

/** Things told of each kind. */
const TOLD_MAX = 12;

/** Doors by their modes and factors, and access levels, that go by a schedule, as lines: what they are, and which. */
export function hangingOn(schedule: string, doors: Door[], levels: AccessLevel[]): [string, string][] {
  const onIt = ({ schedule_id }: { schedule_id?: string | null }) => schedule_id === schedule;
  const modes = doors.flatMap((door) => {
    const words = (door.mode_lines ?? []).filter(onIt).map((line) => text("DoorMode", line.mode));
    return words.length === 0 ? [] : [w.facts.hangs(door.name, words.join(", "))];
  });
  const factors = doors.flatMap((door) => {
    const words = (door.factor_lines ?? [])
      .filter(onIt)
      .map((line) => w.facts.factorsOf(text("Sides", line.side), text("FactorDemand", line.factors)));
    return words.length === 0 ? [] : [w.facts.hangs(door.name, words.join(", "))];
  });
  const opened = levels.filter((level) => level.lines.some(onIt)).map((level) => level.name);
  const told = (items: string[]) => {
    const more = items.length - TOLD_MAX;
    return [...items.slice(0, TOLD_MAX), ...(more > 0 ? [w.preview.more(more)] : [])].join("; ");
  };
  const lines: [string, string[]][] = [
    [w.facts.modesByIt, modes],
    [w.facts.factorsByIt, factors],
    [w.facts.levelsByIt, opened],
  ];
  return lines.filter(([, items]) => items.length > 0).map(([label, items]) => [label, told(items)]);
}
