// The simulated world behind the demo, as its twins report it, and how to act in it.

import { useCallback, useEffect, useState } from "react";
import { api, BASE, Problem } from "../api/client";
import { readStream } from "../api/sse";

export type Light = "off" | "waiting" | "green" | "red" | "amber";
export type WorldDoor = {
  name: string;
  label?: string | null;
  /** What is worth trying at it. */
  hint?: string | null;
  /** Whether one leaves by a handle that draws the bolt, and presses no button. */
  is_rex_mechanical: boolean;
  /** Whether it has inputs that are only watched. */
  has_watched?: boolean;
  /** Those that are active. */
  watched?: string[];
  is_energised: boolean;
  is_open: boolean;
  light: string;
  buzzer: string;
  line: string;
  was_forced: boolean;
};
export type Place = {
  name: string;
  label?: string | null;
  door?: string | null;
  reader?: string | null;
  sensor?: string | null;
  keypad?: string | null;
};
export type Reader = { name: string; card: string | null; fault?: string | null };
export type Sensor = { name: string; finger: string | null; is_plugged: boolean; ring?: string | null; fault: string };
export type Keypad = { name: string; is_plugged: boolean };
export type Held = { name: string; label?: string | null };
export type World = {
  readers: Reader[];
  sensors: Sensor[];
  keypads: Keypad[];
  doors: WorldDoor[];
  cards: Held[];
  fingers: Held[];
  places: Place[];
  pcscd: boolean;
};

/** What a thing of the world is called. */
export function labelOf(thing: { name: string; label?: string | null }): string {
  return thing.label ?? thing.name;
}

/** What is written on a card or finger in the hand: whose it is, since what it is stands above. */
export function shortLabelOf(thing: { name: string; label?: string | null }): string {
  return labelOf(thing).replace(/'s (card|finger)$/, "");
}

/** The doors in the order of their places, which is the order in which one comes to them. */
export function doorsInOrder(world: World): WorldDoor[] {
  const place = (door: WorldDoor) => world.places.findIndex((candidate) => candidate.door === door.name);
  return [...world.doors].sort((one, other) => place(one) - place(other));
}

const RETRY_MS = 1_000;

/** The world as it is now. */
export function useWorld(): { world: World | null; isLost: boolean } {
  const [world, setWorld] = useState<World | null>(null);
  const [isLost, setLost] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    const follow = async () => {
      while (!stop.signal.aborted) {
        try {
          await readStream(`${BASE}/demo/watch`, stop.signal, (message) => {
            const body = JSON.parse(message.data) as World | { state: World };
            setWorld("state" in body ? body.state : body);
            setLost(false);
          });
        } catch {
          // Tried again below; the page says that the world does not answer.
        }
        if (stop.signal.aborted) return;
        setLost(true);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    };
    void follow();
    return () => stop.abort();
  }, []);
  return { world, isLost };
}

export type Command = { do: string; [key: string]: unknown };

/** Sends commands to the world one after the other; keeps what it last refused. */
export function useCommand(): { act: (...commands: Command[]) => void; refused: string | null; clear: () => void } {
  const [refused, setRefused] = useState<string | null>(null);
  const act = useCallback((...commands: Command[]) => {
    const run = async () => {
      setRefused(null);
      try {
        for (const command of commands) await api.POST("/api/v1/demo/command", { body: command as never });
      } catch (error) {
        setRefused(error instanceof Problem ? (error.field("do") ?? (error.detail || error.code)) : String(error));
      }
    };
    void run();
  }, []);
  const clear = useCallback(() => setRefused(null), []);
  return { act, refused, clear };
}
