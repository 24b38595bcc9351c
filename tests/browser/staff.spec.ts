// What staff do beside watching: a release from the act to the door, looks left out of the log, an agent's configuration,
// a link that was lost, a photo that fails, the search, cards that are due for other keys, and a list that goes on when it is told to.
import { expect, test } from "@playwright/test";
import { accessible, act, sawDocument, signIn } from "./desk";

test("a momentary release is one thing wherever it is looked at", async ({ page }) => {
  await signIn(page);
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Doors" }).click();
  await page.getByRole("link", { name: "Main entrance" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Main entrance");
  await page.getByRole("button", { name: "Release Main entrance" }).click();
  await page.getByLabel("Reason").fill("a delivery of paper");
  await page.getByRole("button", { name: "Release now" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Answer of the door: Carried out" })).toBeVisible();
  const recent = page.getByRole("list", { name: "What happened here" }).getByRole("listitem");
  await expect(recent.filter({ hasText: "Released by" }).first()).toBeVisible();
  await accessible(page);
  await recent.filter({ hasText: "Released by" }).first().click();
  const release = page.getByRole("region", { name: "Momentary release" });
  await expect(release).toContainText("a delivery of paper");
  await expect(release).toContainText("Carried out");
  await expect(release).toContainText("Main entrance");
  // The act is the other half of it, and tells the same.
  await release.getByText("Act in the log").locator("xpath=following-sibling::dd").getByRole("link").click();
  await expect(page.getByRole("complementary", { name: "Event" })).toContainText("Released Main entrance for a moment");
  await expect(release).toContainText("Carried out");
});

test("the log leaves looks out until they are asked for", async ({ page }) => {
  await signIn(page);
  // A look, so that there is one to leave out.
  await page.goto("/people");
  await page.getByRole("link", { name: /Amira Adler/ }).first().click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Amira Adler");
  await page.goto("/events?kind=act");
  const table = page.getByRole("table", { name: "Events" });
  await expect(table).toBeVisible();
  await expect(table.getByRole("columnheader", { name: "Operator" })).toBeVisible();
  await expect(table).not.toContainText("Looked at");
  await page.getByRole("button", { name: "Looks at personal data are hidden. Show them" }).click();
  await expect(page).toHaveURL(/looks=shown/);
  await expect(table).toContainText("Looked at");
});

test("a list that is paused goes on by Escape and by its button", async ({ page }) => {
  await signIn(page);
  await act(page, { do: "tap", at: "main", card: "card-6" });
  await act(page, { do: "remove", at: "main" });
  const rows = page.getByRole("list", { name: "Entries" }).getByRole("listitem");
  const resume = page.getByRole("button", { name: "Resume" });
  await rows.first().click();
  await expect(page).toHaveURL(/event=/);
  // The pointer leaves; a selected row keeps it paused.
  await page.getByRole("heading", { level: 1 }).hover();
  await expect(resume).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(resume).toBeHidden();
  await expect(page).not.toHaveURL(/event=/);
  await rows.first().hover();
  await expect(resume).toBeVisible();
  await page.getByRole("heading", { level: 1 }).hover();
  await expect(resume).toBeHidden();
  await rows.first().click();
  await resume.click();
  await expect(page).not.toHaveURL(/event=/);
});

test("an agent's page has what its configuration needs", async ({ page }) => {
  await signIn(page);
  await page.goto("/agents");
  await page.getByRole("table", { name: "Agents" }).getByRole("link").first().click();
  await expect(page.getByRole("region", { name: "Configuration" }).getByLabel("agent.toml", { exact: true })).toHaveValue(/data_folder/);
  await accessible(page);
});

test("a lost link is replaced", async ({ page }) => {
  await signIn(page);
  // Another one in every run on the same demo.
  const name = `Nora Nacht ${Date.now()}`;
  await page.goto("/operators");
  await page.getByRole("button", { name: "Invite an operator" }).click();
  await page.getByLabel("Name to sign in with").fill(`nora${Date.now()}`);
  await page.getByLabel("Name that others see").fill(name);
  await page.getByRole("dialog").getByRole("button", { name: "Invite an operator" }).click();
  const link = page.getByRole("textbox", { name: "Link" });
  const first = await link.inputValue();
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: `New link for ${name}` }).click();
  await page.getByLabel("Reason").fill("it was lost");
  await page.getByRole("dialog").getByRole("button", { name: "New link" }).click();
  await expect(link).toHaveValue(/\/setup#/);
  expect(await link.inputValue()).not.toBe(first);
});

test("a photo that fails loses nothing and is tried again", async ({ page }) => {
  await signIn(page);
  await page.goto("/register");
  await page.getByLabel("Given name").fill("Pia");
  await page.getByLabel("Family name").fill("Pech");
  await sawDocument(page);
  const picture = await page.locator("header img").screenshot();
  await page.getByLabel("Photo", { exact: true }).setInputFiles({ name: "pia.png", mimeType: "image/png", buffer: picture });
  let refuse = true;
  await page.route("**/photo", (route) => (refuse && route.request().method() === "PUT" ? route.abort() : route.continue()));
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page.getByText("Pia Pech is registered. Only the photo was not kept:")).toBeVisible();
  await expect(page.getByRole("alert").filter({ hasText: "can't be reached" })).toBeVisible();
  await accessible(page);
  refuse = false;
  await page.getByRole("button", { name: "Try the photo again" }).click();
  await expect(page).toHaveURL(/step=card/);
});

test("the search finds things of every kind by keyboard alone", async ({ page }) => {
  await signIn(page);
  await page.keyboard.press("/");
  const search = page.getByRole("combobox", { name: "Search people, doors and everything else" });
  await expect(search).toBeFocused();
  await search.fill("server hall");
  await expect(page.getByRole("option", { name: "Server hall" }).first()).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/doors\//);
});

test("at the virtual door the enrolment desk is within reach", async ({ page }) => {
  await signIn(page);
  await page.goto("/demo");
  await expect(page.getByRole("button", { name: /^Hold to reader .*[Dd]esk/ })).toBeInViewport({ ratio: 1 });
});

test("at the virtual door what just happened is in sight, at desk and tablet, however far down the door is", async ({ page }) => {
  await signIn(page);
  const log = page.getByRole("region", { name: "What the log says" });
  const newest = log.getByRole("listitem").first();
  for (const [width, height] of [
    [1280, 800],
    [1024, 768],
    [768, 1024],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.goto("/demo");
    await expect(newest, `${width}`).toBeInViewport({ ratio: 1 });
    const force = page.getByRole("button", { name: "Force Tape vault" });
    await force.scrollIntoViewIfNeeded();
    await expect(force, `${width}`).toBeInViewport();
    await expect(newest, `${width}, scrolled`).toBeInViewport({ ratio: 1 });
    for (const colorScheme of ["dark", "light"] as const) {
      await page.emulateMedia({ colorScheme });
      await accessible(page);
    }
  }
});

test("a door that people leave by this system is a standing warning on every page", async ({ page }) => {
  await signIn(page);
  const doors = await (await page.request.get("/api/v1/doors")).json();
  const door = doors.items.find((candidate: { name: string }) => candidate.name === "Main entrance");
  const leaveBy = async (exit: string) => {
    const current = await (await page.request.get(`/api/v1/doors/${door.id}`)).json();
    const headers = { "x-pforte": "1", "if-match": `"${current.version}"` };
    const answer = await page.request.patch(`/api/v1/doors/${door.id}`, { data: { exit, reason: "a trial of the warning" }, headers });
    expect(answer.ok(), await answer.text()).toBeTruthy();
  };
  await leaveBy("by_system");
  try {
    for (const path of ["/", "/people", "/doors", `/doors/${door.id}`, "/levels", "/events", "/agents", "/demo"]) {
      await page.goto(path);
      await expect(page.getByRole("complementary", { name: "Standing warning" })).toContainText("Main entrance");
    }
    await page.goto(`/doors/${door.id}`);
    await expect(page.getByRole("region", { name: "Rules" })).toContainText("Left by this system");
    await accessible(page);
  } finally {
    await leaveBy("mechanical");
  }
});

test("cards that are due for other keys are told with their holders, why, and what to do", async ({ page }) => {
  await signIn(page);
  await page.goto("/rules");
  const due = page.getByRole("region", { name: "Cards due for other keys" });
  await expect(due).toContainText("No card is due.");
  await expect(due.getByRole("button")).toHaveCount(0);
  await page.getByRole("button", { name: "New version of the keys" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("once a year");
  await dialog.getByRole("button", { name: "New version of the keys" }).click();
  await expect(dialog).toHaveCount(0);

  await due.getByRole("button", { name: "Show: Cards due for other keys" }).click();
  const table = due.getByRole("table", { name: "Cards due for other keys" });
  const holder = table.getByRole("link", { name: /\w \w/ }).first();
  await expect(holder).toBeVisible();
  await expect(table.getByRole("row").nth(1)).toContainText("There are newer keys");
  await expect(table.getByRole("row").nth(1)).toContainText("next visit to a station");
  const count = await table.getByRole("row").count() - 1;
  await expect(due.getByRole("status")).toHaveText(count === 1 ? "1 card" : `${count} cards`);
  await accessible(page);
  // Nobody has lost a controller.
  await due.getByRole("combobox", { name: "Due because" }).click();
  await page.getByRole("option", { name: "A lost controller knows its keys", exact: true }).click();
  await expect(due).toContainText("No card is due for this reason.");
  await expect(due.getByRole("status")).toHaveText("0 cards");
  await due.getByRole("combobox", { name: "Due because" }).click();
  await page.getByRole("option", { name: "Any reason" }).click();
  const name = await holder.innerText();
  await holder.click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
  await expect(page.getByRole("region", { name: "Cards" })).toContainText("New keys due");
});
