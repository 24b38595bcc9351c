// The words in use, and how a word of a vocabulary becomes text.

import type { Schema } from "../api/client";
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

/** A word of a vocabulary, as the API's description knows it. */
export type WordOf<Vocabulary> = Vocabulary extends keyof Schema ? Schema[Vocabulary] : string;

/** Words of a vocabulary, in the order of its table. */
export function wordsOf<Vocabulary extends keyof Words["vocabulary"]>(vocabulary: Vocabulary): WordOf<Vocabulary>[] {
  return Object.keys(w.vocabulary[vocabulary]) as WordOf<Vocabulary>[];
}
