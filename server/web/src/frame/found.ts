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

/** Every thing whose name has, for each word that is looked for, a word beginning with it. */
export function found(lists: Lists, wanted: string): Hit[] {
  const words = plain(wanted).split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const fits = (thing: Listed) => {
    const parts = plain(`${thing.name} ${thing.also ?? ""}`).split(/[\s,./-]+/);
    return words.every((word) => parts.some((part) => part.startsWith(word)));
  };
  return (Object.entries(lists) as [Kind, Listed[]][]).flatMap(([kind, things]) =>
    things
      .filter(fits)
      .slice(0, HITS_MAX)
      .map((thing) => ({ kind, id: thing.id, label: thing.name })),
  );
}
