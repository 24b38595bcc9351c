// Who may pass where and when, as staff say it: a schedule that is painted by mouse and by keys, a calendar, an access level of
// places, a group that holds it, a person's own rules, and what is refused.
import { expect, type Page, test } from "@playwright/test";
import { accessible, signIn } from "./desk";

/** Names of a run's own: the demo may be one that was used before. */
const run = Date.now();

async function post(page: Page, path: string, data: unknown) {
  const answer = await page.request.post(`/api/v1${path}`, { data, headers: { "x-pforte": "1" } });
  expect(answer.ok(), `${path}: ${await answer.text()}`).toBeTruthy();
  return answer.json();
}

/** Looks at what saving changes, and saves. */
async function confirm(page: Page) {
  const preview = page.getByRole("dialog", { name: "What saving changes" });
  await preview.getByRole("button", { name: "Save", exact: true }).click();
  await expect(preview).toBeHidden();
}

test("a schedule is painted, written and spoken alike", async ({ page }) => {
  await signIn(page);
  await page.goto("/calendars");
  const types = await (await page.request.get("/api/v1/day-types")).json();
  if (types.items.length === 0) {
    await page.getByRole("textbox", { name: "Name of a new day type" }).fill("Public holiday");
    await page.getByRole("button", { name: "Name of a new day type" }).click();
    await expect(page.getByRole("textbox", { name: "Day type A" })).toHaveValue("Public holiday");
  }
  const holiday = types.items[0]?.name ?? "Public holiday";

  await page.goto("/schedules");
  await page.getByRole("link", { name: "New schedule" }).click();
  await page.getByLabel("Name").fill(`Painted ${run}`);
  const cell = (name: string) => page.getByRole("gridcell", { name });
  // A rectangle from Monday 08:00 to Friday 09:00, dragged.
  const from = await cell("Mon 08:00 to 08:15").boundingBox();
  const to = await cell("Fri 08:45 to 09:00").boundingBox();
  if (!from || !to) throw new Error("no grid");
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 8 });
  await page.mouse.up();
  const sentence = page.getByRole("main").getByRole("status").filter({ hasText: "08:00" });
  await expect(sentence).toContainText(`Mon–Fri 08:00–09:00; not on ${holiday}`);
  // On the holiday by keys alone: two quarters of an hour, the second carried on by Shift.
  await cell(`${holiday} 08:00 to 08:15`).click();
  await page.keyboard.press("Shift+ArrowRight");
  await expect(cell(`${holiday} 08:15 to 08:30, permitted`)).toBeFocused();
  await expect(sentence).toContainText(`${holiday} 08:00–08:30`);
  // A night, to the minute, as text.
  const saturday = page.getByRole("textbox", { name: "Sat" });
  await saturday.fill("22:10 - 6");
  await saturday.blur();
  await expect(saturday).toHaveValue("22:10–06:00");
  await expect(sentence).toContainText("Sat 22:10–06:00 on the next day");
  await page.getByLabel("Day", { exact: true }).fill("2026-12-24");
  await page.getByRole("button", { name: "Add an exception day" }).click();
  await page.getByRole("textbox", { name: "Hours on Thu 24 Dec 2026" }).fill("07:00-12:00");
  await accessible(page);
  await page.getByRole("button", { name: "Save" }).click();
  await confirm(page);
  const row = page.getByRole("table", { name: "Schedules" }).getByRole("row").filter({ hasText: `Painted ${run}` });
  await expect(row).toContainText("Sat 22:10–06:00 on the next day");
  await expect(row).toContainText("1 day is otherwise");

  await row.getByRole("link").click();
  await expect(cell(`${holiday} 08:15 to 08:30, permitted`)).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Hours on Thu 24 Dec 2026" })).toHaveValue("07:00–12:00");
});

test("a year is painted with day types", async ({ page }) => {
  await signIn(page);
  await page.request.put("/api/v1/day-types/0", { data: { name: "Public holiday" }, headers: { "x-pforte": "1" } });
  await page.goto("/calendars/new");
  await page.getByLabel("Name").fill(`Region ${run}`);
  const year = new Date().getFullYear();
  const days = page.getByRole("region", { name: "Days", exact: true });
  await days.getByRole("button", { name: new RegExp(`25 Dec ${year}`) }).click();
  await days.getByRole("button", { name: new RegExp(`25 Dec ${year}.*Public holiday`) }).press("Shift+ArrowRight");
  await expect(days.getByRole("button", { name: new RegExp(`26 Dec ${year}.*Public holiday`) })).toBeFocused();
  await page.getByRole("button", { name: `Copy dates of ${year} to ${year + 1}` }).click();
  await page.getByRole("button", { name: `Year ${year + 1}` }).click();
  await expect(days.getByRole("button", { name: new RegExp(`26 Dec ${year + 1}.*Public holiday`) })).toBeVisible();
  await accessible(page);
  await page.getByRole("button", { name: "Save" }).click();
  const row = page.getByRole("table", { name: "Calendars" }).getByRole("row").filter({ hasText: `Region ${run}` });
  await expect(row).toContainText("4");
  // A name that is in use stays, and it is said where.
  await page.getByRole("button", { name: "Remove Public holiday" }).click();
  await expect(page.getByRole("alert").filter({ hasText: `Region ${run}` })).toBeVisible();
});

