// How long it takes until a finger is compared with all others: by what one comparison takes, and by what those so far took.

import type { Step } from "../api/types";

/** What one comparison takes at least, in seconds: with an R503's templates at 57,600 baud, measured. */
const COMPARISON_S = 0.7;

/**
 * Seconds left, from the steps of a dialogue so far; null where nothing is compared, or nothing is left. Where it goes slower here,
 * that counts; where it goes faster it does not, for what comes next may take as long as it does elsewhere.
 */
export function secondsToCompare(steps: readonly Step[]): number | null {
  const comparing = steps.filter(({ step }) => step === "comparing");
  const [first, last] = [comparing[0], comparing.at(-1)];
  if (!first || !last || last !== steps.at(-1)) return null;
  const [compared, left] = [last.compared ?? 0, (last.to_compare ?? 0) - (last.compared ?? 0)];
  if (left <= 0) return null;
  const since = compared - (first.compared ?? 0);
  const measured_s = since > 0 ? (Date.parse(last.at) - Date.parse(first.at)) / 1000 / since : 0;
  return left * Math.max(COMPARISON_S, measured_s);
}
