import { expect, test } from "vitest";
import { fullTime } from "../time";
import { personsIn, type RowReader, rowText } from "./rows";

const hall = "01a2299d-e58b-72de-80f4-dcbe5fc8b643";
const anna = "b8bf2224-e93d-49c2-89b1-929fd1bcfa38";
const reader: RowReader = {
  zone: "UTC",
  thingName: (id) => (id === hall ? "Great hall" : ""),
  personName: (id) => (id === anna ? "Anna" : "a person"),
};
type Row = Parameters<typeof rowText>[0];
const row = (table: string, before: object | null, after: object | null) => ({ table, key: {}, before, after }) as Row;

test("a name that changed is told as it was and as it is, without bookkeeping", () => {
  const said = rowText(
    row("doors", { id: hall, name: "Main", row_version: 1 }, { id: hall, name: "Front", row_version: 2 }),
    reader,
  );
  expect(said).toEqual({ what: "Door", name: "Front", fate: "changed", lines: [["Name", "Main → Front"]] });
});

test("ids are names, words are texts, numbers have units", () => {
  const door = { name: "Main", area_inside_id: hall, factors_in: "card_finger", release_ms: 5000, has_contact: true };
  expect(rowText(row("doors", null, door), reader).lines).toEqual([
    ["Name", "Main"],
    ["Area inside", "Great hall"],
    ["To enter", "Card + finger"],
    ["Strike energised for", "5 s"],
    ["Contact", "yes"],
  ]);
  const gone = { door_id: hall, agent_id: "01a2299d-e57f-731f-97a5-3e2e8ec3686f" };
  const said = rowText(row("agent_doors", gone, null), reader);
  expect([said.what, said.name, said.fate]).toEqual(["Controller of a door", "Great hall", "removed"]);
  expect(said.lines).toContainEqual(["Controller", "something that is gone since"]);
});

test("a word is one of its table's vocabulary, and a person is called as far as it may be shown", () => {
  const card = { person_id: anna, label: "…B2C3", state: "lost", valid_until: "2026-01-02T03:04:05+00:00" };
  const { lines, name } = rowText(row("credentials", { ...card, state: "active" }, card), reader);
  expect([name, lines]).toEqual(["…B2C3", [["State", "Active → Lost"]]]);
  expect(rowText(row("credentials", null, card), reader).lines).toContainEqual([
    "Until",
    fullTime(card.valid_until, "UTC"),
  ]);
  expect(rowText(row("legal_bases", null, { person_id: anna, kind: "consent" }), reader).name).toBe("Anna");
  expect(personsIn([row("persons", null, { id: anna }), row("grants", { person_id: anna }, null)])).toEqual([anna]);
});

test("a field or table that this page is too old to know is shown as it is", () => {
  const said = rowText(row("new_things", null, { some_field: "some word" }), reader);
  expect(said).toMatchObject({ what: "new things", lines: [["Some field", "some word"]] });
});
