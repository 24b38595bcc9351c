// How the pages speak with the server: typed requests, and problems that carry a code.

import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schema = components["schemas"];
export type FieldError = { field: string; message: string };

/** Under which path everything lies. */
export const BASE = "/api/v1";

/** A request that brought no result: what the server said, or that it could not be reached (`status` 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: FieldError[] = [],
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(detail);
  }

  /** What is wrong with one field, if anything is. */
  field(name: string): string | undefined {
    return this.errors.find((wrong) => wrong.field === name)?.message;
  }
}

/** Reads the problem details of an answer that is no success. */
export async function problemOf(response: Response): Promise<Problem> {
  const retry = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  let body: Partial<{ code: string; detail: string; errors: FieldError[] }> = {};
  try {
    body = await response.json();
  } catch {
    // Something between us and the server answered; the status is all there is.
  }
  return new Problem(
    response.status,
    body.code ?? `http_${response.status}`,
    body.detail ?? "",
    body.errors ?? [],
    Number.isNaN(retry) ? null : retry,
  );
}

async function send(request: Request): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(request);
  } catch {
    throw new Problem(0, "unreachable", "");
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.status === 401 && problem.code === "unauthenticated") signedOut();
    throw problem;
  }
  return response;
}

let signedOut: () => void = () => {};

/** Tells whom to call when the session has ended. */
export function onSignedOut(then: () => void) {
  signedOut = then;
}

/** The typed client. Every answer that is no success is thrown as a `Problem`. */
export const api = createClient<paths>({
  fetch: send,
  // Foreign pages can't make a browser send it.
  headers: { "X-Pforte": "1" },
});

/** The body of a successful answer. */
export async function bodyOf<T>(answer: Promise<{ data?: T }>): Promise<T> {
  // Answers without success were thrown by `send`.
  return (await answer).data as T;
}

/** Header that names the version which is to be changed. */
export function ifMatch(version: number) {
  return { "If-Match": `"${version}"` };
}

/** Sends a picture, which is no JSON. */
export async function putPhoto(personId: string, picture: Blob) {
  await send(
    new Request(`${BASE}/people/${personId}/photo`, {
      method: "PUT",
      body: picture,
      headers: { "X-Pforte": "1", "Content-Type": picture.type || "image/jpeg" },
    }),
  );
}
