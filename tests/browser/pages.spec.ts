// Every page in light and dark, at desk and tablet size: axe finds nothing serious, nothing overflows, and a picture is
// kept to be looked at.
import { expect, test } from "@playwright/test";
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

for (const colorScheme of ["light", "dark"] as const) {
  for (const [size, viewport] of [
    ["desk", { width: 1440, height: 900 }],
    ["tablet", { width: 1024, height: 768 }],
  ] as const) {
    test(`pages, ${colorScheme}, ${size}`, async ({ browser }) => {
      test.setTimeout(180_000);
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
      for (const [name, path] of pages) {
        await page.goto(path);
        await look(name);
      }
      await page.goto("/people");
      await page.getByRole("link", { name: /Amira Adler/ }).first().click();
      await expect(page.getByRole("heading", { level: 1 })).not.toHaveText("People");
      await look("person");
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
