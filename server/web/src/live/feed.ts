// The one live connection of a page. It starts from the newest part of the log, follows from there, and after a lost
// connection or sleep goes on behind the last position it has: no gaps, no doubles.

import { api, BASE, bodyOf, Problem } from "../api/client";
import { readStream } from "../api/sse";
import type { EventsQuery, LogEvent } from "../api/types";
import { merged, newest } from "./log";

export type Connection = "connecting" | "catching_up" | "live" | "lost";

export type Feed = {
  connection: Connection;
  /** Since when there has been no connection. */
  lostSince: Date | null;
  /** How many came after the connection was lost, until dismissed. */
  caughtUp: { count: number; lostSince: Date } | null;
  events: LogEvent[];
  /** From this position on, `events` lacks nothing; before it, only what guards watch is there. */
  wholeFrom: number;
  /** Events since the page was loaded. */
  came: number;
};

type Listeners = {
  /** Alarms may have changed. */
  onAlarm: () => void;
  /** An agent came or went, or anything may have changed unseen. */
  onAgent: () => void;
  /** What operators set changed, or an agent confirmed it. */
  onState: () => void;
  onLog: (events: LogEvent[]) => void;
};

/** How many events of any kind a page starts from. */
const FIRST_PAGE = 100;
/** Looks at personal data are events too and can fill that page: what guards watch is asked for by kind as well. */
const FIRST_KINDS = {
  decision: 100,
  entered: 100,
  not_opened: 20,
  door_opened: 20,
  command_done: 20,
  exit_requested: 20,
  alarm_raised: 20,
};
const KINDS_READ = Object.keys(FIRST_KINDS) as (keyof typeof FIRST_KINDS)[];
/** At a high rate the page is drawn this often at most. */
const DRAW_INTERVAL_MS = 250;
/** A timer that comes this much too late means that the machine slept. */
const SLEEP_MS = 15_000;
const TICK_MS = 5_000;
const RETRY_MS = { first: 500, max: 10_000 };

export class LiveFeed {
  private feed: Feed = { connection: "connecting", lostSince: null, caughtUp: null, events: [], wholeFrom: 0, came: 0 };
  private readonly subscribers = new Set<() => void>();
  private last = 0;
  private hasStarted = false;
  private waiting: LogEvent[] = [];
  private drawnAt = 0;
  private drawTimer: ReturnType<typeof setTimeout> | null = null;
  private stream = new AbortController();
  private stopped = new AbortController();
  private wake: () => void = () => {};

  constructor(private readonly listeners: Listeners) {}

  subscribe = (subscriber: () => void) => {
    this.subscribers.add(subscriber);
    return () => this.subscribers.delete(subscriber);
  };

  snapshot = () => this.feed;

  dismissCaughtUp = () => this.set({ caughtUp: null });

  /** Begins; the answer ends it. */
  start(): () => void {
    const stopped = new AbortController();
    this.stopped = stopped;
    let tickedAt = Date.now();
    const tick = setInterval(() => {
      const slept = Date.now() - tickedAt > TICK_MS + SLEEP_MS;
      tickedAt = Date.now();
      if (slept) this.reconnect();
    }, TICK_MS);
    const online = () => this.wake();
    const offline = () => this.reconnect();
    window.addEventListener("online", online);
    window.addEventListener("offline", offline);
    void this.run(stopped.signal);
    return () => {
      stopped.abort();
      this.stream.abort();
      clearInterval(tick);
      if (this.drawTimer) clearTimeout(this.drawTimer);
      window.removeEventListener("online", online);
      window.removeEventListener("offline", offline);
    };
  }

  private reconnect() {
    this.lose();
    this.stream.abort();
  }

