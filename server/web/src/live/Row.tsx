// One event as a row that reads like a sentence from far away: time, outcome, photo, person, door and side, reason.

import RefusedIcon from "@mui/icons-material/BlockOutlined";
import GrantedIcon from "@mui/icons-material/CheckCircleOutlined";
import WeakIcon from "@mui/icons-material/GppMaybeOutlined";
import InfoIcon from "@mui/icons-material/InfoOutlined";
import AlarmIcon from "@mui/icons-material/ReportProblem";
import Box from "@mui/material/Box";
import ListItemButton from "@mui/material/ListItemButton";
import Typography from "@mui/material/Typography";
import { memo } from "react";
import type { Named } from "../api/names";
import type { LogEvent } from "../api/types";
import { fullName, Portrait } from "../parts/Portrait";
import { WhyButton } from "../rules/Why";
import { clockTime, dayOf, isToday } from "../time";
import { text, w } from "../words";
import { type Entry, type Tone, toneOf } from "./log";
import { because, headline } from "./sentence";

const looks: Record<Tone, { icon: React.ReactNode; color: string }> = {
  granted: { icon: <GrantedIcon fontSize="small" />, color: "success.main" },
  refused: { icon: <RefusedIcon fontSize="small" />, color: "error.main" },
  alarm: { icon: <AlarmIcon fontSize="small" />, color: "error.main" },
  info: { icon: <InfoIcon fontSize="small" />, color: "text.secondary" },
};

/** Refused at first, to wait for another, and let in with them: whoever reads that must not look for an intruder. */
const isLetIn = (entry: Entry) => entry.sequel === "admitted" && toneOf(entry.event) === "refused";

const toneIn = (entry: Entry): Tone => (isLetIn(entry) ? "granted" : toneOf(entry.event));

/** Icon and word of an outcome; never colour alone. */
export function Outcome({ entry, strong = false, say }: { entry: Entry; strong?: boolean; say?: string }) {
  const look = looks[toneIn(entry)];
  return (
    <Box
      component="span"
      sx={{
        display: "inline-flex",
        alignItems: "center",
        gap: 0.75,
        color: look.color,
        fontWeight: strong ? 700 : 600,
      }}
    >
      {look.icon}
      {isLetIn(entry) ? w.outcome.letIn : (say ?? headline(entry.event))}
    </Box>
  );
}

/** Marks what was decided on a card that can be copied, beside who it is said to be. */
export function CopyableCard({ event }: { event: LogEvent }) {
  // Of a card that nobody holds it would say nothing.
  if (event.assurance !== "weak_uid" || !event.person_id) return null;
  return (
    <WeakIcon
      titleAccess={w.event.copyable}
      sx={{ fontSize: "1rem", color: "warning.main", verticalAlign: "text-bottom", ml: 0.75, flexShrink: 0 }}
    />
  );
}

type Props = {
  entry: Entry;
  /** What happened, where the page knows more names than the event. */
  say?: string;
  named: Named | null | undefined;
  place: string;
  agent: string;
  zone: string;
  isSelected: boolean;
  onSelect?: (position: number) => void;
};

/** Around rows: how wide they are decides whether place and reason stand beside the person or below. */
export const rowsBox = { containerType: "inline-size", containerName: "rows" } as const;

/** Rows narrower than this, as beside an open detail on a tablet or on a phone, have a second line. */
const NARROW = "@container rows (max-width: 719px)";

/** A long name goes on in a second line before it is cut. */
const twoLines = {
  display: "-webkit-box",
  WebkitLineClamp: 2,
  WebkitBoxOrient: "vertical",
  overflow: "hidden",
  lineHeight: 1.3,
} as const;

function sequelText(entry: Entry): string {
  if (entry.sequel === null) return "";
  const { passed, opened, notOpened, admitted } = w.outcome;
  return { passed, opened, not_opened: notOpened, admitted }[entry.sequel];
}

export const Row = memo(function Row({ entry, say, named, place, agent, zone, isSelected, onSelect }: Props) {
  const { event } = entry;
  const tone = toneIn(entry);
  const who = fullName(named) ?? (event.person_id ? w.unnamed(event.person_id) : w.event.unknownPerson);
  const isOfPerson = Boolean(event.person_id) || event.kind === "decision";
  const where = [place || agent, event.side ? text("Side", event.side) : ""].filter((part) => part !== "").join(" · ");
  const why = [because(event), sequelText(entry)].filter((part) => part !== "").join(" · ");
  return (
    <ListItemButton
      component="li"
      role="listitem"
      selected={isSelected}
      onClick={onSelect && (() => onSelect(event.position))}
      aria-current={isSelected}
      sx={{
        display: "grid",
        gridTemplateColumns: "76px minmax(96px, 132px) 32px minmax(0, 1fr) minmax(0, 0.85fr) minmax(0, 1.7fr)",
        [NARROW]: { gridTemplateColumns: "76px minmax(0, auto) 32px minmax(0, 1fr)" },
        columnGap: 1.5,
        rowGap: 0.5,
        alignItems: "center",
        px: 2,
        py: 0.5,
        minHeight: 44,
        fontSize: "0.875rem",
        borderBottom: 1,
        borderColor: "divider",
        borderLeft: 3,
        borderLeftColor: tone === "alarm" || tone === "refused" ? looks[tone].color : "transparent",
        bgcolor: tone === "alarm" ? "rgba(var(--mui-palette-error-mainChannel) / 0.08)" : undefined,
      }}
    >
      <Box
        component="time"
        dateTime={event.at}
        sx={{ color: "text.secondary", whiteSpace: "nowrap", lineHeight: 1.25 }}
      >
        {!isToday(event.at, zone) && <Box sx={{ fontSize: "0.75rem" }}>{dayOf(event.at, zone)}</Box>}
        {clockTime(event.at, zone)}
      </Box>
      {isOfPerson ? (
        <>
          <Outcome entry={entry} strong={tone === "alarm"} say={say} />
          <Portrait id={event.person_id ?? null} name={named?.name} hasPhoto={named?.has_photo} />
          <Typography variant="body2" title={who} sx={{ fontWeight: 600, ...twoLines }}>
            {who}
            <CopyableCard event={event} />
          </Typography>
        </>
      ) : (
        <Box sx={{ gridColumn: "span 3" }}>
          <Outcome entry={entry} strong={tone === "alarm"} say={say} />
        </Box>
      )}
      <Box
        sx={{
          display: "contents",
          [NARROW]: { gridColumn: "2 / -1", display: "flex", flexWrap: "wrap", alignItems: "center", columnGap: 1.5 },
        }}
      >
        <Typography variant="body2" title={where} sx={twoLines}>
          {where}
        </Typography>
        <Box sx={{ display: "flex", alignItems: "center", gap: 0.5, minWidth: 0 }}>
          <Typography
            variant="body2"
            title={why}
            // A reason and its alarm: the row grows rather than that they are cut.
            sx={{ color: "text.secondary", ...twoLines, WebkitLineClamp: 4 }}
          >
            {why}
          </Typography>
          <WhyButton event={event} who={who} place={where} />
        </Box>
      </Box>
    </ListItemButton>
  );
});
