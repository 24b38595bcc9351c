// What a rule is told to have said.

import { expect, test } from "vitest";
import { ruleText } from "./Why";

test("a rule that a controller alone could not ask is not told to have found what it looks for", () => {
  const rule = { rule: "anti_passback", answer: "failed" } as const;
  expect(ruleText({ ...rule, reason: "server_needed" })).toMatch(/^The controller decided alone\./);
  const found = ruleText({ ...rule, reason: "passed_back" });
  // It is about where the person stands, whichever side that is, and not about what the door leads to.
  expect(found).toContain("elsewhere than on the side of the door where the card was shown");
  expect(found).not.toContain("leads");
});
