// The first minutes of an installation: a server without operators, the one-time link that it prints, and the ways back
// in. Real server, Postgres, Chromium; the authenticator is computed from the key that the page shows.
import { expect, type Page, test } from "@playwright/test";
import { accessible } from "./desk";
import { Authenticator, Server } from "./server";

const PASSWORD = "nine quiet lanterns over water";

let server: Server;
test.beforeAll(async () => {
  server = await Server.start([
    ["harbour", "Harbour works"],
    ["mill", "Old mill"],
  ]);
});
test.afterAll(() => server?.stop());

async function authenticatorOf(page: Page): Promise<Authenticator> {
  const key = page.getByRole("code");
  await expect(key).toHaveText(/^[A-Z2-7]{16,}$/);
  return new Authenticator((await key.textContent()) ?? "");
}

test("the first administrator sets up by the printed link, and comes back in without the old authenticator", async ({ page }) => {
  const link = server.link("harbour");
  await page.goto(link);
  await expect(page.getByText("You are about to become an operator of Harbour works.")).toBeVisible();
  await accessible(page);
  const first = await authenticatorOf(page);
  const finish = page.getByRole("button", { name: "Finish and sign in" });
  const password = page.getByLabel(/^Password(?! again)/);
  const choose = async (words: string) => {
    await password.fill(words);
    await page.getByLabel("Password again").fill(words);
  };
  await page.getByLabel("Name to sign in with").fill("robin");
  await page.getByLabel("Name that others see").fill("Robin Reed");
  await page.getByLabel("Code that the app shows now").fill("000000");

  // Too short: said while it is typed, and not to be sent.
  await choose("seven umbrellas");
  await expect(finish).toBeEnabled();
  await choose("umbrellas");
  await expect(page.getByText("9 of at least 15 characters")).toBeVisible();
  await expect(finish).toBeDisabled();
  // Long enough, and everybody's.
  await choose("passwordpassword");
  await finish.click();
  await expect(page.getByText("is among the common passwords, or easily guessed from them").first()).toBeVisible();
  await choose(PASSWORD);
  await page.getByLabel("Password again").fill(`${PASSWORD}s`);
  await expect(page.getByText("The two passwords differ.")).toBeVisible();
  await expect(finish).toBeDisabled();
  // A code that no authenticator shows.
  await choose(PASSWORD);
  await finish.click();
  await expect(page.getByText(/is not the code that the authenticator shows now/).first()).toBeVisible();
  await accessible(page);

  await page.getByLabel("Code that the app shows now").fill(first.code());
  await finish.click();
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
  await expect(page).toHaveURL(`${server.url}/`);

  // Used once: whoever finds it in a scrollback gets nothing from it.
  await page.context().clearCookies();
  await page.goto("about:blank");
  await page.goto(link);
  await expect(page.getByRole("alert")).toContainText("This link was used already or is too old.");
  await expect(page.getByLabel("Name to sign in with")).toHaveCount(0);
  await accessible(page);

  // By name, password and code.
  const signIn = async (code: string) => {
    await page.goto(`${server.url}/sign-in`);
    await expect(page.getByRole("combobox", { name: "Organisation" })).toHaveText("Harbour works");
    await page.getByLabel(/^Name/).fill("robin");
    await page.getByLabel(/^Password/).fill(PASSWORD);
    await page.getByLabel("Code from your authenticator").fill(code);
    await page.getByRole("button", { name: "Sign in" }).click();
  };
  await signIn(first.code());
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();

  // The telephone falls into the harbour: the server's own command line gives a new link.
  await page.context().clearCookies();
  await page.goto(server.resetTotp("harbour", "robin", "telephone lost"));
  await expect(page.getByRole("heading", { name: "Set up your authenticator again" })).toBeVisible();
  const second = await authenticatorOf(page);
  await page.getByLabel("Code that the app shows now").fill(second.code());
  // Whoever holds the link alone gets nowhere: it takes the password, which stays.
  await expect(finish).toBeDisabled();
  await page.getByLabel("Your password").fill("somebody else's guess");
  await finish.click();
  await expect(page.getByRole("alert")).toContainText("That did not fit together.");
  await accessible(page);
  await page.getByLabel("Your password").fill(PASSWORD);
  await finish.click();
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
  await page.context().clearCookies();
  await signIn(first.code());
  await expect(page.getByRole("alert")).toContainText("That did not fit together.");
  await signIn(second.code());
  await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
});

test("a link that ran out says so", async ({ page }) => {
  const link = server.link("mill");
  await page.goto(link);
  await expect(page.getByText("You are about to become an operator of Old mill.")).toBeVisible();
  server.letLinksRunOut("mill");
  // In the middle of it, and afresh.
  await page.getByLabel("Name to sign in with").fill("kim");
  await page.getByLabel("Name that others see").fill("Kim Keller");
  await page.getByLabel(/^Password(?! again)/).fill(PASSWORD);
  await page.getByLabel("Password again").fill(PASSWORD);
  await page.getByLabel("Code that the app shows now").fill((await authenticatorOf(page)).code());
  await page.getByRole("button", { name: "Finish and sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("This link was used already or is too old. Ask an administrator for a new one.");
  await page.goto("about:blank");
  await page.goto(link);
  await expect(page.getByRole("alert")).toContainText("This link was used already or is too old.");
  // Half a link is no link.
  await page.goto("about:blank");
  await page.goto(`${server.url}/setup`);
  await expect(page.getByText("This address lacks its one-time token.")).toBeVisible();
  await page.goto("about:blank");
  await page.goto(link.slice(0, -5));
  await expect(page.getByRole("alert")).toContainText("This link was used already or is too old.");
});
