// Editors of what no list of persons shows: each tells what it changes before it saves, rule by rule; and a card and a grant are given
// another period, where a refusal said that it would help.
import { expect, type Page, test } from "@playwright/test";
import { accessible, act, signIn } from "./desk";

// Every preview is looked at four times.
test.setTimeout(240_000);

/** Names of a run's own: the demo may be one that was used before. */
const run = Date.now();

/** What saving changes, which must say all of this. */
async function told(page: Page, ...said: (string | RegExp)[]) {
  const preview = page.getByRole("dialog", { name: "What saving changes" });
  for (const words of said) await expect(preview).toContainText(words);
  return preview;
}

/** Looks at what is open in light and dark, at a desk and on a tablet. */
async function look(page: Page, picture: string) {
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const [size, viewport] of [
      ["tablet", { width: 1024, height: 768 }],
      ["desk", { width: 1440, height: 900 }],
    ] as const) {
      await page.setViewportSize(viewport);
      await accessible(page);
      await page.screenshot({ path: `../../target/browser/pictures/previewed-${picture}-${colorScheme}-${size}.png` });
    }
  }
}

async function confirm(page: Page, picture: string, ...said: (string | RegExp)[]) {
  const preview = await told(page, ...said);
  await look(page, picture);
  await preview.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
}

const dialog = (page: Page) => page.getByRole("dialog").last();

test("what a door demands, and that there is a new one, is told first", async ({ page }) => {
  await signIn(page);
  await page.goto("/doors");
  await page.getByRole("button", { name: "Add door" }).click();
  await dialog(page).getByLabel(/^Name/).fill(`Side door ${run}`);
  await dialog(page).getByRole("combobox", { name: "Area outside" }).click();
  await page.getByRole("option").first().click();
  await dialog(page).getByRole("combobox", { name: "Area inside" }).click();
  await page.getByRole("option").nth(1).click();
  await dialog(page).getByRole("combobox", { name: "To enter" }).click();
  await page.getByRole("option", { name: "Card", exact: true }).click();
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await expect(dialog(page)).toContainText("say why");
  await dialog(page).getByLabel(/^Reason/).fill("deliveries");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  const preview = await told(page, new RegExp(`Door Side door ${run} is new`), "To enterCard");
  await look(page, "door");
  // Not made: no agent would ever confirm a lockdown there.
  await preview.getByRole("button", { name: "Back to editing" }).click();
  await dialog(page).getByRole("button", { name: "Cancel" }).click();

  await page.getByRole("button", { name: "Rules of Main entrance" }).click();
  const strike = dialog(page).getByLabel(/^Strike energised for \(ms\)/);
  const usual = await strike.inputValue();
  const longer = String(Number(usual) + 1000);
  await strike.fill(longer);
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await expect(dialog(page)).toContainText("say why");
  await dialog(page).getByLabel(/^Reason/).fill("a heavy leaf");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await confirm(page, "door-change", `Strike energised for${Number(usual) / 1000} s → ${Number(longer) / 1000} s`);
  await page.getByRole("button", { name: "Rules of Main entrance" }).click();
  await strike.fill(usual);
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await confirm(page, "door-back", `→ ${Number(usual) / 1000} s`);
});

