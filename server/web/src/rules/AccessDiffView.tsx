// Who gains and who loses which door, group by group: those for whom the same changes stand together; and the rules that differ.

import ExpandIcon from "@mui/icons-material/ExpandMore";
import Accordion from "@mui/material/Accordion";
import AccordionDetails from "@mui/material/AccordionDetails";
import AccordionSummary from "@mui/material/AccordionSummary";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import type { Schema } from "../api/client";
import { useNames } from "../api/names";
import { useDoorName } from "../api/queries";
import type { AccessDiff } from "../api/types";
import { useZone } from "../frame/session";
import { LinkTo } from "../parts/LinkTo";
import { fullName } from "../parts/Portrait";
import { type Span, spansText } from "../time";
import { text, w } from "../words";
import { RuleFacts } from "./RuleFacts";

type Group = Schema["AccessDiffGroup"];

/** Names asked for at once. */
const NAMES_SHOWN = 50;
const DOORS_SHOWN = 20;
const RUNS_SHOWN = 4;

export function AccessDiffView({ diff, isAhead = false }: { diff: AccessDiff; isAhead?: boolean }) {
  const hidden = diff.groups_count - diff.groups.length;
  return (
    <Stack spacing={2}>
      <RuleFacts diff={diff} isAhead={isAhead} />
      {diff.groups.length > 0 && (
        <Box component="section" aria-label={w.preview.groups}>
          <Typography variant="overline" component="h3">
            {w.preview.groups}
          </Typography>
          {diff.groups.map((group, place) => (
            <GroupView key={group.person_ids[0]} group={group} within={diff} isOpen={place === 0} />
          ))}
          {hidden > 0 && (
            <Typography variant="body2" sx={{ color: "text.secondary", mt: 1 }}>
              {w.preview.moreGroups(hidden)}
            </Typography>
          )}
        </Box>
      )}
    </Stack>
  );
}

function GroupView({ group, within, isOpen }: { group: Group; within: Span; isOpen: boolean }) {
  const doorName = useDoorName();
  const shown = group.doors.slice(0, DOORS_SHOWN);
  return (
    <Accordion defaultExpanded={isOpen} variant="outlined" disableGutters>
      <AccordionSummary expandIcon={<ExpandIcon />}>
        {w.preview.group(group.persons_count, group.doors_count)}
      </AccordionSummary>
      <AccordionDetails>
        <Stack spacing={1.5}>
          <People group={group} />
          <Box component="ul" sx={{ m: 0, pl: 2.5 }}>
            {shown.map((door) => (
              <Typography component="li" variant="body2" key={`${door.door_id} ${door.side}`}>
                <strong>{doorName(door.door_id)}</strong> · {text("Side", door.side)}
                <Times label={w.preview.gained} spans={door.gained} within={within} color="success.main" />
                <Times label={w.preview.lost} spans={door.lost} within={within} color="error.main" />
              </Typography>
            ))}
          </Box>
          {group.doors_count > shown.length && (
            <Typography variant="body2">{w.preview.more(group.doors_count - shown.length)}</Typography>
          )}
        </Stack>
      </AccordionDetails>
    </Accordion>
  );
}

type TimesProps = { label: string; spans: Schema["TimeSpan"][]; within: Span; color: string };

function Times({ label, spans, within, color }: TimesProps) {
  const zone = useZone();
  if (spans.length === 0) return null;
  const [first] = spans;
  const isWhole = first?.from === within.from && first.until === within.until;
  const runs = isWhole ? [w.passes.always] : spansText(spans, zone);
  const more = runs.length - RUNS_SHOWN;
  return (
    <Box>
      <Box component="span" sx={{ color, fontWeight: 650 }}>
        {label}
      </Box>{" "}
      {runs.slice(0, RUNS_SHOWN).join("; ")}
      {more > 0 && ` ${w.preview.more(more)}`}
    </Box>
  );
}

function People({ group }: { group: Group }) {
  const [isShown, setShown] = useState(false);
  const ids = isShown ? group.person_ids.slice(0, NAMES_SHOWN) : [];
  const nameOf = useNames(ids);
  if (!isShown) {
    return (
      <Stack direction="row" spacing={1.5} sx={{ alignItems: "center" }}>
        <Button size="small" variant="outlined" onClick={() => setShown(true)}>
          {w.preview.names}
        </Button>
        <Typography variant="body2" sx={{ color: "text.secondary" }}>
          {w.preview.namesHelp}
        </Typography>
      </Stack>
    );
  }
  const more = group.persons_count - ids.length;
  return (
    <Typography variant="body2" component="div">
      {ids.map((id, place) => (
        <span key={id}>
          {place > 0 && ", "}
          <LinkTo underline="always" to="/people/$id" params={{ id }}>
            {fullName(nameOf(id)) ?? w.unnamed(id)}
          </LinkTo>
        </span>
      ))}
      {more > 0 && ` ${w.preview.more(more)}`}
    </Typography>
  );
}
