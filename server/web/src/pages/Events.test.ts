import { expect, test } from "vitest";
import { queryOf } from "./Events";

test("looks are left out unless the address asks for them", () => {
  expect(queryOf({}, "UTC")).toEqual({ looks: false });
  expect(queryOf({ looks: "shown", event: 7 }, "UTC")).toEqual({});
  expect(queryOf({ looks: "anything", operator_id: "o" }, "UTC")).toEqual({ looks: false, operator_id: "o" });
});

test("times of the address are the site's", () => {
  expect(queryOf({ from: "2026-11-23T14:05", looks: "shown" }, "Europe/Berlin")).toEqual({
    from: "2026-11-23T13:05:00.000Z",
  });
});
