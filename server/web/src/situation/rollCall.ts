// A list of people in the order of a roll call: by site, area and name.

import type { Area, MusterPerson, Site } from "../api/types";

export type Part = { key: string; site: string; area: string; persons: MusterPerson[] };

const byName = (person: MusterPerson) =>
  person.name ? `${person.name.family} ${person.name.given}` : `\uffff${person.person_id}`;

/** Those without a name come last. */
export function rollCall(people: MusterPerson[], sites: Site[], areas: Area[]): Part[] {
  const parts = new Map<string, Part>();
  for (const person of people) {
    const part = parts.get(person.area_id);
    if (part) part.persons.push(person);
    else {
      parts.set(person.area_id, {
        key: person.area_id,
        site: sites.find((site) => site.id === person.site_id)?.name ?? "",
        area: areas.find((area) => area.id === person.area_id)?.name ?? "",
        persons: [person],
      });
    }
  }
  const compare = new Intl.Collator().compare;
  for (const part of parts.values()) part.persons.sort((one, other) => compare(byName(one), byName(other)));
  return [...parts.values()].sort((one, other) => compare(one.site, other.site) || compare(one.area, other.area));
}
