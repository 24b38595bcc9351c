// The list of entries, newest on top. It holds still while the pointer is over it or a row is selected, and says how
// many came meanwhile.

import PausedIcon from "@mui/icons-material/PauseCircleOutlined";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import List from "@mui/material/List";
import Stack from "@mui/material/Stack";
import ToggleButton from "@mui/material/ToggleButton";
import ToggleButtonGroup from "@mui/material/ToggleButtonGroup";
import Typography from "@mui/material/Typography";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { useNames } from "../api/names";
import { useAgentName, useDoorName } from "../api/queries";
import { useHeadline } from "../api/subjects";
import { useFeed, useZone } from "../frame/session";
import { Empty, Waiting } from "../parts/Page";
import { clockTime } from "../time";
import { w } from "../words";
import { entriesOf, newest, personsOf } from "./log";
import { Row, rowsBox } from "./Row";

/** Most rows drawn. */
const ROWS_MAX = 120;
/** As many at once are told as a number. */
const MANY = 10;
const TOLD_MS = 2_500;

/** Moves the focus between rows by the arrow keys. */
function onArrow(event: KeyboardEvent<HTMLElement>) {
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key] as
    | "nextElementSibling"
    | "previousElementSibling"
    | undefined;
  const row = document.activeElement?.closest("li");
  const target = step && row?.[step];
  if (target instanceof HTMLElement) {
    event.preventDefault();
    target.focus();
  }
}

/** Calls back on Escape while it is wanted; a dialog or field that takes the key for itself comes first. */
function useEscape(isWanted: boolean, then: () => void) {
  const latest = useRef(then);
  latest.current = then;
  useEffect(() => {
    if (!isWanted) return;
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) latest.current();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [isWanted]);
}

/** How many came at once, if that were many; nothing again after a while. */
function useBurst(came: number): number {
  const before = useRef(came);
  const [burst, setBurst] = useState(0);
  useEffect(() => {
    const more = came - before.current;
    before.current = came;
    if (more < MANY) return;
    setBurst((told) => told + more);
    const timer = setTimeout(() => setBurst(0), TOLD_MS);
    return () => clearTimeout(timer);
  }, [came]);
  return burst;
}

type Props = {
  selected: number | null;
  onSelect: (position: number | null) => void;
  title?: string;
  compact?: boolean;
};

export function Entries({ selected, onSelect }: Props) {
  const feed = useFeed();
  const zone = useZone();
  const doorName = useDoorName();
  const agentName = useAgentName();
  const [isAll, setAll] = useState(false);
  const [isOver, setOver] = useState(false);
  const [held, setHeld] = useState<{ at: number; since: string } | null>(null);
  const burst = useBurst(feed.came);
  const entries = useMemo(
    () =>
      isAll
        ? feed.events.filter((event) => event.position >= feed.wholeFrom).map((event) => ({ event, sequel: null }))
        : entriesOf(feed.events),
    [feed.events, feed.wholeFrom, isAll],
  );
  // It is held while the pointer is over it or a row is selected, and no longer.
  const isHeld = isOver || selected !== null;
  const newestNow = newest(feed.events);
  useEffect(() => {
    // A page opened at a selected row holds still from the start.
    const now = () => ({ at: Math.max(newestNow, selected ?? 0), since: new Date().toISOString() });
    setHeld((before) => (isHeld ? (before ?? now()) : null));
  }, [isHeld, newestNow, selected]);
  const resume = () => {
    onSelect(null);
    setOver(false);
  };
  useEscape(isHeld, resume);
  const heldAt = held?.at ?? null;
  const shown = entries.filter(({ event }) => heldAt === null || event.position <= heldAt).slice(0, ROWS_MAX);
  const waiting = heldAt === null ? 0 : entries.filter(({ event }) => event.position > heldAt).length;
  const nameOf = useNames(shown.flatMap(({ event }) => personsOf(event).slice(0, 1)));
  const say = useHeadline(nameOf);
  const select = (position: number) => onSelect(position === selected ? null : position);
  return (
    <Box
      component="section"
      aria-label={w.live.entries}
      sx={{
        display: "flex",
        flexDirection: "column",
        minHeight: 0,
        flex: 1,
        border: 1,
        borderColor: "divider",
        borderRadius: 2,
        bgcolor: "background.paper",
        overflow: "hidden",
      }}
    >
      <Stack
        direction="row"
        spacing={1.5}
        sx={{ alignItems: "center", px: 2, py: 1, borderBottom: 1, borderColor: "divider", minHeight: 48 }}
      >
        <Typography variant="h2">{w.live.entries}</Typography>
        {burst > 0 && heldAt === null && (
          <Typography variant="body2" sx={{ color: "primary.main", fontWeight: 650 }}>
            {w.live.pausedNew(burst)}
          </Typography>
        )}
        <Box sx={{ flex: 1 }} />
        {held !== null && selected === null && (
          <>
            <Typography variant="body2" role="status" sx={{ color: "warning.main", fontWeight: 650 }}>
              {w.live.paused(waiting)}
            </Typography>
            <Button size="small" variant="outlined" onClick={resume} title={w.live.resumeHelp}>
              {w.live.resume}
            </Button>
          </>
        )}
        <ToggleButtonGroup
          size="small"
          exclusive
          value={isAll}
          onChange={(_, all) => all !== null && setAll(all)}
          aria-label={w.live.show}
        >
          <ToggleButton value={false} sx={{ py: 0.25 }}>
            {w.live.entriesOnly}
          </ToggleButton>
          <ToggleButton value={true} sx={{ py: 0.25 }}>
            {w.live.all}
          </ToggleButton>
        </ToggleButtonGroup>
      </Stack>
      {held !== null && selected !== null && (
        // It would stay so for as long as nobody notices.
        <Stack
          direction="row"
          spacing={2}
          sx={{
            alignItems: "center",
            px: 2,
            py: 0.75,
            borderBottom: 1,
            borderColor: "warning.main",
            borderLeft: 3,
            borderLeftColor: "warning.main",
            bgcolor: "rgba(var(--mui-palette-warning-mainChannel) / 0.12)",
          }}
        >
          <PausedIcon fontSize="small" sx={{ color: "warning.main" }} />
          <Typography variant="body2" role="status" sx={{ fontWeight: 650, flex: 1 }}>
            {w.live.held(clockTime(held.since, zone), waiting)}
          </Typography>
          <Button size="small" variant="contained" onClick={resume} title={w.live.resumeHelp}>
            {w.live.resume}
          </Button>
        </Stack>
      )}
      {feed.connection === "connecting" && feed.events.length === 0 && <Waiting lines={8} />}
      {feed.connection === "live" && shown.length === 0 && <Empty>{w.live.noEntries}</Empty>}
      <List
        disablePadding
        aria-label={w.live.entries}
        onPointerEnter={() => setOver(true)}
        onPointerLeave={() => setOver(false)}
        onKeyDown={onArrow}
        sx={{ overflow: "auto", flex: 1, minHeight: 0, ...rowsBox }}
      >
        {shown.map((entry) => (
          <Row
            key={entry.event.position}
            entry={entry}
            say={say(entry.event)}
            named={nameOf(personsOf(entry.event)[0] ?? "")}
            place={doorName(entry.event.door_id)}
            agent={agentName(entry.event.agent_id)}
            zone={zone}
            isSelected={entry.event.position === selected}
            onSelect={select}
          />
        ))}
      </List>
    </Box>
  );
}
