// The first thing a new user does, by hand in the browser: register a person, enrol card and finger, grant a door, hold
// both to that door, and see it open and the entry in the feed. Real pcscd, serial line, Postgres, Chromium.
import { expect, test } from "@playwright/test";
import { accessible, act, sawDocument, signIn } from "./desk";

test("a person is registered, walks in, and is seen", async ({ page }) => {
  await signIn(page);
  await accessible(page);

  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "People" }).click();
  await accessible(page);
  await page.getByRole("link", { name: "Register a person" }).first().click();
  await page.getByLabel("Given name").fill("Frida");
  await page.getByLabel("Family name").fill("Sonnenschein");
  await page.getByLabel("Personnel number").fill("T-0001");
  // Nobody attests a document by not touching it.
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page).toHaveURL(/register$/);
  await sawDocument(page);
  await accessible(page);
  await page.getByRole("button", { name: "Next" }).click();

  // Consent and card, at the enrolment desk.
  await page.getByRole("radio", { name: "The person consents to this text" }).check();
  await page.getByLabel("Note").fill("signed form in folder 7");
  // Leaving the step records it.
  await page.getByRole("button", { name: "Next" }).click();
  await expect(page).toHaveURL(/step=finger/);
  await page.getByRole("button", { name: "Back" }).click();
  await expect(page.getByText("Recorded:")).toBeVisible();
  await page.getByRole("button", { name: "Read a card" }).click();
  // The form above it is long: what is to be done is in sight all the same.
  await expect(page.getByText("Hold the card to the reader of the station").first()).toBeInViewport({ ratio: 1 });
  await act(page, { do: "tap", at: "desk", card: "card-6" });
  await expect(page.getByText("belongs to this person now").first()).toBeInViewport({ ratio: 1 });
  await act(page, { do: "remove", at: "desk" });
  await accessible(page);
  await page.getByRole("button", { name: "Next" }).click();

  // The finger, placed and lifted as the page says.
  await page.getByRole("button", { name: "Capture this finger" }).click();
  for (let capture = 1; capture <= 3; capture++) {
    await expect(page.getByText(`Place the finger on the sensor (Capture ${capture} of 3)`).first()).toBeVisible();
    await act(page, { do: "finger", at: "desk", finger: "fynn" });
    await expect(page.getByText(`Lift the finger (Capture ${capture} of 3)`).first()).toBeVisible();
    await act(page, { do: "lift", at: "desk" });
  }
  // It goes to the card.
  await act(page, { do: "tap", at: "desk", card: "card-6" });
  await expect(page.getByText("is enrolled").first()).toBeVisible();
  await act(page, { do: "remove", at: "desk" });

  // Another one as a sign of duress, which is offered now that there is one for every day.
  await page.getByRole("combobox", { name: "What it is for" }).click();
  await page.getByRole("option", { name: "Sign of duress" }).click();
  await expect(page.getByText("The door opens as ever and shows nothing").first()).toBeVisible();
  await accessible(page);
  await page.getByRole("button", { name: "Capture this finger" }).click();
  for (let capture = 1; capture <= 3; capture++) {
    await expect(page.getByText(`Place the finger on the sensor (Capture ${capture} of 3)`).first()).toBeVisible();
    await act(page, { do: "finger", at: "desk", finger: "elif" });
    await expect(page.getByText(`Lift the finger (Capture ${capture} of 3)`).first()).toBeVisible();
    await act(page, { do: "lift", at: "desk" });
  }
  // It goes to the card.
  await act(page, { do: "tap", at: "desk", card: "card-6" });
  await expect(page.getByText("Left index finger is enrolled as a sign of duress").first()).toBeVisible();
  await act(page, { do: "remove", at: "desk" });
  await page.getByRole("button", { name: "Next" }).click();

  // A door.
  await page.getByRole("combobox", { name: "Access level" }).click();
  await page.getByRole("option", { name: "Everything" }).click();
  await page.getByRole("checkbox", { name: "No end" }).check();
  await page.getByLabel("Why it has no end").fill("employed");
  // Going on asks about what was chosen and not granted.
  await page.getByRole("button", { name: "Next" }).click();
  const asked = page.getByRole("dialog", { name: "This step is not finished" });
  await expect(asked).toContainText("“Everything” is chosen and not granted.");
  await accessible(page);
  await asked.getByRole("button", { name: "Grant it and go on" }).click();
  // What it gives is shown before it is saved.
  const preview = page.getByRole("dialog", { name: "What saving changes" });
  await expect(preview).toContainText("1 person gains access");
  await preview.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Frida Sonnenschein is registered")).toBeVisible();
  const receipt = page.getByRole("region", { name: "Receipt of registration" });
  await expect(receipt).toContainText(/Document seenPassport, seen/);
  await expect(receipt).toContainText(/AccessEverything, from .*no end: employed/);
  await accessible(page);

  // At the door; the guard looks on.
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Live" }).click();
  await expect(page.getByRole("region", { name: "Entries" })).toBeVisible();
  await act(page, { do: "tap", at: "main", card: "card-6" });
  await act(page, { do: "finger", at: "main", finger: "fynn" });
  const row = page.getByRole("list", { name: "Entries" }).getByRole("listitem").filter({ hasText: "Frida Sonnenschein" });
  await expect(row.first()).toContainText("Main entrance");
  await act(page, { do: "push", door: "main" });
  await expect(row.first()).toContainText("passed");
  await act(page, { do: "lift", at: "main" });
  await act(page, { do: "remove", at: "main" });
  await accessible(page);

  // Forced to come in again, once nobody knows any more that she is inside: the door opens as before, and the guard sees it.
  const people = await (await page.request.get("/api/v1/people?q=frida+sonnenschein")).json();
  const forgiven = await page.request.post(`/api/v1/people/${people.items[0].id}/forgive`, {
    data: { reason: "left by the yard" },
    headers: { "x-pforte": "1" },
  });
  expect(forgiven.ok(), await forgiven.text()).toBe(true);
  await act(page, { do: "tap", at: "main", card: "card-6" });
  await act(page, { do: "finger", at: "main", finger: "elif" });
  await expect(row.first()).toContainText("Person may be forced");
  await expect(row.first()).toContainText("Granted");
  // Several of a kind at one door are told apart by whom they are about.
  const acknowledge = page.getByRole("button", { name: "Acknowledge: Person may be forced · Main entrance · Frida Sonnenschein" });
  await expect(acknowledge).toBeVisible();
  await act(page, { do: "push", door: "main" });
  await expect(row.first()).toContainText("passed");
  await act(page, { do: "lift", at: "main" });
  await act(page, { do: "remove", at: "main" });
});

