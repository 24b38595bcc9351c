// Leaving a step of registering: what is still open in it is saved, or asked about; nothing is dropped without a word.
// The parts of a step say what they have open; the wizard holds every way out of the page.

import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import Typography from "@mui/material/Typography";
import { useBlocker } from "@tanstack/react-router";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useId, useRef, useState } from "react";
import { Trouble } from "../parts/Trouble";
import { w } from "../words";

/** What a part of a step has open. */
export type Open =
  /** It is saved when the step is left; when that fails, it is asked what to do. */
  | { kind: "save"; act: () => Promise<unknown>; text: string; without: string }
  /** It is asked first. `act` is what can be done before going on; without one it can only be given up. */
  | { kind: "ask"; act?: { label: string; run: () => Promise<unknown> }; text: string; without?: string };

const LeavingContext = createContext<(key: string, open: Open | null) => void>(() => {});

/** Says what this part has open, as long as it is shown. */
export function useOpen(key: string, open: Open | null) {
  const put = useContext(LeavingContext);
  useEffect(() => put(key, open));
  useEffect(() => () => put(key, null), [key, put]);
}

export function Leaving({ children }: { children: ReactNode }) {
  const parts = useRef(new Map<string, Open>());
  const [count, setCount] = useState(0);
  const [trouble, setTrouble] = useState<unknown>(null);
  const [isActing, setActing] = useState(false);
  const heading = useId();
  const put = useCallback((key: string, open: Open | null) => {
    if (open) parts.current.set(key, open);
    else parts.current.delete(key);
    setCount(parts.current.size);
  }, []);
  const shouldBlockFn = useCallback(async () => {
    setTrouble(null);
    let isOpen = false;
    for (const part of [...parts.current.values()]) {
      if (part.kind === "ask") isOpen = true;
      else await part.act().catch(() => (isOpen = true));
    }
    return isOpen;
  }, []);
  const way = useBlocker({ shouldBlockFn, withResolver: true, enableBeforeUnload: false });
  const isBlocked = way.status === "blocked";
  const stay = way.reset;
  // What was asked about has ended by itself meanwhile: its result is looked at before going on.
  useEffect(() => {
    if (isBlocked && count === 0 && !isActing) stay?.();
  }, [isBlocked, count, stay, isActing]);
  const open = [...parts.current.values()];
  const first = open.find((part) => part.kind === "ask") ?? open[0];
  const before = first?.kind === "ask" ? first.act : undefined;
  const without = first?.without;
  const goOnAfter = (run: () => Promise<unknown>) => {
    setActing(true);
    setTrouble(null);
    run()
      .then(() => way.proceed?.())
      .catch(setTrouble)
      .finally(() => setActing(false));
  };
  return (
    <LeavingContext.Provider value={put}>
      {children}
      {isBlocked && first && (
        <Dialog open onClose={stay} aria-labelledby={heading}>
          <DialogTitle id={heading}>{w.wizard.notLeft}</DialogTitle>
          <DialogContent>
            {open.map((part) => (
              <Typography key={part.text}>{part.text}</Typography>
            ))}
            <Trouble error={trouble} />
          </DialogContent>
          <DialogActions>
            <Button onClick={stay}>{w.wizard.stay}</Button>
            {without && <Button onClick={way.proceed}>{without}</Button>}
            {before && (
              <Button variant="contained" loading={isActing} onClick={() => goOnAfter(before.run)}>
                {before.label}
              </Button>
            )}
          </DialogActions>
        </Dialog>
      )}
    </LeavingContext.Provider>
  );
}
