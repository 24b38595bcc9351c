// What the tests' guard and visitor do: sign in, hold cards and fingers.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

const folder = process.env.PFORTE_BROWSER_FOLDER ?? "";

/** The code that the administrator's authenticator shows now. Each is good once: the next one is waited for. */
let lastCode = "";
async function freshCode(): Promise<string> {
  let code = "";
  await expect
    .poll(
      () => {
        code = execFileSync("../../target/debug/pforte-demo", ["--folder", folder, "--code"], { encoding: "utf8" }).trim();
        return code;
      },
      { timeout: 40_000, intervals: [500] },
    )
    .not.toBe(lastCode);
  lastCode = code;
  return code;
}

export async function signIn(page: Page) {
  const accounts = JSON.parse(readFileSync(`${folder}/accounts.json`, "utf8"));
  await page.goto("/");
  const organisation = page.getByLabel("Organisation");
  await expect(organisation).toBeVisible();
  await chooseOrFill(page, "Organisation", "plant");
  await page.getByLabel("Name", { exact: true }).fill(accounts.plant.name);
  await page.getByLabel("Password", { exact: true }).fill(accounts.plant.password);
  await page.getByLabel("Code from your authenticator").fill(await freshCode());
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
}

async function chooseOrFill(page: Page, label: string, value: string) {
  const field = page.getByLabel(label);
  if ((await field.getAttribute("role")) === "combobox") {
    await field.click();
    await page.getByRole("option", { name: "Nordhafen data centre" }).click();
  } else {
    await field.fill(value);
  }
}

/** Something done at the virtual doors, as the page Virtual door does it. */
export async function act(page: Page, command: Record<string, unknown>) {
  const answer = await page.request.post("/api/v1/demo/command", { data: command, headers: { "x-pforte": "1" } });
  expect(answer.ok(), `${JSON.stringify(command)}: ${await answer.text()}`).toBeTruthy();
}

/** axe finds nothing serious. */
export async function accessible(page: Page) {
  const found = await new AxeBuilder({ page }).analyze();
  const serious = found.violations.filter((violation) => ["serious", "critical"].includes(violation.impact ?? ""));
  expect(serious.map((violation) => `${violation.id}: ${violation.nodes[0]?.html}`)).toEqual([]);
}
