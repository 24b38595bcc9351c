// What rules that differ say, as text: `Card and finger → Card`. The server tells words, numbers and names; here they are read.

import type { Schema } from "../api/client";
import { weekSentence } from "../schedules/hours";
import { dayText, fullTime } from "../time";
import { text, w } from "../words";

export type RuleChange = Schema["RuleChange"];
type Fact = Schema["RuleFact"];
type Part = Schema["RulePart"];
type Item = Schema["RuleItem"];

/** What texts of facts are read with. */
export type Reader = {
  zone: string;
  /** What a day type is called. */
  typeName: (number: number) => string;
  /** What somebody is called, as far as it may be shown. */
  personName: (id: string) => string;
};

function numberText(field: Fact["field"], number: number): string {
  if (field.endsWith("_ms")) return w.facts.seconds(number / 1_000);
  const isCount = field === "persons_max" || field === "refusals";
  return isCount ? String(number) : w.facts.seconds(number);
}

function partText(part: Part, field: Fact["field"], reader: Reader): string {
  if ("word" in part) return text(part.word.of as Parameters<typeof text>[0], part.word.word);
  if ("number" in part) return numberText(field, part.number);
  if ("is" in part) return part.is ? w.facts.yes : w.facts.no;
  if ("name" in part) return part.name;
  if ("person_id" in part) return reader.personName(part.person_id);
  if ("credential_id" in part) return w.facts.aCard;
  if ("period" in part) {
    const { from, until } = part.period;
    const shown = (at: string | null | undefined) => (at ? fullTime(at, reader.zone) : "");
    return w.facts.period(shown(from), shown(until));
  }
  if ("window" in part) return weekSentence([part.window], reader.typeName);
  if ("day" in part) return dayText(part.day);
  if ("day_window" in part) return `${part.day_window.from}–${part.day_window.to}`;
  if ("day_type" in part) return reader.typeName(part.day_type);
  if ("always" in part) return w.schedules.always;
  return w.preview.more(part.more);
}

/** An item as it is read: the kind of a place and its name stand together, all else apart. */
function itemText(item: Item, field: Fact["field"], reader: Reader): string {
  const parts = item.parts.map((part, place) => {
    const before = item.parts[place - 1];
    const isName = before !== undefined && "word" in before && before.word.of === "PlaceKind" && "name" in part;
    const gap = place === 0 ? "" : isName ? " " : " · ";
    return gap + partText(part, field, reader);
  });
  return parts.join("");
}

function itemsText(items: readonly Item[], field: Fact["field"], reader: Reader): string {
  if (items.length === 0) return w.facts.nothing;
  return items.map((item) => itemText(item, field, reader)).join("; ");
}

/** `before → after`; of a rule that is new or goes, what it says. */
export function factText(fact: Fact, fate: RuleChange["fate"], reader: Reader): string {
  const before = itemsText(fact.before, fact.field, reader);
  const after = itemsText(fact.after, fact.field, reader);
  if (fate === "added") return after;
  return fate === "removed" ? before : w.facts.change(before, after);
}

/** Persons whom facts name. */
export function personsOf(rules: readonly RuleChange[]): string[] {
  const parts = rules.flatMap((rule) => rule.facts.flatMap((fact) => [...fact.before, ...fact.after]));
  const named = parts.flatMap((item) => item.parts).flatMap((part) => ("person_id" in part ? [part.person_id] : []));
  const own = rules.flatMap((rule) => (rule.kind === "person" && rule.id ? [rule.id] : []));
  return [...new Set([...own, ...named])];
}

/** Rules of which the same is to be said: a hundred persons who come into a group are one line. */
export function gathered(rules: readonly RuleChange[]): RuleChange[][] {
  const alike = new Map<string, RuleChange[]>();
  for (const rule of rules) {
    const key =
      rule.kind === "person" ? JSON.stringify([rule.fate, rule.facts]) : `${rule.kind} ${rule.id} ${rule.level}`;
    alike.set(key, [...(alike.get(key) ?? []), rule]);
  }
  return [...alike.values()];
}
