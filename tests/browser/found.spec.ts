// What is many is found: doors by filters that stand in the address. And what a version made different, in words.
import { expect, test } from "@playwright/test";
import { accessible, act, signIn } from "./desk";

test("doors are found by what stands in the address", async ({ page }) => {
  await signIn(page);
  await page.goto("/doors");
  const rows = page.getByRole("table", { name: "Doors" }).getByRole("row");
  await expect(rows.filter({ hasText: "Main entrance" })).toBeVisible();
  const all = await rows.count();
  await page.getByLabel("Name of door or area").fill("entr main");
  await expect(rows).toHaveCount(2);
  await expect(page).toHaveURL(/q=entr/);
  await expect(page.getByRole("status").filter({ hasText: `1 found of ${all - 1} doors` })).toBeVisible();
  await accessible(page);
  // The address alone finds the same, and a closed door is not among the open ones.
  await page.reload();
  await expect(rows).toHaveCount(2);
  await page.getByRole("combobox", { name: "Area" }).click();
  await page.getByRole("option", { name: "Lobby" }).click();
  await expect(page).toHaveURL(/area=/);
  await expect(rows).toHaveCount(2);
  await page.getByLabel("Name of door or area").fill("nowhere");
  await expect(page.getByText("No door fits these filters.")).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(page).toHaveURL(/\/doors$/);
  await expect(rows).toHaveCount(all);
});

test("an opened version tells in words what it made different", async ({ page }) => {
  await signIn(page);
  const headers = { "x-pforte": "1" };
  const doors = await (await page.request.get("/api/v1/doors")).json();
  const door = doors.items.find((candidate: { name: string }) => candidate.name === "Delivery yard");
  const rename = async (name: string) => {
    const now = await page.request.get(`/api/v1/doors/${door.id}`);
    const answer = await page.request.patch(`/api/v1/doors/${door.id}`, {
      data: { name },
      headers: { ...headers, "if-match": now.headers().etag ?? "" },
    });
    expect(answer.ok(), await answer.text()).toBeTruthy();
  };
  await rename("Yard of deliveries");
  await page.goto("/history");
  const newest = page.getByRole("table", { name: "History of the rules" }).getByRole("row").nth(1);
  await expect(newest).toContainText("Changed Yard of deliveries");
  await newest.getByRole("button", { name: /^Open version/ }).click();
  // No rule differs by a name: what was written is told.
  const version = page.getByRole("region", { name: /^Version \d+$/ });
  await expect(version).toContainText("Delivery yard → Yard of deliveries");
  await rename("Delivery yard");
  // A version by which rules differ: names of things, and no id.
  await page.goto("/history?version=5");
  await expect(version).toContainText(/(Door|Area|Site) .+ is new/);
  await expect(version).not.toContainText(/[0-9a-f]{8}-[0-9a-f]{4}/);
  await accessible(page);
});

test("a door with a handle is left by it", async ({ page }) => {
  await signIn(page);
  await page.goto("/demo");
  const office = page.getByRole("region", { name: "Delivery yard", exact: true });
  await office.getByRole("button", { name: "Leave by the handle of Delivery yard" }).click();
  await expect(office.getByRole("status").filter({ hasText: "open" })).toBeVisible();
  await act(page, { do: "close", door: "yard" });
  // Nobody forced it.
  await expect(office).not.toContainText("forced");
});
