import { expect, test } from "vitest";
import type { Area, MusterPerson, Site } from "../api/types";
import { rollCall } from "./rollCall";

const person = (id: string, family: string | null, area: string) =>
  ({
    person_id: id,
    name: family === null ? null : { given: "A", family },
    area_id: area,
    site_id: area === "yard" ? "s" : "n",
  }) as MusterPerson;

test("a roll call goes by site, area and family name", () => {
  const sites = [
    { id: "n", name: "North" },
    { id: "s", name: "South" },
  ] as Site[];
  const areas = [
    { id: "yard", name: "Yard" },
    { id: "hall", name: "Hall" },
    { id: "attic", name: "Attic" },
  ] as Area[];
  const people = [
    person("1", "Zander", "hall"),
    person("2", null, "hall"),
    person("3", "Ärmel", "hall"),
    person("4", "Meier", "yard"),
    person("5", "Meier", "attic"),
  ];
  const parts = rollCall(people, sites, areas);
  expect(parts.map((part) => `${part.site} ${part.area}`)).toEqual(["North Attic", "North Hall", "South Yard"]);
  expect(parts[1]?.persons.map((found) => found.person_id)).toEqual(["3", "1", "2"]);
});
