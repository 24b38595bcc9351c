// The rules asked: a refusal explained, the smallest change applied after its preview, who may pass where, versions compared, and the
// whole log decided again.
import { execFileSync } from "node:child_process";
import { expect, type Page, test } from "@playwright/test";
import { accessible, act, signIn } from "./desk";

const folder = process.env.PFORTE_BROWSER_FOLDER ?? "";
const program = `${process.env.CARGO_TARGET_DIR ?? "../../target"}/debug/pforte-server`;

async function look(page: Page, name: string) {
  await expect(page.locator(".MuiSkeleton-root")).toHaveCount(0);
  await page.screenshot({ path: `../../target/browser/pictures/rules-${name}.png` });
  await accessible(page);
}

test("why, what would help, what it changes, and who may pass", async ({ page }) => {
  test.setTimeout(180_000);
  await signIn(page);
  await act(page, { do: "tap", at: "main", card: "carla" });
  const refused = page.getByRole("list", { name: "Entries" }).getByRole("listitem").filter({ hasText: "Carla Celik" }).first();
  await expect(refused).toContainText(/[Bb]locked/);
  await act(page, { do: "remove", at: "main" });
  await refused.getByRole("button", { name: /^Why was Carla Celik refused/ }).click();
  const why = page.getByRole("dialog", { name: /Why was Carla Celik refused at Main entrance/ });
  await expect(why.getByRole("listitem")).toHaveCount(21);
  await expect(why).toContainText("A block stops the person, the card or a group.");
  await expect(why).toContainText("it comes out the same");
  await look(page, "why");

  // The smallest change, on the page where it is made; what it gives is shown before it is done.
  await why.getByRole("link", { name: "Lift the block" }).click();
  await expect(page).toHaveURL(/people\/[0-9a-f-]{36}/);
  const carla = /people\/([0-9a-f-]{36})/.exec(page.url())?.[1];
  await page.getByRole("button", { name: "Lift" }).first().click();
  await page.getByLabel("Reason").fill("cleared up");
  await page.getByRole("dialog").getByRole("button", { name: /Lift/ }).click();
  const preview = page.getByRole("dialog", { name: "What saving changes" });
  await expect(preview).toContainText("1 person gains access");
  await look(page, "preview");
  await preview.getByRole("button", { name: "Save" }).click();
  await expect(preview).toBeHidden();
  await expect(page.getByRole("dialog")).toHaveCount(0);

  // Where she may go, and who may pass a door.
  const where = page.getByRole("region", { name: "Where may this person go" });
  await where.getByRole("button", { name: /^Show/ }).click();
  await expect(where.getByRole("row").nth(1)).toBeVisible();
  await where.scrollIntoViewIfNeeded();
  await look(page, "where");
  await page.goto("/doors");
  await page.getByRole("table").getByRole("link", { name: "Main entrance" }).first().click();
  const who = page.getByRole("region", { name: "Who may open this door" });
  await who.getByRole("button", { name: /^Show/ }).click();
  // By pseudonym, so in any order: she may stand on the second page.
  const more = who.getByRole("button", { name: "Show more" });
  await expect(async () => {
    if (await more.isVisible()) await more.click();
    await expect(who).toContainText("Carla Celik", { timeout: 1_000 });
  }).toPass();
  await who.scrollIntoViewIfNeeded();
  await look(page, "who");

  // A level loses its doors: the preview says who loses what, and nothing is saved.
  await page.goto("/levels");
  await page.getByRole("button", { name: "Look for them" }).click();
  await look(page, "unused");
  await page.getByRole("table", { name: "Access levels" }).getByRole("link", { name: "Everything" }).click();
  await page.getByRole("combobox", { name: /Direction/ }).first().click();
  await page.getByRole("option", { name: "leaving" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(preview).toContainText(/lose/);
  await preview.getByRole("button", { name: "Show names" }).first().click();
  await look(page, "preview-level");
  await preview.getByRole("button", { name: "Back to editing" }).click();
  await expect(preview).toBeHidden();
  await page.goto("/levels");

  await page.getByRole("link", { name: "History" }).click();
  await expect(page.getByRole("table", { name: "History of the rules" })).toContainText("block");
  await page.getByRole("button", { name: /^Open version/ }).first().click();
  await expect(page.getByText("cleared up")).toBeVisible();
  await page.getByRole("button", { name: /^Compare version/ }).first().click();
  await expect(page.getByText("1 person gains access")).toBeVisible();
  await look(page, "history");
  // As it was: other tests meet her at a door.
  const answer = await page.request.post(`/api/v1/people/${carla}/blocks`, {
    data: { reason: "House ban until the inventory is found" },
    headers: { "x-pforte": "1" },
  });
  expect(answer.ok(), await answer.text()).toBe(true);
});

/** Shows what saving changes, which must say this, and saves: done once the server has answered. */
async function confirm(page: Page, said: string, path: RegExp) {
  const preview = page.getByRole("dialog", { name: "What saving changes" });
  await expect(preview).toContainText(said);
  const saved = page.waitForResponse((answer) => answer.request().method() === "POST" && path.test(answer.url()));
  await preview.getByRole("button", { name: "Save" }).click();
  expect((await saved).ok()).toBe(true);
  await expect(preview).toBeHidden();
}

test("painted hours refuse, say why, and the smallest change lets in", async ({ page }) => {
  test.setTimeout(180_000);
  const run = Date.now();
  const hours = `Another day ${run}`;
  const level = `Hall on another day ${run}`;
  // A day that is not today at the site, whenever this runs.
  const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", timeZone: "Europe/Berlin" }).format(run + 3 * 86_400_000);
  await signIn(page);
  await page.goto("/schedules/new");
  await page.getByLabel("Name").fill(hours);
  await page.getByRole("gridcell", { name: `${day} 08:00 to 08:15` }).click();
  for (let quarter = 0; quarter < 3; quarter++) await page.keyboard.press("Shift+ArrowRight");
  const spoken = page.getByRole("main").getByRole("status").filter({ hasText: `${day} 08:00–09:00` });
  await expect(spoken).toBeVisible();
  await page.getByRole("button", { name: "Save" }).click();
  await confirm(page, "Nobody gains or loses", /\/schedules$/);
  await page.goto("/levels/new");
  await page.getByLabel("Name").fill(level);
  const places = page.getByRole("group", { name: "Places of line 1" });
  await places.getByRole("searchbox").fill("server hall");
  await places.getByRole("checkbox", { name: /Server hall/ }).last().check();
  await page.getByRole("combobox", { name: "Hours" }).click();
  await page.getByRole("option", { name: hours }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await confirm(page, "Nobody gains or loses", /\/access-levels$/);

  // Bruno, who has no business in the hall, holds it.
  const people = await (await page.request.get("/api/v1/people?q=bruno+brandt")).json();
  const bruno: string = people.items[0].id;
  await page.goto(`/people/${bruno}/register?step=access`);
  await page.getByRole("combobox", { name: "Access level" }).click();
  await page.getByRole("option", { name: level }).click();
  await page.getByRole("button", { name: "Grant", exact: true }).click();
  await confirm(page, "1 person gains access", /\/grants$/);
  await expect(page.getByRole("list", { name: "Access" })).toContainText(level);

  await page.goto("/");
  await act(page, { do: "tap", at: "hall", card: "bruno" });
  const entries = page.getByRole("list", { name: "Entries" }).getByRole("listitem");
  const refused = entries.filter({ hasText: "Bruno Brandt" }).filter({ hasText: "Outside the permitted hours" }).first();
  await expect(refused).toContainText("Server hall");
  await act(page, { do: "remove", at: "hall" });
  await refused.getByRole("button", { name: /^Why was Bruno Brandt refused/ }).click();
  const why = page.getByRole("dialog", { name: /Why was Bruno Brandt refused at Server hall/ });
  await expect(why).toContainText(hours);
  await expect(why.getByRole("region", { name: "Each of these alone would let the person in" })).toContainText("Wait until");
  // The level that opens the fewest doors stands first; it is chosen already where it is granted.
  await why.getByRole("link", { name: "Grant the access level" }).first().click();
  await expect(page.getByRole("combobox", { name: "Access level" })).not.toBeEmpty();
  await page.getByRole("button", { name: "Grant", exact: true }).click();
  await confirm(page, "1 person gains access", /\/grants$/);

  await page.goto("/");
  await act(page, { do: "tap", at: "hall", card: "bruno" });
  await act(page, { do: "finger", at: "hall", finger: "bruno" });
  const granted = entries.filter({ hasText: "Bruno Brandt" }).filter({ hasText: "Server hall" }).filter({ hasText: "Granted" });
  await expect(granted.first()).toBeVisible();
  await act(page, { do: "push", door: "hall" });
  await expect(granted.first()).toContainText("passed");
  await act(page, { do: "lift", at: "hall" });
  await act(page, { do: "remove", at: "hall" });
});

test("everything in the log follows from the rules that it names", async () => {
  const day = 86_400_000;
  const at = (days: number) => new Date(Date.now() + days * day).toISOString();
  const within = ["--from", at(-400), "--to", at(1)];
  const said = execFileSync(program, ["replay", "--config", `${folder}/server.toml`, "--tenant", "plant", ...within], {
    encoding: "utf8",
  });
  expect(said).toMatch(/REPLAYED [1-9]\d* decisions: 0 different, \d+ ended by agents for no rule, (0 by [a-z ]+,? ?){3}$/m);
});
