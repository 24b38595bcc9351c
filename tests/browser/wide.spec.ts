// A site too large for one map: a list, the whole at a glance, one area among its neighbours. The last of all: its doors hang on no agent.
import { expect, test } from "@playwright/test";
import { accessible, signIn } from "./desk";

const FLOORS = 14;

test("an area of a large site is found and seen among its neighbours", async ({ page }) => {
  await signIn(page);
  const make = async (path: string, data: object) => {
    const answer = await page.request.post(`/api/v1${path}`, { data, headers: { "x-pforte": "1" } });
    expect(answer.ok(), await answer.text()).toBeTruthy();
    return (await answer.json()).id as string;
  };
  const site = await make("/sites", { name: "Tower", time_zone: "Europe/Berlin" });
  const area = (name: string) => make("/areas", { site_id: site, name });
  const street = await area("Tower, street");
  const stairs = await area("Tower, stairs");
  const door = (name: string, outside: string, inside: string) =>
    make("/doors", { name, site_id: site, area_outside_id: outside, area_inside_id: inside });
  await door("Tower gate", street, stairs);
  for (let floor = 1; floor <= FLOORS; floor += 1) {
    await door(`Door of floor ${floor}`, stairs, await area(`Floor ${floor}`));
  }

  await page.goto(`/areas?site=${site}`);
  const list = page.getByRole("region", { name: "List of areas" });
  await expect(list.getByRole("listitem")).toHaveCount(FLOORS + 2);
  const whole = page.getByRole("region", { name: "Map of Tower" });
  await expect(whole.getByRole("button")).toHaveCount(FLOORS + 2);
  await accessible(page);
  await list.getByLabel("Find an area").fill("floor 12");
  await expect(list.getByRole("listitem")).toHaveCount(1);
  await list.getByRole("button", { name: /^Floor 12/ }).click();
  await expect(page).toHaveURL(/area=/);
  const near = page.getByRole("region", { name: "Floor 12 and its neighbours" });
  await expect(near.getByRole("button")).toHaveCount(3);
  await expect(near.getByRole("button", { name: "Door of floor 12: From Tower, stairs into Floor 12" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Floor 12", exact: true })).toContainText("Door of floor 12");
  await accessible(page);
  // A neighbour is one step away, and the whole site another.
  await near.getByRole("button", { name: /^Tower, stairs/ }).click();
  await expect(page.getByRole("region", { name: "Tower, stairs and its neighbours" }).getByRole("button")).toHaveCount(
    2 * (FLOORS + 1) + 1,
  );
  await page.getByRole("button", { name: "Show the whole site" }).click();
  await expect(whole).toBeVisible();
});
