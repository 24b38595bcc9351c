// Alarms that nobody has acknowledged, the most urgent first, and how many more there are below.

import QuietIcon from "@mui/icons-material/CheckCircleOutlined";
import AlarmIcon from "@mui/icons-material/ReportProblem";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Paper from "@mui/material/Paper";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api } from "../api/client";
import { useNames } from "../api/names";
import { queries, useAgentName, useDoorName } from "../api/queries";
import type { Alarm } from "../api/types";
import { useNow, useZone } from "../frame/session";
import { fullName } from "../parts/Portrait";
import { ReasonDialog } from "../parts/ReasonDialog";
import { Trouble } from "../parts/Trouble";
import { relativeTime, shortTime } from "../time";
import { text, w } from "../words";
import { byUrgency } from "./log";

/** Most alarms shown at once; the bar on top counts them all. */
const SHOWN_MAX = 20;

/** How many rows of a list lie below what can be seen of it. Another first row is shown at once, however far down one has looked. */
function useBelow(rows: number, first: string | undefined) {
  const list = useRef<HTMLUListElement>(null);
  const [below, setBelow] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another number of rows is another measure
  useEffect(() => {
    const element = list.current;
    if (element === null) return;
    const measure = () => {
      const end = element.getBoundingClientRect().bottom;
      // Half a row seen is a row seen.
      setBelow([...element.children].filter((row) => row.getBoundingClientRect().top + 24 > end).length);
    };
    measure();
    element.addEventListener("scroll", measure, { passive: true });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", measure);
      observer.disconnect();
    };
  }, [rows]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the change that counts
  useEffect(() => {
    // It answers with a promise in newer browsers, which an effect must not.
    void list.current?.scrollTo({ top: 0 });
  }, [first]);
  const showMore = () => list.current?.scrollBy({ top: list.current.clientHeight * 0.8, behavior: "smooth" });
  return { list, below, showMore };
}

export function Alarms() {
  const client = useQueryClient();
  const alarms = useQuery(queries.openAlarms);
  const [acknowledging, setAcknowledging] = useState<Alarm | null>(null);
  const open = (alarms.data?.items ?? []).toSorted(byUrgency);
  const { list, below, showMore } = useBelow(open.length, open[0]?.id);
  const hidden = below + Math.max(0, open.length - SHOWN_MAX);
  const doorName = useDoorName();
  const agentName = useAgentName();
  const zone = useZone();
  const now = useNow();
  const nameOf = useNames(open.flatMap((alarm) => (alarm.person_id ? [alarm.person_id] : [])));
  /** What, where and who: several of a kind are told apart by it. */
  const lineOf = (alarm: Alarm) => {
    const where = doorName(alarm.door_id) || agentName(alarm.agent_id);
    const who = alarm.person_id ? fullName(nameOf(alarm.person_id)) : null;
    return [text("AlarmKind", alarm.kind), where, who].filter(Boolean).join(" · ");
  };
  const acknowledge = async (alarm: Alarm, note: string) => {
    await api.POST("/api/v1/alarms/{id}/acknowledge", { params: { path: { id: alarm.id } }, body: { note } });
    client.setQueryData(
      queries.openAlarms.queryKey,
      (held) => held && { ...held, items: held.items.filter((other) => other.id !== alarm.id) },
    );
    await client.invalidateQueries({ queryKey: ["alarms"] });
  };
  return (
    <Box component="section" aria-label={w.live.alarms}>
      <Trouble error={alarms.error} onRetry={() => alarms.refetch()} />
      {alarms.data && open.length === 0 && (
        <Stack direction="row" spacing={1} sx={{ alignItems: "center", color: "text.secondary", py: 0.5 }}>
          <QuietIcon fontSize="small" color="success" />
          <Typography variant="body2">{w.live.noAlarms}</Typography>
        </Stack>
      )}
      <Stack
        ref={list}
        spacing={1}
        component="ul"
        sx={{ m: 0, p: 0, listStyle: "none", maxHeight: "38vh", overflow: "auto" }}
      >
        {open.slice(0, SHOWN_MAX).map((alarm) => (
          <Paper
            key={alarm.id}
            component="li"
            variant="outlined"
            sx={{
              display: "flex",
              alignItems: "center",
              flexWrap: { xs: "wrap", md: "nowrap" },
              columnGap: 2,
              rowGap: 1,
              px: 2,
              py: 1,
              borderColor: "error.main",
              borderLeftWidth: 6,
              bgcolor: "rgba(var(--mui-palette-error-mainChannel) / 0.06)",
            }}
          >
            <AlarmIcon color="error" titleAccess={w.live.priority(alarm.priority)} />
            <Box sx={{ flex: 1, minWidth: { xs: 160, md: 0 } }}>
              <Typography sx={{ fontWeight: 700 }}>{lineOf(alarm)}</Typography>
              <Typography variant="body2" sx={{ color: "text.secondary" }}>
                {w.live.since(shortTime(alarm.raised_at, zone, now))} ({relativeTime(alarm.raised_at, now)})
                {alarm.raised_again_at &&
                  ` · ${w.live.again(alarm.times, shortTime(alarm.raised_again_at, zone, now))}`}
                {alarm.cleared_at && ` · ${w.live.cleared(shortTime(alarm.cleared_at, zone, now))}`}
                {` · ${(w.alarmAdvice as Record<string, string>)[alarm.kind] ?? ""}`}
              </Typography>
            </Box>
            <Button
              variant="contained"
              color="error"
              onClick={() => setAcknowledging(alarm)}
              aria-label={w.live.acknowledgeTitle(lineOf(alarm))}
            >
              {w.live.acknowledge}
            </Button>
          </Paper>
        ))}
      </Stack>
      {hidden > 0 && (
        <Button size="small" color="error" onClick={showMore} sx={{ mt: 0.5 }}>
          {w.live.moreAlarms(hidden, alarms.data?.isMore === true)}
        </Button>
      )}
      {acknowledging && (
        <ReasonDialog
          title={w.live.acknowledgeTitle(lineOf(acknowledging))}
          effect={(w.alarmAdvice as Record<string, string>)[acknowledging.kind]}
          submit={w.live.acknowledge}
          label={w.live.note}
          help={w.live.noteHelp}
          danger={false}
          act={(note) => acknowledge(acknowledging, note)}
          onClose={() => setAcknowledging(null)}
        />
      )}
    </Box>
  );
}
