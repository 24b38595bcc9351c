// The sound of an unacknowledged alarm: two short tones every few seconds, and a mute that ends by itself.

import { useEffect, useState } from "react";

const MUTE_MS = 5 * 60_000;
const REPEAT_MS = 6_000;

let context: AudioContext | null = null;
let mutedUntil = 0;
const subscribers = new Set<() => void>();

function tell() {
  for (const subscriber of subscribers) subscriber();
}

function tone(audio: AudioContext, frequency: number, startS: number) {
  const oscillator = audio.createOscillator();
  const volume = audio.createGain();
  oscillator.frequency.value = frequency;
  oscillator.connect(volume).connect(audio.destination);
  volume.gain.setValueAtTime(0, startS);
  volume.gain.linearRampToValueAtTime(0.25, startS + 0.02);
  volume.gain.linearRampToValueAtTime(0, startS + 0.22);
  oscillator.start(startS);
  oscillator.stop(startS + 0.25);
}

function play() {
  context ??= new AudioContext();
  // Browsers stay silent until the page was touched.
  if (context.state === "suspended") {
    void context.resume().then(tell);
    return;
  }
  tone(context, 880, context.currentTime);
  tone(context, 660, context.currentTime + 0.25);
}

export type AlarmSound = { mutedUntil: Date | null; isBlocked: boolean; mute: () => void; unmute: () => void };

/** Sounds while `isOn`; tells whether it is muted, or kept silent by the browser. */
export function useAlarmSound(isOn: boolean): AlarmSound {
  const [, redraw] = useState(0);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const subscriber = () => redraw((count) => count + 1);
    subscribers.add(subscriber);
    return () => {
      subscribers.delete(subscriber);
    };
  }, []);
  useEffect(() => {
    if (!isOn) return;
    const sound = () => {
      setNow(Date.now());
      if (Date.now() >= mutedUntil) play();
    };
    sound();
    const timer = setInterval(sound, REPEAT_MS);
    return () => clearInterval(timer);
  }, [isOn]);
  return {
    mutedUntil: mutedUntil > now ? new Date(mutedUntil) : null,
    isBlocked: isOn && context?.state === "suspended",
    mute: () => {
      mutedUntil = Date.now() + MUTE_MS;
      setNow(Date.now());
      tell();
    },
    unmute: () => {
      mutedUntil = 0;
      play();
      setNow(Date.now());
      tell();
    },
  };
}