test("travel times, airlocks, threat levels and the rules for all doors are told first", async ({ page }) => {
  await signIn(page);
  await page.goto("/rules");
  await page.getByRole("button", { name: "New threat level" }).click();
  const number = String(100 + (run % 100));
  await dialog(page).getByLabel(/^Number/).fill(number);
  await dialog(page).getByLabel(/^Name/).fill(`Alert ${run}`);
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await confirm(page, "threat-level", `Threat level Alert ${run} is new`, "Locks on the way inyes");
  await page.getByRole("button", { name: `Threat level Alert ${run}` }).click();
  await dialog(page).getByRole("button", { name: "Remove" }).click();
  await dialog(page).getByLabel("Reason").fill("a trial");
  await dialog(page).getByRole("button", { name: "Remove" }).click();
  await confirm(page, "threat-level-goes", `Threat level Alert ${run} goes`);

  await page.getByRole("button", { name: "Rules for all doors" }).click();
  await dialog(page).getByLabel(/^Refusals/).fill("4");
  await dialog(page).getByLabel(/^Reason/).fill("stricter for a while");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  const preview = await told(page, "Refusals until suspicion", /→ 4/);
  await preview.getByRole("button", { name: "Back to editing" }).click();
  await dialog(page).getByRole("button", { name: "Cancel" }).click();

  await page.getByRole("button", { name: "Add travel time" }).click();
  await dialog(page).getByRole("combobox", { name: "Between" }).click();
  await page.getByRole("option", { name: "Two doors" }).click();
  for (const [end, place] of [
    ["From", 0],
    ["To", 1],
  ] as const) {
    await dialog(page).getByRole("combobox", { name: end }).click();
    await page.getByRole("option").nth(place).click();
  }
  await dialog(page).getByLabel(/^Least seconds/).fill("3600");
  await dialog(page).getByRole("button", { name: "Save" }).click();
  await told(page, "Travel time", "At least3600 s");
  await page.getByRole("button", { name: "Back to editing" }).click();
  await dialog(page).getByRole("button", { name: "Cancel" }).click();
});

test("a card that ended is extended where its refusal leads, for a reason", async ({ page }) => {
  await signIn(page);
  const people = await (await page.request.get("/api/v1/people?q=amira%20adler")).json();
  const path = `/api/v1/people/${people.items[0].id}`;
  const { cards } = await (await page.request.get(path)).json();
  const [card] = cards;
  const ended = { valid_from: card.valid_from, valid_until: new Date(Math.max(Date.now() - 1000, Date.parse(card.valid_from) + 1000)) };
  const headers = { "x-pforte": "1", "if-match": `"${card.version}"` };
  const answer = await page.request.patch(`/api/v1/credentials/${card.id}`, { data: ended, headers });
  expect(answer.ok(), await answer.text()).toBeTruthy();

  await page.goto("/");
  const refused = page.getByRole("list", { name: "Entries" }).getByRole("listitem").filter({ hasText: "Amira Adler" });
  await act(page, { do: "tap", at: "main", card: "amira" });
  await refused.first().getByRole("button", { name: /^Why was Amira Adler refused/ }).click();
  await act(page, { do: "remove", at: "main" });
  await page.getByRole("dialog").getByRole("link", { name: "Let the card last longer" }).click();
  await expect(page).toHaveURL(/people\/[0-9a-f-]{36}\?change=/);
  const period = page.getByRole("dialog", { name: /^Period of card/ });
  await period.getByRole("checkbox", { name: "No end" }).check();
  await period.getByRole("button", { name: "Save" }).click();
  await expect(period).toContainText("say why");
  await period.getByLabel(/^Reason/).fill("the contract goes on");
  await look(page, "card-period");
  await period.getByRole("button", { name: "Save" }).click();
  await confirm(page, "card", "1 person gains access", "Card", "without an end");
  await expect(page).not.toHaveURL(/change=/);
  const after = await (await page.request.get(path)).json();
  expect(after.cards.find((held: { id: string }) => held.id === card.id).valid_until).toBeNull();
});

test("a grant's end is put off on the person's page", async ({ page }) => {
  await signIn(page);
  const people = await (await page.request.get("/api/v1/people?q=amira%20adler")).json();
  await page.goto(`/people/${people.items[0].id}`);
  const access = page.getByRole("region", { name: "Access", exact: true });
  await access.getByRole("button", { name: /^Period of / }).first().click();
  const period = page.getByRole("dialog", { name: /^Period of/ });
  const noEnd = period.getByRole("checkbox", { name: /No end/ });
  if (await noEnd.isChecked()) await noEnd.uncheck();
  const year = new Date().getFullYear() + 1;
  await period.getByLabel(/^Until/).fill(`${year}-06-01T12:00`);
  await period.getByRole("button", { name: "Save" }).click();
  await confirm(page, "grant", /Grant .+ changes/, new RegExp(`→ from .+ until .+ ${year} 12:00:00`));
  await expect(access).toContainText(`1 Jun ${year} 12:00:00`);
});
