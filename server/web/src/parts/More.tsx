// The next piece of a list that comes in pieces, for whoever asks for it.

import Button from "@mui/material/Button";
import { w } from "../words";

interface Pieces {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

/** Nothing where the list is at its end. */
export function More({ of, label = w.act.more }: { of: Pieces; label?: string }) {
  if (!of.hasNextPage) return null;
  return (
    <Button onClick={() => void of.fetchNextPage()} loading={of.isFetchingNextPage} sx={{ alignSelf: "center" }}>
      {label}
    </Button>
  );
}
