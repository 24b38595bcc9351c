// What the page has read, and how it reads again.

import { QueryClient } from "@tanstack/react-query";
import { Problem } from "../api/client";

const RETRIES_MAX = 3;

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      // What the server said it will say again; only what did not reach it is worth another try.
      retry: (count, error) => error instanceof Problem && error.status === 0 && count < RETRIES_MAX,
      refetchOnWindowFocus: true,
    },
  },
});