test("on the page Virtual door, a card and a finger by clicks open a door", async ({ page }) => {
  await signIn(page);
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Virtual door" }).click();
  const door = page.getByRole("region", { name: "Server hall" });
  await expect(door).toContainText("closed");
  await page.getByRole("button", { name: /Amira Adler's card/ }).click();
  await door.getByRole("button", { name: "Hold to reader Server hall" }).click();
  await page.getByRole("button", { name: /Amira Adler's finger/ }).click();
  await door.getByRole("button", { name: "Place on sensor Server hall" }).click();
  await expect(door).toContainText("released");
  // The newest of the door: the day's history holds others, and another door may just have closed.
  const newest = (door: string) =>
    page.getByRole("region", { name: "What the log says" }).getByRole("listitem").filter({ hasText: door }).first();
  await expect(newest("Server hall")).toContainText("Amira Adler");
  await door.getByRole("button", { name: "Push Server hall" }).click();
  await expect(door).toContainText("open");
  await expect(door).toContainText("closed");

  // A blocked person is refused, and the guard is told why.
  await page.getByRole("button", { name: /Carla Celik's card/ }).click();
  await page.getByRole("region", { name: "Main entrance", exact: true }).getByRole("button", { name: "Hold to reader Main entrance" }).click();
  await expect(newest("Main entrance")).toContainText("Carla Celik");
  await expect(newest("Main entrance")).toContainText(/[Bb]locked/);
});

test("a dialogue stays with its page, and another person's page says whose it is", async ({ page, context }) => {
  await signIn(page);
  const people = await (await page.request.get("/api/v1/people?limit=20")).json();
  const [ada, bea] = people.items.filter((person: { state: string }) => person.state === "active");
  await page.goto(`/people/${ada.id}/register?step=card`);
  await page.getByRole("button", { name: "Read a card" }).click();
  const waiting = page.getByText("Hold the card to the reader of the station").first();
  await expect(waiting).toBeVisible();
  // The same page, loaded again, finds it and can stop it.
  await page.reload();
  await expect(waiting).toBeVisible();
  await expect(page.getByRole("button", { name: "Stop" })).toBeVisible();
  // Another's page is told, and ends it deliberately.
  const other = await context.newPage();
  await other.goto(`/people/${bea.id}/register?step=card`);
  await expect(other.getByText(`for ${ada.name.given} ${ada.name.family}, started by`)).toBeVisible();
  await accessible(other);
  await other.getByRole("button", { name: "End that dialogue" }).click();
  await expect(other.getByRole("button", { name: "Read a card" })).toBeEnabled();
  await expect(page.getByRole("status").filter({ hasText: "Cancelled" })).toBeVisible();
  // A page that is gone leaves nothing behind.
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(waiting).toBeVisible();
  await page.getByRole("button", { name: "Next" }).click();
  const asked = page.getByRole("dialog", { name: "This step is not finished" });
  await asked.getByRole("button", { name: "Stay here" }).click();
  await expect(waiting).toBeVisible();
  await page.close();
  await expect(other.getByRole("button", { name: "Read a card" })).toBeDisabled();
  await expect(other.getByRole("button", { name: "Read a card" })).toBeEnabled({ timeout: 20_000 });
});

test("a dialogue outlives a cut of the stream that follows it", async ({ page }) => {
  await signIn(page);
  const people = await (await page.request.get("/api/v1/people?limit=20")).json();
  const ada = people.items.find((person: { state: string }) => person.state === "active");
  // What a browser does to the streams of a page that is loaded again, and a network to any.
  let cuts = 0;
  await page.route("**/api/v1/enrolments/*/steps", async (route) => {
    cuts += 1;
    if (cuts === 1) await route.abort("connectionreset");
    else await route.continue();
  });
  let cancels = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/cancel")) cancels += 1;
  });
  await page.goto(`/people/${ada.id}/register?step=card`);
  await page.getByRole("button", { name: "Read a card" }).click();
  await expect(page.getByText("Hold the card to the reader of the station").first()).toBeVisible();
  expect([cuts, cancels]).toEqual([2, 0]);
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Cancelled" })).toBeVisible();
  expect(cancels).toBe(1);
});

test("a finger that is enrolled already is told, and not stored", async ({ page }) => {
  await signIn(page);
  const headers = { "x-pforte": "1" };
  const asked = async (method: string, path: string, data?: unknown, more: Record<string, string> = {}) => {
    const answer = await page.request.fetch(`/api/v1${path}`, { method, data, headers: { ...headers, ...more } });
    expect(answer.ok(), `${method} ${path}: ${await answer.text()}`).toBeTruthy();
    return answer;
  };
  // Chosen by hand: the switch opens with the place where templates are kept.
  await page.goto("/rules");
  await page.getByRole("button", { name: "Cards and fingers" }).click();
  const compare = page.getByRole("checkbox", { name: "Compare each new finger" });
  await expect(compare).toBeDisabled();
  await page.getByRole("combobox", { name: "Templates of fingers" }).click();
  await page.getByRole("option", { name: "On the server and at doors" }).click();
  await compare.check();
  await page.getByLabel("Reason").fill("one person, one finger");
  await accessible(page);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("is looked for at the station among those on the server, before a finger is stored")).toBeVisible();

  const seen_at = new Date(Date.now() - 60_000).toISOString();
  for (const [given, ends] of [
    ["Ilse", "Right index finger is enrolled"],
    ["Else", "This finger is enrolled already: It is another person's"],
  ] as const) {
    const person = { name: { given, family: "Doppel" }, number: `T-${given}`, document: { kind: "passport", seen_at } };
    const { id } = await (await asked("POST", "/people", person)).json();
    // What was consented to before is not enough, and the text that is offered now is.
    const consent = { kind: "consent", consent_text_version: "2026-2", given_at: seen_at };
    await asked("PUT", `/people/${id}/legal-basis`, consent);
    await page.goto(`/people/${id}/register?step=finger`);
    await page.getByRole("button", { name: "Capture this finger" }).click();
    await expect(page.getByText("this person's consent does not speak of it").first()).toBeVisible();
    await page.goto(`/people/${id}`);
    await page.getByRole("link", { name: "Record it anew" }).click();
    await page.getByRole("radio", { name: "The person consents to this text" }).check();
    await expect(page.getByText("text 2026-3")).toBeVisible();
    await accessible(page);
    await page.getByRole("button", { name: "Record the legal basis" }).click();
    await expect(page.getByText("this consent does not speak of it")).toBeHidden();
    await page.goto(`/people/${id}/register?step=finger`);
    await page.getByRole("button", { name: "Capture this finger" }).click();
    for (let capture = 1; capture <= 3; capture++) {
      await expect(page.getByText(`Place the finger on the sensor (Capture ${capture} of 3)`).first()).toBeVisible();
      await act(page, { do: "finger", at: "desk", finger: "fynn" });
      await expect(page.getByText(`Lift the finger (Capture ${capture} of 3)`).first()).toBeVisible();
      await act(page, { do: "lift", at: "desk" });
    }
    if (given === "Else") {
      await expect(page.getByText(/^Compared with \d+ of \d+ · about \d+ s left$/)).toBeVisible();
      await accessible(page);
    }
    await expect(page.getByText(ends).first()).toBeVisible({ timeout: 60_000 });
  }
  // Whose templates were at the station for that is in the log; names are read when they are asked for.
  const sent = await (await asked("GET", "/events?kind=fingers_sent")).json();
  await page.goto(`/events?kind=fingers_sent&event=${sent.items[0].position}`);
  await page.getByRole("button", { name: "Show whose it is" }).click();
  await expect(page.getByRole("link", { name: "Ilse Doppel" })).toBeVisible();
  await accessible(page);
  // As it was, for whoever comes after.
  const rules = await asked("GET", "/card-rules");
  const choices = { templates_on: "card", takes_ev1: false, leaves_factory_key: false, reason: "tried" };
  await asked("PUT", "/card-rules", choices, { "if-match": rules.headers().etag ?? "" });
});
