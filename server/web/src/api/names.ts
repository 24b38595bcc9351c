// Names and photos for pseudonyms. Each look is recorded by the server, so each is asked for once a session and kept in
// memory, never in the browser's storage.

import { useEffect, useSyncExternalStore } from "react";
import { api, BASE, bodyOf, type Schema } from "./client";

export type Named = Schema["Named"];

/** How long requests for names are gathered, in milliseconds. */
const GATHER_MS = 30;
/** Most names of one request; the server takes no more. */
const NAMES_MAX = 200;

const names = new Map<string, Named | null>();
const photos = new Map<string, string | null>();
const asked = new Set<string>();
const photosAsked = new Set<string>();
const subscribers = new Set<() => void>();
const wanted: string[] = [];
let version = 0;

function changed() {
  version += 1;
  for (const subscriber of subscribers) subscriber();
}

function subscribe(subscriber: () => void) {
  subscribers.add(subscriber);
  return () => subscribers.delete(subscriber);
}

async function fetchNames() {
  const ids = wanted.splice(0, NAMES_MAX);
  if (wanted.length > 0) setTimeout(fetchNames, 0);
  try {
    const page = await bodyOf(api.POST("/api/v1/vault/names", { body: { person_ids: ids } }));
    for (const id of ids) names.set(id, null);
    for (const named of page.items) names.set(named.person_id, named);
  } catch {
    // The next who wants them asks again.
    for (const id of ids) asked.delete(id);
  }
  changed();
}

function want(ids: readonly string[]) {
  const fresh = ids.filter((id) => !asked.has(id));
  if (fresh.length === 0) return;
  if (wanted.length === 0) setTimeout(fetchNames, GATHER_MS);
  for (const id of fresh) {
    if (!asked.has(id)) wanted.push(id);
    asked.add(id);
  }
}

async function wantPhoto(id: string) {
  if (photosAsked.has(id)) return;
  photosAsked.add(id);
  try {
    const response = await fetch(`${BASE}/people/${id}/photo`);
    photos.set(id, response.ok ? URL.createObjectURL(await response.blob()) : null);
  } catch {
    photosAsked.delete(id);
  }
  changed();
}

/** Forgets a person, whose name or photo has changed. */
export function forgetPerson(id: string) {
  asked.delete(id);
  names.delete(id);
  photosAsked.delete(id);
  const photo = photos.get(id);
  if (photo) URL.revokeObjectURL(photo);
  photos.delete(id);
  changed();
}

/** Forgets everybody, when the session ends. */
export function forgetEverybody() {
  for (const id of [...asked, ...photosAsked]) forgetPerson(id);
}

/** What people are called: undefined while it is asked for, null for those who are not there or were erased. */
export function useNames(ids: readonly string[]): (id: string) => Named | null | undefined {
  useSyncExternalStore(subscribe, () => version);
  const key = ids.join(" ");
  useEffect(() => {
    if (key !== "") want(key.split(" "));
  }, [key]);
  return (id) => names.get(id);
}

/** Address of a person's photo in memory; null if there is none. */
export function usePhoto(id: string | null, hasPhoto: boolean | undefined): string | null {
  useSyncExternalStore(subscribe, () => version);
  useEffect(() => {
    if (id !== null && hasPhoto) void wantPhoto(id);
  });
  return id === null ? null : (photos.get(id) ?? null);
}
