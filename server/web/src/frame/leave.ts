// The end of a session in this page: everything it knew is forgotten.

import { forgetEverybody } from "../api/names";
import { client } from "./queryClient";

export function leave() {
  forgetEverybody();
  client.clear();
  window.location.assign("/sign-in");
}
