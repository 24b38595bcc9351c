// Who is signed in, at which site the clock runs, and the live connection: what every page inside the frame has.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { queries } from "../api/queries";
import type { LogEvent, Session, Site } from "../api/types";
import { type Feed, LiveFeed } from "../live/feed";

const SessionContext = createContext<Session | null>(null);
const FeedContext = createContext<LiveFeed | null>(null);
const SiteContext = createContext<{ site: Site | null; choose: (id: string) => void }>({
  site: null,
  choose: () => {},
});

function inside<T>(value: T | null): T {
  if (value === null) throw new Error("used outside the frame");
  return value;
}

export function useSession(): Session {
  return inside(useContext(SessionContext));
}

export function useIsAdministrator(): boolean {
  return useSession().operator.role === "administrator";
}

export function useSite() {
  return useContext(SiteContext);
}

/** Time zone of the site; the browser's until the site is known. */
export function useZone(): string {
  return useSite().site?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export function useLiveFeed(): LiveFeed {
  return inside(useContext(FeedContext));
}

export function useFeed(): Feed {
  const feed = useLiveFeed();
  return useSyncExternalStore(feed.subscribe, feed.snapshot);
}

/** The current time, every second. */
export function useNow(intervalMs = 1000): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), intervalMs);
    return () => clearInterval(timer);
  }, [intervalMs]);
  return now;
}

/** What operators set is read again this often at most: a hundred controllers confirm within a second. */
const STATE_INTERVAL_MS = 500;
/** Who is inside is read again this often at most: doors are busy. */
const MUSTER_INTERVAL_MS = 2_000;

/** Calls at once, and then at most once in an interval; the last call is never lost. */
function calmly(act: () => void, intervalMs: number): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isDue = false;
  const begin = () => {
    act();
    timer = setTimeout(() => {
      timer = null;
      if (!isDue) return;
      isDue = false;
      begin();
    }, intervalMs);
  };
  return () => {
    if (timer === null) begin();
    else isDue = true;
  };
}

export function SessionFrame({ session, children }: { session: Session; children: ReactNode }) {
  const client = useQueryClient();
  const [feed] = useState(() => {
    const again = (key: string) => () => void client.invalidateQueries({ queryKey: [key] });
    const stateMoved = calmly(again("state"), STATE_INTERVAL_MS);
    const somebodyMoved = calmly(again("muster"), MUSTER_INTERVAL_MS);
    return new LiveFeed({
      onAlarm: () => void client.invalidateQueries({ queryKey: queries.openAlarms.queryKey }),
      onAgent: () => {
        for (const key of ["agents", "stations", "door-states", "alarms"]) {
          void client.invalidateQueries({ queryKey: [key] });
        }
      },
      onState: stateMoved,
      onLog: (events) => {
        if (events.some((event) => event.door_id)) void client.invalidateQueries({ queryKey: ["door-states"] });
        const moves = (event: LogEvent) => event.kind === "entered" || event.kind === "state_set";
        if (events.some(moves)) somebodyMoved();
        // A reader is locked by a refusal with an alarm, and unlocked by an operator.
        if (events.some((event) => event.kind === "state_set" || event.alarms.length > 0)) stateMoved();
      },
    });
  });
  useEffect(() => feed.start(), [feed]);
  const { data: sites } = useQuery(queries.sites);
  const [chosen, choose] = useState<string | null>(null);
  const site = sites?.find((candidate) => candidate.id === chosen) ?? sites?.[0] ?? null;
  return (
    <SessionContext value={session}>
      <SiteContext value={{ site, choose }}>
        <FeedContext value={feed}>{children}</FeedContext>
      </SiteContext>
    </SessionContext>
  );
}
