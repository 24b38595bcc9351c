// The one place through which every editor of rules passes before it saves: what the changes would do is shown there.

import { useSyncExternalStore } from "react";
import { api, bodyOf, Problem, type Schema } from "../api/client";
import type { AccessDiff } from "../api/types";

/** A change as the preview takes it: its kind, what it is of, the version that is changed, and the body of the route that makes it. */
export type PolicyChange = { kind: Schema["ChangeKind"]; id?: string; version?: number; body?: unknown };

/** The operator looked at what would come of it, and went back. */
export class NotConfirmed extends Error {}

/** What is to be confirmed. */
export type Pending = { changes: PolicyChange[]; diff: AccessDiff; confirm: () => void; back: () => void };

let pending: Pending | null = null;
const subscribers = new Set<() => void>();

function show(next: Pending | null) {
  pending = next;
  for (const subscriber of subscribers) subscriber();
}

function subscribe(subscriber: () => void) {
  subscribers.add(subscriber);
  return () => subscribers.delete(subscriber);
}

/** What waits to be confirmed, if anything does. */
export function usePending(): Pending | null {
  return useSyncExternalStore(subscribe, () => pending);
}

const DAY_MS = 86_400_000;

/** Who would gain and who would lose which door in the days to come. */
export function askPreview(changes: PolicyChange[], days: number): Promise<AccessDiff> {
  const from = new Date();
  const until = new Date(from.getTime() + days * DAY_MS);
  // Each route describes its own body; here any of them may stand.
  const wanted = changes as Schema["PolicyChangeWanted"][];
  const body = { changes: wanted, from: from.toISOString(), until: until.toISOString() };
  return bodyOf(api.POST("/api/v1/policy/preview", { body }));
}

/** Resolves when the changes may be saved; rejects with `NotConfirmed` when the operator goes back, and with the problem that saving would have. */
export async function previewed(changes: PolicyChange[]): Promise<void> {
  let diff: AccessDiff;
  try {
    diff = await askPreview(changes, 7);
  } catch (problem) {
    throw problem instanceof Problem ? asSaving(problem) : problem;
  }
  // A name, say: nothing that a door asks for.
  if (diff.rules.length === 0) return;
  await new Promise<void>((resolve, reject) => {
    const end = (then: () => void) => () => {
      show(null);
      then();
    };
    show({ changes, diff, confirm: end(resolve), back: end(() => reject(new NotConfirmed())) });
  });
}

/** The problem of the route that makes the change: its fields are the editor's own. */
export function asSaving(problem: Problem): Problem {
  const field = (name: string) => name.replace(/^changes\[\d+\]\.(body\.)?/, "");
  const errors = problem.errors.map((error) => ({ ...error, field: field(error.field) }));
  const detail = problem.detail.replace(/^changes\[\d+\]: /, "");
  return new Problem(problem.status, problem.code, detail, errors, problem.retryAfterSeconds);
}
