// The first rows of a long list that the page holds already: what is drawn grows by as many at a time.

import { useState } from "react";

/** Rows drawn at first, and more at a time. */
const ROWS = 50;

/** The first of the rows, and how to draw more; `of` says what list it is: another one begins at its first rows again. */
export function useFirst<T>(rows: T[] | undefined, of: string): { first: T[] | undefined; more?: () => void } {
  const [drawn, setDrawn] = useState({ of, count: ROWS });
  const count = drawn.of === of ? drawn.count : ROWS;
  const first = rows?.slice(0, count);
  return { first, ...(rows && rows.length > count && { more: () => setDrawn({ of, count: count + ROWS }) }) };
}
