// Who is signed in, at which site the clock runs, and the live connection: what every page inside the frame has.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react";
import { queries } from "../api/queries";
import type { Session, Site } from "../api/types";
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

export function SessionFrame({ session, children }: { session: Session; children: ReactNode }) {
  const client = useQueryClient();
  const [feed] = useState(
    () =>
      new LiveFeed({
        onAlarm: () => void client.invalidateQueries({ queryKey: queries.openAlarms.queryKey }),
        onAgent: () => {
          for (const key of ["agents", "stations", "door-states", "alarms"]) {
            void client.invalidateQueries({ queryKey: [key] });
          }
        },
        onLog: (events) => {
          if (events.some((event) => event.door_id)) void client.invalidateQueries({ queryKey: ["door-states"] });
        },
      }),
  );
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