  private async run(signal: AbortSignal) {
    let retryMs = RETRY_MS.first;
    while (!signal.aborted) {
      this.stream = new AbortController();
      try {
        if (!this.hasStarted) await this.reload();
        const url = `${BASE}/feed?after=${this.last}`;
        const either = AbortSignal.any([signal, this.stream.signal]);
        await readStream(
          url,
          either,
          (message) => this.take(message.event, message.data),
          () => {
            retryMs = RETRY_MS.first;
            this.set({ connection: "catching_up" });
          },
        );
      } catch (error) {
        // Signed out: whoever asks next is told, and the page ends.
        if (error instanceof Problem && error.status === 401) await api.GET("/api/v1/session").catch(() => {});
      }
      if (signal.aborted) return;
      this.lose();
      await this.pause(retryMs + Math.random() * retryMs);
      retryMs = Math.min(retryMs * 2, RETRY_MS.max);
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Reads the newest part of the log as a whole. */
  private async reload(): Promise<void> {
    const read = (query: EventsQuery) => bodyOf(api.GET("/api/v1/events", { params: { query } }));
    const page = await read({ limit: FIRST_PAGE });
    const watched = await Promise.all(KINDS_READ.map((kind) => read({ kind, limit: FIRST_KINDS[kind] })));
    this.hasStarted = true;
    this.last = Math.max(this.last, newest(page.items));
    const head = newest(page.items);
    // The stream tells what came after the page was read.
    const older = watched.flatMap((part) => part.items).filter((event) => event.position <= head);
    // What came by the stream meanwhile is newer than the page.
    const newer = this.feed.events.filter((event) => event.position > newest(page.items));
    this.set({
      events: merged(merged(page.items, older), newer),
      wholeFrom: page.next ? (page.items.at(-1)?.position ?? 0) : 0,
    });
  }

  private take(event: string, data: string) {
    const body = JSON.parse(data);
    switch (event) {
      case "log":
        this.takeLog(body as LogEvent);
        break;
      case "alarm":
        this.listeners.onAlarm();
        break;
      case "agent":
        this.listeners.onAgent();
        break;
      case "state":
        this.listeners.onState();
        break;
      case "ready":
        this.ready((body as { replayed: number }).replayed);
        break;
      case "gap":
        void this.bridge(body as { from: number; to: number });
        break;
    }
  }

  private takeLog(event: LogEvent) {
    if (event.position <= this.last) return;
    this.last = event.position;
    this.waiting.push(event);
    if (this.drawTimer !== null) return;
    const due = this.drawnAt + DRAW_INTERVAL_MS - performance.now();
    this.drawTimer = setTimeout(() => this.draw(), Math.max(due, 0));
  }

  private draw() {
    this.drawTimer = null;
    this.drawnAt = performance.now();
    const came = this.waiting;
    if (came.length === 0) return;
    this.waiting = [];
    this.set({ events: merged(this.feed.events, came), came: this.feed.came + came.length });
    this.listeners.onLog(came);
  }

  private ready(replayed: number) {
    const { lostSince } = this.feed;
    this.draw();
    this.set({
      connection: "live",
      lostSince: null,
      caughtUp: lostSince === null ? this.feed.caughtUp : { count: replayed + this.bridged, lostSince },
    });
    this.bridged = 0;
    // Alarms and states may have changed unseen.
    if (lostSince !== null) {
      this.listeners.onAgent();
      this.listeners.onState();
    }
  }

  private bridged = 0;

  /** More was missed than the server replays: read the newest part again, and say how many there were. */
  private async bridge(gap: { from: number; to: number }) {
    this.bridged += gap.to - gap.from + 1;
    this.last = Math.max(this.last, gap.to);
    try {
      await this.reload();
    } catch {
      // Without it the page would show a hole as if it were none.
      this.hasStarted = false;
      this.reconnect();
    }
  }

  private lose() {
    if (this.feed.connection === "lost" || this.stopped.signal.aborted) return;
    this.set({ connection: "lost", lostSince: this.feed.lostSince ?? new Date() });
  }

  private set(change: Partial<Feed>) {
    this.feed = { ...this.feed, ...change };
    for (const subscriber of this.subscribers) subscriber();
  }
}
