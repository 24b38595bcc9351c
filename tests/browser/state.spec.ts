// The rules of places and what operators set: an area on its map, a lockdown from its first step to its end, a door's mode,
// and who is inside.
import { expect, type Page, test } from "@playwright/test";
import { accessible, act, signIn } from "./desk";

/** Shows what saving changes, which must say all of this, and saves. */
async function confirm(page: Page, ...said: (string | RegExp)[]) {
  const preview = page.getByRole("dialog", { name: "What saving changes" });
  for (const words of said) await expect(preview).toContainText(words);
  await accessible(page);
  await preview.getByRole("button", { name: "Save", exact: true }).click();
  await expect(preview).toBeHidden();
}

/** The reason of the dialog that is open, and its button. */
async function because(page: Page, reason: string, submit: string) {
  const dialog = page.getByRole("dialog").last();
  await dialog.getByLabel("Reason").fill(reason);
  await dialog.getByRole("button", { name: submit, exact: true }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
}

test("an area is chosen on the map by keyboard, and its rules are changed", async ({ page }) => {
  await signIn(page);
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Areas" }).click();
  const map = page.getByRole("region", { name: /^Map of/ });
  await map.getByRole("button", { name: /Server room|Server hall|Lobby/ }).first().focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/area=/);
  await accessible(page);
  await page.getByRole("button", { name: /^Rules of/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Most persons").fill("400");
  await dialog.getByRole("button", { name: "Save" }).click();
  // What no list of persons shows is told in words.
  await confirm(page, "Nobody gains or loses a door by grants and hours", /Area .+ changes/, "Most personsnone → 400");
  await expect(page.getByText("At most 400 persons").first()).toBeVisible();
  // Back to any number lets in more people: it is refused without a reason.
  await page.getByRole("button", { name: /^Rules of/ }).click();
  await dialog.getByLabel("Most persons").fill("");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toContainText("say why");
  await dialog.getByLabel(/^Reason/).fill("only a trial");
  await dialog.getByRole("button", { name: "Save" }).click();
  await confirm(page, "Most persons400 → none");
  await expect(dialog).toBeHidden();
  await expect(page.getByText("At most 400 persons")).toHaveCount(0);
});

test("a lockdown takes two steps, is seen everywhere, is confirmed by every door, and ends", async ({ page }) => {
  await signIn(page);
  await page.goto("/lockdown");
  await expect(page.getByText("No threat level is in force.")).toBeVisible();
  const begin = page.getByRole("region", { name: "Begin a lockdown" });
  await expect(begin).toContainText("will refuse everybody on the way in");
  await begin.getByRole("button", { name: "Continue to the second step" }).click();
  const state = await (await page.request.get("/api/v1/state")).json();
  expect(state.threat_levels, "nothing happened at the first step").toEqual([]);
  await because(page, "a drill", "Lock down now");
  const banner = page.getByRole("complementary", { name: "What is in force" });
  await expect(banner).toContainText("Lockdown · Everywhere");
  await expect(page.getByRole("status").filter({ hasText: "All doors confirmed." })).toBeVisible();
  await accessible(page);
  await page.screenshot({ path: "../../target/browser/pictures/lockdown-in-force.png" });
  try {
    for (const path of ["/people", "/doors", "/events"]) {
      await page.goto(path);
      await expect(banner).toContainText("Lockdown · Everywhere");
      await expect(banner).toContainText("confirmed");
    }
    await page.goto("/");
    await act(page, { do: "tap", at: "main", card: "amira" });
    // The card stays until it was read: one that is taken away at once may not be.
    await expect(page.getByRole("list", { name: "Entries" })).toContainText("Lockdown");
    await act(page, { do: "remove", at: "main" });
  } finally {
    await page.goto("/lockdown");
    await page.getByRole("button", { name: "End Lockdown, Everywhere" }).click();
    await because(page, "the drill is over", "End it");
  }
  await expect(banner).toBeEmpty();
  const history = page.getByRole("table", { name: "Begun and ended" });
  await expect(history.getByRole("row").nth(1)).toContainText("the drill is over");
  await expect(history.getByRole("row").nth(2)).toContainText("a drill");
});

test("a mode has an end and is taken back", async ({ page }) => {
  await signIn(page);
  await page.goto("/doors");
  await page.getByRole("link", { name: "Main entrance" }).click();
  await page.getByRole("button", { name: "Set the mode of Main entrance" }).click();
  await because(page, "the lock is being serviced", "Set mode");
  const now = page.getByRole("region", { name: "Mode now" });
  await expect(now).toContainText("Locked: responders only");
  await expect(now).toContainText("Set by");
  await expect(now).toContainText("Confirmed");
  await page.getByRole("button", { name: "End the mode of Main entrance" }).click();
  await because(page, "done", "Back to its hours");
  await expect(now).toContainText("Normal: by its rules");
});

test("who is inside is counted by area, searched, and forgotten with a reason", async ({ page }) => {
  await signIn(page);
  // At night everybody may have left.
  await page.goto("/demo");
  const door = page.getByRole("region", { name: "Main entrance", exact: true });
  await act(page, { do: "tap", at: "main", card: "amira" });
  await act(page, { do: "finger", at: "main", finger: "amira" });
  await expect(door).toContainText("released");
  await act(page, { do: "push", door: "main" });
  await expect(door).toContainText("open");
  await act(page, { do: "lift", at: "main" });
  await act(page, { do: "remove", at: "main" });
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Who is inside" }).click();
  const persons = page.getByRole("table", { name: "Persons" });
  await expect(persons.getByRole("row").nth(1)).toBeVisible();
  const name = await persons.getByRole("row").nth(1).getByRole("link").first().innerText();
  await page.getByLabel("Search name or number").fill(name);
  await expect(persons.getByRole("row")).toHaveCount(2);
  await accessible(page);
  await persons.getByRole("button", { name: `Forget the whereabouts of ${name}` }).click();
  await because(page, "left by the loading bay", "Forget whereabouts");
  await expect(page.getByText("Nobody is known to be here.")).toBeVisible();
  await page.getByLabel("Search name or number").fill("");
  // What would be printed is the whole list, which the window does not cut.
  await page.evaluate(() => {
    window.print = () => {};
  });
  await page.getByRole("button", { name: "Print the list" }).click();
  await expect(page.getByTestId("printed-muster")).toContainText("Who is inside:");
});
