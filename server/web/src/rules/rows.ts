// Rows of the history in words, for what no rule tells: a name that changed, a legal basis, which controller a door hangs on.

import type { Schema } from "../api/client";
import { fullTime } from "../time";
import { text, w } from "../words";

type Row = Schema["ChangedRow"];
type Values = Record<string, unknown>;
type Vocabulary = Parameters<typeof text>[0];

/** What texts of rows are read with. */
export type RowReader = {
  zone: string;
  /** What a thing is called that is no person; empty if that is not known. */
  thingName: (id: string) => string;
  /** What somebody is called, as far as it may be shown. */
  personName: (id: string) => string;
};

/** Of a row, what it is about, whether it is new or gone, and what of it differs. */
export type RowText = { what: string; name: string; fate: "added" | "changed" | "removed"; lines: [string, string][] };

/** Bookkeeping: who and when stands above, and the rest is nobody's business. */
const quiet = /^(id|tenant_id|row_version|place|created_(at|by)|enrolled_by|recorded_(at|by)|sensor_type)$/;

/** Fields whose words are of a vocabulary; by table where they differ. */
const words: Record<string, Vocabulary> = {
  "persons.state": "PersonState",
  "credentials.state": "CredentialState",
  "legal_bases.kind": "LegalBasisKind",
  kind: "PlaceKind",
  place_kind: "PlaceKind",
  factors: "FactorDemand",
  factors_in: "FactorDemand",
  factors_out: "FactorDemand",
  exit: "Exit",
  mode: "DoorMode",
  side: "Sides",
  sides: "Sides",
  anti_passback: "AntiPassbackKind",
  exemption_ground: "ExemptionGround",
  position: "FingerPosition",
  strength: "Assurance",
};

const isId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const isInstant = /^\d{4}-\d\d-\d\dT/;

function idText(field: string, id: string, reader: RowReader): string {
  if (field.endsWith("person_id")) return reader.personName(id);
  if (field === "credential_id") return w.facts.aCard;
  return reader.thingName(id) || w.history.goneSince;
}

function valueText(table: string, field: string, value: unknown, reader: RowReader): string {
  if (value === null || value === undefined) return w.facts.nothing;
  if (typeof value === "boolean") return value ? w.facts.yes : w.facts.no;
  if (typeof value === "number") {
    if (field.endsWith("_ms")) return w.facts.seconds(value / 1_000);
    return field.endsWith("_s") ? w.facts.seconds(value) : String(value);
  }
  if (Array.isArray(value)) return value.map((item) => valueText(table, field, item, reader)).join(", ");
  const said = String(value);
  if (isId.test(said)) return idText(field, said, reader);
  if (isInstant.test(said)) return fullTime(said, reader.zone);
  const vocabulary = words[`${table}.${field}`] ?? words[field];
  return vocabulary ? text(vocabulary, said) : said;
}

/** A field as it is read: `area_inside_id` is what rules call `inside`. */
function fieldText(field: string): string {
  const own: Record<string, string> = w.history.fields;
  const short = field.replace(/_id$/, "");
  const called: Record<string, string> = w.vocabulary.RuleField;
  const plain = short.replaceAll("_", " ");
  return own[short] ?? called[short] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** What a row is called: its own name, or that of the first thing it is of. */
function nameOf(values: Values, reader: RowReader): string {
  if (typeof values.name === "string") return values.name;
  if (typeof values.label === "string") return values.label;
  for (const field of ["door_id", "level_id", "schedule_id", "group_id", "calendar_id", "interlock_id", "person_id"]) {
    const id = values[field];
    if (typeof id === "string") return idText(field, id, reader);
  }
  return "";
}

export function rowText(row: Row, reader: RowReader): RowText {
  const before = (row.before ?? null) as Values | null;
  const after = (row.after ?? null) as Values | null;
  const fate = before === null ? "added" : after === null ? "removed" : "changed";
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter(
    (field) => !quiet.test(field),
  );
  const differs = (field: string) => JSON.stringify(before?.[field] ?? null) !== JSON.stringify(after?.[field] ?? null);
  const tables: Record<string, string> = w.history.tables;
  return {
    what: tables[row.table] ?? row.table.replaceAll("_", " "),
    name: nameOf({ ...before, ...after }, reader),
    fate,
    lines: fields.filter(differs).map((field) => {
      const [was, is] = [before, after].map((values) => valueText(row.table, field, values?.[field], reader));
      const said = fate === "changed" ? w.facts.change(was ?? "", is ?? "") : fate === "added" ? is : was;
      return [fieldText(field), said ?? ""];
    }),
  };
}

/** Persons whom rows name. */
export function personsIn(rows: readonly Row[]): string[] {
  const ids = rows.flatMap((row) => {
    const values = { ...(row.before as Values | null), ...(row.after as Values | null) };
    const own = row.table === "persons" ? [values.id] : [];
    return [
      ...own,
      ...Object.entries(values).flatMap(([field, value]) => (field.endsWith("person_id") ? [value] : [])),
    ];
  });
  return [...new Set(ids.filter((id) => typeof id === "string"))];
}
