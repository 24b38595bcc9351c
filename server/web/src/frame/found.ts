// What the search over everything finds in lists that the page holds, beside the people that the server finds.

export type Kind = "person" | "door" | "agent" | "level" | "schedule" | "group" | "operator" | "page";

export type Hit = { kind: Kind; id: string; label: string };

type Listed = { id: string; name: string; also?: string };

export type Lists = Partial<Record<Kind, Listed[]>>;

/** Most hits of one kind. */
const HITS_MAX = 6;

/** Letters as they are compared: case and accents do not matter. */
function plain(value: string): string {
  return value.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
}

/** Whether a text has, for each word that is looked for, a word beginning with it. */
export function fits(text: string, wanted: string): boolean {
  const parts = plain(text).split(/[\s,./-]+/);
  return wordsOf(wanted).every((word) => parts.some((part) => part.startsWith(word)));
}

function wordsOf(wanted: string): string[] {
  return plain(wanted)
    .split(/[\s,./-]+/)
    .filter(Boolean);
}

/** Every thing whose name fits what is looked for. */
export function found(lists: Lists, wanted: string): Hit[] {
  if (wordsOf(wanted).length === 0) return [];
  return (Object.entries(lists) as [Kind, Listed[]][]).flatMap(([kind, things]) =>
    things
      .filter((thing) => fits(`${thing.name} ${thing.also ?? ""}`, wanted))
      .slice(0, HITS_MAX)
      .map((thing) => ({ kind, id: thing.id, label: thing.name })),
  );
}