test("a group holds what it is granted, and what names it keeps it", async ({ page }) => {
  await signIn(page);
  await page.goto("/levels/new");
  await page.getByLabel("Name").fill(`All doors ${run}`);
  const places = page.getByRole("group", { name: "Places of line 1" });
  await places.getByRole("searchbox").fill("server hall");
  await places.getByRole("checkbox", { name: /Server hall/ }).last().check();
  await expect(page.getByRole("main")).toContainText(/Opens 1 of \d+ doors/);
  await places.getByRole("searchbox").fill("");
  await places.getByRole("checkbox", { name: /Main site/ }).check();
  await expect(page.getByRole("main")).toContainText("all of Main site");
  await accessible(page);
  await page.getByRole("button", { name: "Save" }).click();
  await confirm(page);
  await expect(page.getByRole("table", { name: "Access levels" })).toContainText(`All doors ${run}`);

  await page.goto("/groups");
  await page.getByRole("button", { name: "New group" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill(`Crew ${run}`);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Crew ${run}`);
  await page.getByRole("button", { name: "Put people into it" }).click();
  await page.getByRole("combobox", { name: "People" }).fill("amira adler");
  await page.getByRole("option", { name: /Amira Adler/ }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Put in" }).click();
  await confirm(page);
  const members = page.getByRole("table", { name: "Members" });
  await expect(members.getByRole("link", { name: "Amira Adler" })).toBeVisible();
  await page.getByRole("button", { name: "Grant access" }).click();
  await page.getByRole("combobox", { name: "Access level" }).click();
  await page.getByRole("option", { name: `All doors ${run}` }).click();
  await page.getByRole("button", { name: "Grant", exact: true }).click();
  await confirm(page);
  await expect(page.getByRole("region", { name: "Access" })).toContainText(`All doors ${run}`);
  await accessible(page);
  // It can't go while it holds something: what is said.
  await page.getByRole("button", { name: "Edit" }).click();
  await page.getByRole("button", { name: `Remove Crew ${run}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText(`access level “All doors ${run}”`);
  await page.getByRole("button", { name: "Cancel" }).click();
  await members.getByRole("link", { name: "Amira Adler" }).click();
  await expect(page.getByRole("region", { name: "Access" })).toContainText(`by group Crew ${run}`);
});

test("a person is exempt, escorted and blocked where it is said", async ({ page }) => {
  await signIn(page);
  const visitor = await post(page, "/people", {
    name: { given: "Vera", family: `Visitor${run}` },
    number: null,
    document: { kind: "passport", seen_at: "2026-01-02T03:04:05Z" },
  });
  await page.goto(`/people/${visitor.id}`);
  const rules = page.getByRole("region", { name: "Rules for this person" });
  await rules.getByRole("button", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("combobox", { name: "Finger" }).click();
  await page.getByRole("option", { name: "Declined" }).click();
  await dialog.getByRole("combobox", { name: "Escort" }).click();
  await page.getByRole("option", { name: "Comes in with one person only" }).click();
  await dialog.getByRole("combobox", { name: "Escort's name or number" }).fill("amira adler");
  await page.getByRole("option", { name: /Amira Adler/ }).first().click();
  await dialog.getByLabel("Within seconds").fill("45");
  await dialog.getByLabel("Needs longer to pass a door").check();
  await accessible(page);
  await dialog.getByRole("button", { name: "Save" }).click();
  await confirm(page);
  await expect(rules).toContainText("Comes in with Amira Adler only, within 45 s");
  await expect(rules).toContainText("No PIN is set");

  await page.getByRole("button", { name: "Block", exact: true }).click();
  await dialog.getByRole("combobox", { name: "Where" }).fill("server");
  await page.getByRole("option", { name: "Server hall" }).last().click();
  await dialog.getByRole("textbox", { name: "Reason" }).fill("under construction");
  await dialog.getByRole("button", { name: "Block" }).click();
  await confirm(page);
  await expect(page.getByRole("alert").filter({ hasText: "Server hall · under construction" })).toBeVisible();
  await accessible(page);
});
