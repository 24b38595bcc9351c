// Server-sent events, read by hand: a browser's EventSource hides heartbeats and statuses, and both are needed to say
// truthfully whether the page is connected.

import { Problem, problemOf } from "./client";

export type Message = { id: string | null; event: string; data: string };

/** Cuts a stream of text into messages. Comments count as signs of life only. */
export class MessageParser {
  private rest = "";
  private id: string | null = null;
  private event = "";
  private data: string[] = [];

  /** Takes a piece of text; gives the messages that it completes. */
  push(text: string): Message[] {
    const done: Message[] = [];
    this.rest += text;
    for (;;) {
      const end = this.rest.search(/\r\n|\n|\r(?!$)/);
      if (end < 0) return done;
      const line = this.rest.slice(0, end);
      this.rest = this.rest.slice(end + (this.rest.startsWith("\r\n", end) ? 2 : 1));
      if (line === "") {
        if (this.data.length > 0) {
          done.push({ id: this.id, event: this.event || "message", data: this.data.join("\n") });
        }
        this.event = "";
        this.data = [];
      } else {
        this.field(line);
      }
    }
  }

  private field(line: string) {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.data.push(value);
    else if (name === "event") this.event = value;
    else if (name === "id") this.id = value;
  }
}

/** Longest silence before a stream counts as lost; the server sends a heartbeat every 10 seconds. */
const SILENCE_MS_MAX = 25_000;

/**
 * Reads a stream until it ends, is lost (throws) or `signal` says so. `onOpen` is called when the server has answered.
 */
export async function readStream(
  url: string,
  signal: AbortSignal,
  onMessage: (message: Message) => void,
  onOpen: () => void = () => {},
): Promise<void> {
  const silence = new AbortController();
  const lost = () => silence.abort();
  let watchdog = setTimeout(lost, SILENCE_MS_MAX);
  try {
    const response = await fetch(url, {
      headers: { Accept: "text/event-stream" },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok || response.body === null) throw await problemOf(response);
    onOpen();
    const reader = response.body.getReader();
    const text = new TextDecoder();
    const parser = new MessageParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(watchdog);
      watchdog = setTimeout(lost, SILENCE_MS_MAX);
      for (const message of parser.push(text.decode(value, { stream: true }))) onMessage(message);
    }
  } catch (error) {
    if (signal.aborted) return;
    throw error instanceof Problem ? error : new Problem(0, "unreachable", "");
  } finally {
    clearTimeout(watchdog);
  }
}
