// Every word that the server can send has a text here, and no text stands for a word that is gone.

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { en } from "./en";

const root = resolve(import.meta.dirname, "../../../..");
// Vocabularies between agents and server that no page shows.
const notShown = ["Refusal", "CardKeyRole", "CardKeysBefore", "CardKind"];
const texts: Record<string, Record<string, string>> = en.vocabulary;

function rustFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return rustFiles(path);
    return entry.name.endsWith(".rs") ? [path] : [];
  });
}

function vocabularies(crate: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of rustFiles(join(root, crate))) {
    const source = readFileSync(file, "utf8");
    for (const [, body = ""] of source.matchAll(/^(?:crate|access_core)::words! \{(.*?)^\}/gms)) {
      const name = body.match(/pub(?:\([a-z]+\))? enum (\w+)/)?.[1] ?? "";
      found.set(
        name,
        [...body.matchAll(/^\s+\w+ = "([a-z0-9_]+)"/gm)].map((match) => match[1] ?? ""),
      );
    }
  }
  return found;
}

// Whatever doors and records can say must be shown; of the server's own words, those that have a table.
const core = [...vocabularies("access-core/src")].filter(([name]) => !notShown.includes(name));
const own = [...vocabularies("server/src")].filter(([name]) => name in texts);
const declared = new Map([...core, ...own]);

test("the vocabularies are found", () => {
  expect(declared.get("Reason")).toContain("granted");
  expect(declared.get("FingerPosition")).toHaveLength(10);
});

for (const [name, words] of declared) {
  test(`${name} has a text for every word`, () => {
    expect(Object.keys(texts[name] ?? {}).toSorted()).toEqual(words.toSorted());
  });
}

test("no vocabulary is left over", () => {
  expect(Object.keys(texts).filter((name) => !declared.has(name))).toEqual([]);
});

test("every capture fault and enrolment fault has a text", () => {
  for (const reason of [...(declared.get("CaptureFault") ?? []), ...(declared.get("EnrolmentFault") ?? [])]) {
    expect({ ...en.vocabulary.CaptureFault, ...en.vocabulary.EnrolmentFault }).toHaveProperty(reason);
  }
});

// Codes of problems stand where the server answers them; some end a dialogue at a station and are told there.
const codes = rustFiles(join(root, "server/src")).flatMap((file) => {
  if (/tests?(\.rs|\/)|testing|contract\.rs/.test(file)) return [];
  const source = readFileSync(file, "utf8");
  return [...source.matchAll(/ApiError::(?:Conflict|Gone)\(\s*"([a-z_]+)"/g)].map((match) => match[1] ?? "");
});

test("every problem has a text that says what is still true", () => {
  expect(codes).toContain("number_taken");
  const told = { ...en.enrolmentTrouble, ...en.problems };
  expect([...new Set(codes)].filter((code) => !(code in told)).toSorted()).toEqual([]);
});
