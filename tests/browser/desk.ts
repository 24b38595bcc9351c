// What the tests' guard and visitor do: sign in, hold cards and fingers.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

const folder = process.env.PFORTE_BROWSER_FOLDER ?? "";

/** The code that the administrator's authenticator shows now. */
function code(): string {
  return execFileSync(`${process.env.CARGO_TARGET_DIR ?? "../../target"}/debug/pforte-demo`, ["--folder", folder, "--code"], { encoding: "utf8" }).trim();
}

/** Signs in through the page the first time; afterwards with the session that was begun: a code is good once. */
export async function signIn(page: Page) {
  const kept = `${folder}/browser-session.json`;
  if (existsSync(kept)) {
    await page.context().addCookies(JSON.parse(readFileSync(kept, "utf8")));
    await page.goto("/");
  } else {
    const accounts = JSON.parse(readFileSync(`${folder}/accounts.json`, "utf8"));
    await page.goto("/");
    // A plain field until the page knows that there are several to choose from.
    await page.getByRole("combobox", { name: "Organisation" }).click();
    await page.getByRole("option", { name: "Nordhafen data centre" }).click();
    await page.getByLabel(/^Name/).fill(accounts.plant.name);
    await page.getByLabel(/^Password/).fill(accounts.plant.password);
    await page.getByLabel("Code from your authenticator").fill(code());
    await page.getByRole("button", { name: "Sign in" }).click();
  }
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
  writeFileSync(kept, JSON.stringify(await page.context().cookies()));
}

/** Something done at the virtual doors, as the page Virtual door does it. */
export async function act(page: Page, command: Record<string, unknown>) {
  const answer = await page.request.post("/api/v1/demo/command", { data: command, headers: { "x-pforte": "1" } });
  expect(answer.ok(), `${JSON.stringify(command)}: ${await answer.text()}`).toBeTruthy();
}

/** axe finds nothing serious. */
export async function accessible(page: Page) {
  // Colours that are changing are let come to rest.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))));
  const found = await new AxeBuilder({ page }).analyze();
  const serious = found.violations.filter((violation) => ["serious", "critical"].includes(violation.impact ?? ""));
  expect(
    serious.map((violation) => `${violation.id}: ${violation.nodes[0]?.html} ${violation.nodes[0]?.failureSummary}`),
    page.url(),
  ).toEqual([]);
}

/** The operator attests that they saw a document. */
export async function sawDocument(page: Page) {
  await page.getByRole("combobox", { name: "Document seen" }).click();
  await page.getByRole("option", { name: "Passport" }).click();
  await page.getByRole("checkbox", { name: "I saw the original, and it shows this person" }).check();
}
