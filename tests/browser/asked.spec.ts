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
  await expect(who).toContainText("Carla Celik");
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

test("everything in the log follows from the rules that it names", async () => {
  const day = 86_400_000;
  const at = (days: number) => new Date(Date.now() + days * day).toISOString();
  const within = ["--from", at(-400), "--to", at(1)];
  const said = execFileSync(program, ["replay", "--config", `${folder}/server.toml`, "--tenant", "plant", ...within], {
    encoding: "utf8",
  });
  expect(said).toMatch(/REPLAYED [1-9]\d* decisions: 0 different, \d+ ended by agents for no rule, 0 by other rules, 0 by rules/);
});
