// A momentary release as one thing: who, which door, why, what the door answered, and what came of it.

import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { useOperatorName } from "../api/subjects";
import type { Release } from "../api/types";
import { DoorLink } from "../doors/DoorLink";
import { type Line, Lines } from "../parts/Lines";
import { LinkTo } from "../parts/LinkTo";
import { When } from "../parts/When";
import { text, w } from "../words";
import { seconds } from "./sentence";

/** Longer than a command is valid and a door released, in milliseconds. */
const UNDER_WAY_MS = 75_000;

/** Whether more may still come of a release. */
export function isUnderWay(release: Release | null | undefined, now: Date = new Date()): boolean {
  if (!release || now.getTime() - Date.parse(release.sent_at) > UNDER_WAY_MS) return false;
  if (!release.outcome) return true;
  return release.outcome === "carried_out" && typeof release.was_opened !== "boolean";
}

function opened(release: Release): string {
  if (typeof release.was_opened !== "boolean") return w.release.notKnown;
  return release.was_opened ? w.release.wasOpened : w.release.wasNotOpened;
}

export function ReleaseFacts({ release, position }: { release: Release; position: number }) {
  const operatorName = useOperatorName();
  const lines: Line[] = [
    [
      w.release.operator,
      <strong key="who">{operatorName(release.operator_id) || release.operator_id.slice(0, 8)}</strong>,
    ],
    [w.release.door, <DoorLink key="door" id={release.door_id} />],
    [w.release.reason, release.reason ? `“${release.reason}”` : w.release.reasonHidden],
    [w.release.sent, <When key="sent" at={release.sent_at} />],
    [w.release.outcome, release.outcome ? text("CommandOutcome", release.outcome) : w.release.none],
  ];
  if (release.release_ms) lines.push([w.release.time, seconds(release.release_ms)]);
  if (release.outcome === "carried_out") lines.push([w.release.opened, opened(release)]);
  // The other half of it, whichever one is looked at.
  const others: [string, number | null | undefined][] = [
    [w.release.act, release.act_position],
    [w.release.answer, release.answer_position],
  ];
  for (const [label, other] of others) {
    if (typeof other !== "number" || other === position) continue;
    lines.push([
      label,
      <LinkTo key={label} to="/events" search={{ event: other, looks: "shown" }}>
        {other}
      </LinkTo>,
    ]);
  }
  return (
    <Box
      component="section"
      aria-label={w.release.title}
      sx={{ p: 1.5, border: 1, borderColor: "divider", borderRadius: 2, bgcolor: "background.default" }}
    >
      <Typography variant="h3" sx={{ mb: 1 }}>
        {w.release.title}
      </Typography>
      <Lines lines={lines} />
    </Box>
  );
}
