// One text for each rule of RULES.md and each answer.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { en } from "./en";

test("every rule of RULES.md is explained, in its order, and no other", () => {
  const document = readFileSync(resolve(import.meta.dirname, "../../../../access-core/RULES.md"), "utf8");
  const rules = [...document.matchAll(/^\| \d+ \| `([a-z_]+)`/gm)].map((match) => match[1]);
  expect(rules.length).toBeGreaterThan(20);
  expect(Object.keys(en.explained)).toEqual(rules);
  for (const [rule, texts] of Object.entries(en.explained)) {
    expect(Object.keys(texts), rule).toEqual(Object.keys(en.vocabulary.Answer));
    for (const text of Object.values(texts)) expect(text.length, rule).toBeGreaterThan(5);
  }
});
