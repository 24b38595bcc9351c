// The words in use, and how a word of a vocabulary becomes text.

import { en, type Words } from "./en";

export const w: Words = en;

/** The text of a word. A word that this page is too old to know is shown as it is. */
export function text(vocabulary: keyof Words["vocabulary"], word: string | null | undefined): string {
  if (word === null || word === undefined) return "";
  const texts: Record<string, string> = w.vocabulary[vocabulary];
  return texts[word] ?? word.replaceAll("_", " ");
}

/** The text of a word in a small table of a page. */
export function named(table: Record<string, string>, word: string): string {
  return table[word] ?? word.replaceAll("_", " ");
}

/** Words of a vocabulary, in the order of its table. */
export function wordsOf(vocabulary: keyof Words["vocabulary"]): string[] {
  return Object.keys(w.vocabulary[vocabulary]);
}
