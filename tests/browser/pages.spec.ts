// Every page in light and dark, at desk and tablet size: axe finds nothing serious, nothing overflows, and a picture is
// kept to be looked at.
import { expect, type Page, test } from "@playwright/test";
import { accessible, signIn } from "./desk";

const pages = [
  ["live", "/"],
  ["people", "/people"],
  ["doors", "/doors"],
  ["areas", "/areas"],
  ["groups", "/groups"],
  ["levels", "/levels"],
  ["level", "/levels/new"],
  ["schedules", "/schedules"],
  ["schedule", "/schedules/new"],
  ["calendars", "/calendars"],
  ["calendar", "/calendars/new"],
  ["rules", "/rules"],
  ["inside", "/inside"],
  ["lockdown", "/lockdown"],
  ["events", "/events"],
  ["agents", "/agents"],
  ["operators", "/operators"],
  ["register", "/register"],
  ["virtual-door", "/demo"],
] as const;

/** In a region of a page, no button lies on a text. */
async function apart(page: Page, region: string) {
  const covered = await page.getByRole("region", { name: region, exact: true }).evaluate((element) => {
    const buttons = [...element.querySelectorAll("button, a")].map((button) => button.getBoundingClientRect());
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const found: string[] = [];
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node.parentElement?.closest("button, a")) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) {
        const isOn = (other: DOMRect) =>
          box.left < other.right - 1 && other.left < box.right - 1 && box.top < other.bottom - 1 && other.top < box.bottom - 1;
        if (buttons.some(isOn)) found.push(node.textContent ?? "");
      }
    }
    return found;
  });
  expect(covered, `texts under buttons in ${region}`).toEqual([]);
}

test("on a tablet held upright, a door's release is in sight", async ({ page }) => {
  await page.setViewportSize({ width: 768, height: 1024 });
  await signIn(page);
  await page.goto("/doors");
  // The office has the longest mode.
  await expect(page.getByText("Unlocked once somebody has come in").or(page.getByText(/^Office: each entry/)).first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Release Office" })).toBeInViewport({ ratio: 1 });
  await accessible(page);
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const [size, viewport] of [
    ["desk", { width: 1440, height: 900 }],
    ["tablet", { width: 1024, height: 768 }],
  ] as const) {
    test(`pages, ${colorScheme}, ${size}`, async ({ browser }) => {
      test.setTimeout(300_000);
      const context = await browser.newContext({ colorScheme, viewport, reducedMotion: "reduce" });
      const page = await context.newPage();
      await signIn(page);
      const look = async (name: string) => {
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        // What is to be looked at is there: connected, and no place holder left.
        await expect(page.getByRole("status").filter({ hasText: "Live" })).toBeVisible();
        await expect(page.locator(".MuiSkeleton-root")).toHaveCount(0);
        await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode().catch(() => {}))));
        await page.screenshot({ path: `../../target/browser/pictures/${name}-${colorScheme}-${size}.png` });
        await accessible(page);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(overflow, `${name} is wider than the window`).toBeLessThanOrEqual(0);
      };
      // Opened, its button in sight however small the window is, and left by Escape.
      const dialogue = async (name: string, opens: string | RegExp, does: string) => {
        await page.getByRole("button", { name: opens, exact: true }).first().click();
        const dialog = page.getByRole("dialog");
        await expect(dialog.getByRole("button", { name: does, exact: true })).toBeInViewport({ ratio: 1 });
        await page.screenshot({ path: `../../target/browser/pictures/${name}-${colorScheme}-${size}.png` });
        await accessible(page);
        await page.keyboard.press("Escape");
        await expect(dialog).toHaveCount(0);
      };
      for (const [name, path] of pages) {
        await page.goto(path);
        await look(name);
      }
      // One with a finger, one with a card that is lost, one with a PIN.
      for (const [person, name] of [
        ["Amira Adler", "person"],
        ["Dora Demir", "person-lost-card"],
        ["Gita Graf", "person-pin"],
      ] as const) {
        await page.goto("/people");
        await page.getByRole("link", { name: person }).first().click();
        await expect(page.getByRole("heading", { level: 1 })).toHaveText(person);
        await look(name);
        for (const region of ["Cards", "Fingers", "PIN"]) await apart(page, region);
      }
      await dialogue("take-back", /^Take back card/, "Ask for the card");
      await page.goto("/rules");
      await dialogue("tenant-rules", "Rules for all doors", "Save");
      await dialogue("card-rules", "Cards and fingers", "Save");
      await dialogue("new-keys", "New version of the keys", "New version of the keys");
      for (const [list, name] of [
        ["agents", "agent"],
        ["doors", "door"],
      ]) {
        await page.goto(`/${list}`);
        await page.getByRole("table").getByRole("link").first().click();
        await expect(page.getByRole("region").first()).toBeVisible();
        await look(name);
      }
      await context.close();
    });
  }
}
