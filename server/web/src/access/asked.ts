// What an address asks to be changed: `?change=ID` on the page of a person or a group opens the editor of that card or grant, for whoever
// was told that it would help.

import { useNavigate, useSearch } from "@tanstack/react-router";

/** The id that the address asks for, and how it is forgotten. */
export function useAskedFor(): [string | undefined, () => void] {
  const { change } = useSearch({ strict: false }) as { change?: string };
  const navigate = useNavigate();
  const forget = () => {
    if (change !== undefined) void navigate({ to: ".", search: {}, replace: true });
  };
  return [change, forget];
}
