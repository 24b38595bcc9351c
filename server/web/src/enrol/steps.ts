// The steps of a dialogue, from its first, over a connection that may break. A stream that is cut is no end of the dialogue: the
// server keeps it going for a while, and it is followed again. So it is, too, when the page is loaded again: a browser cuts the
// streams of a page that goes, and may tell the page so before it is gone.

import { BASE, Problem } from "../api/client";
import { readStream } from "../api/sse";
import type { Step } from "../api/types";

/** Steps that nothing comes after. */
export const LAST_STEPS = ["card_in_use", "finger_in_use", "done", "failed", "cancelled", "timed_out"];
/** How long after a cut the stream is opened again. */
const RETRY_MS = 1_000;
/** How long it is tried: the server ends a dialogue that nobody has followed for 10 seconds. */
const LOST_MS_MAX = 15_000;

type Following = {
  signal: AbortSignal;
  /** The server answers: from here on the steps come again, from the first. */
  onOpen: () => void;
  onStep: (step: Step) => void;
  /** It does not, for the moment. */
  onLost: (problem: unknown) => void;
};

/** Whether the server said no, and would say it again. */
function isRefusal(caught: unknown): boolean {
  return caught instanceof Problem && caught.status >= 400 && caught.status < 500 && caught.status !== 429;
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, RETRY_MS);
    signal.addEventListener("abort", done);
  });
}

/** Follows a dialogue to its last step or until `signal` says so. Throws when the server refuses, or is not reached for long. */
export async function followSteps(id: string, { signal, onOpen, onStep, onLost }: Following): Promise<void> {
  let lostAt: number | null = null;
  while (!signal.aborted) {
    let hasEnded = false;
    let problem: unknown = new Problem(0, "unreachable", "");
    const take = (step: Step) => {
      hasEnded = LAST_STEPS.includes(step.step);
      onStep(step);
    };
    const opened = () => {
      lostAt = null;
      onOpen();
    };
    try {
      const url = `${BASE}/enrolments/${id}/steps`;
      await readStream(url, signal, (message) => take(JSON.parse(message.data) as Step), opened);
    } catch (caught) {
      if (isRefusal(caught)) throw caught;
      problem = caught;
    }
    if (hasEnded || signal.aborted) return;
    lostAt ??= performance.now();
    if (performance.now() - lostAt > LOST_MS_MAX) throw problem;
    onLost(problem);
    await pause(signal);
  }
}
