// Everything about one door: how it is now, what it demands, what happened there, and its momentary release.

import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import Stack from "@mui/material/Stack";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, bodyOf } from "../api/client";
import { useNames } from "../api/names";
import { queries, useAgentName } from "../api/queries";
import { useHeadline, useOperatorName } from "../api/subjects";
import type { Door } from "../api/types";
import { useFeed, useIsAdministrator, useZone } from "../frame/session";
import { entriesOf, merged, personsOf } from "../live/log";
import { Row, rowsBox } from "../live/Row";
import { seconds } from "../live/sentence";
import { type Line, Lines } from "../parts/Lines";
import { ButtonTo, LinkTo } from "../parts/LinkTo";
import { Empty, Page, Section, Waiting } from "../parts/Page";
import { Trouble } from "../parts/Trouble";
import { WhoMay } from "../rules/Passes";
import { EndMode, ModeDialog } from "../situation/Modes";
import { Zones } from "../situation/Zones";
import { shortTime } from "../time";
import { named, text, w } from "../words";
import { BySystemMark } from "./DoorLink";
import { agentWords, Position } from "./Doors";
import { Answer, ReleaseDialog, type Sent } from "./Release";
import { Acceptance } from "./Trial";

const RECENT_ROWS = 15;
const READ_ROWS = 100;

function Recent({ door }: { door: Door }) {
  const navigate = useNavigate();
  const feed = useFeed();
  const zone = useZone();
  const agentName = useAgentName();
  const past = useQuery({
    queryKey: ["events", "door", door.id],
    queryFn: () => bodyOf(api.GET("/api/v1/events", { params: { query: { door_id: door.id, limit: READ_ROWS } } })),
  });
  const live = feed.events.filter((event) => event.door_id === door.id);
  const entries = entriesOf(merged(past.data?.items ?? [], live)).slice(0, RECENT_ROWS);
  const nameOf = useNames(entries.flatMap(({ event }) => personsOf(event).slice(0, 1)));
  const say = useHeadline(nameOf);
  return (
    <Section
      title={w.doors.recent}
      action={
        <ButtonTo size="small" to="/events" search={{ door_id: door.id }}>
          {w.doors.allEvents}
        </ButtonTo>
      }
    >
      <Trouble error={past.error} onRetry={() => past.refetch()} />
      {past.isLoading && <Waiting />}
      {past.data && entries.length === 0 && <Empty>{w.doors.noRecent}</Empty>}
      <Box component="ul" aria-label={w.doors.recent} sx={{ m: 0, p: 0, listStyle: "none", ...rowsBox }}>
        {entries.map((entry) => (
          <Row
            key={entry.event.position}
            entry={entry}
            say={say(entry.event)}
            named={nameOf(personsOf(entry.event)[0] ?? "")}
            place={door.name}
            agent={agentName(entry.event.agent_id)}
            zone={zone}
            isSelected={false}
            onSelect={(event) => void navigate({ to: "/events", search: { door_id: door.id, event } })}
          />
        ))}
      </Box>
    </Section>
  );
}

/** Its mode now, by whom, and until when; and what it does at certain hours. */
function Hours({ door }: { door: Door }) {
  const zone = useZone();
  const { data: situation } = useQuery(queries.situation);
  const { data: situations } = useQuery(queries.doorSituations);
  const { data: schedules = [] } = useQuery(queries.schedules);
  const { data: interlocks = [] } = useQuery(queries.interlocks);
  const operatorName = useOperatorName();
  const [isSetting, setSetting] = useState(false);
  const set = situation?.modes.find((mode) => mode.door_id === door.id);
  const now = situations?.find((candidate) => candidate.door_id === door.id);
  const scheduleName = (id: string) => schedules.find((schedule) => schedule.id === id)?.name ?? "";
  const hours = [
    ...(door.mode_lines ?? []).map((line) =>
      w.doorRules.modeLine(text("DoorMode", line.mode), scheduleName(line.schedule_id)),
    ),
    ...(door.factor_lines ?? []).map((line) =>
      w.doorRules.factorLine(
        text("Sides", line.side),
        text("FactorDemand", line.factors),
        scheduleName(line.schedule_id),
      ),
    ),
  ];
  const by = set
    ? w.modes.byOperator(operatorName(set.operator_id) || w.lockdown.commandLine, shortTime(set.until, zone))
    : w.modes.bySchedule;
  const airlock = interlocks.find((interlock) => interlock.door_ids.includes(door.id));
  const facts: Line[] = [
    [
      w.modes.now,
      now && (
        <Stack key="mode" direction="row" useFlexGap spacing={1} sx={{ flexWrap: "wrap", alignItems: "center" }}>
          {`${text("DoorMode", now.mode)} · ${by}`}
          {now.is_free && <Chip label={w.modes.free} color="warning" />}
          {now.is_locked_down && <Chip label={w.modes.lockedDown} color="error" />}
        </Stack>
      ),
    ],
    [w.modes.confirmation, now && text("Confirmation", now.confirmation)],
    [w.doorRules.hours, hours.length === 0 ? w.doorRules.none : hours.map((line) => <div key={line}>{line}</div>)],
    ...(airlock ? [[w.doorRules.airlock, airlock.name] satisfies Line] : []),
  ];
  return (
    <Section
      title={w.modes.now}
      action={
        <Stack direction="row" spacing={1}>
          {set && <EndMode door={door.id} />}
          <Button size="small" onClick={() => setSetting(true)} aria-label={w.modes.setOf(door.name)}>
            {w.modes.set}
          </Button>
        </Stack>
      }
    >
      <Lines lines={facts} />
      {isSetting && <ModeDialog door={door} onClose={() => setSetting(false)} />}
    </Section>
  );
}

function Facts({ door }: { door: Door }) {
  const { data: areas = [] } = useQuery(queries.areas);
  const { data: sites = [] } = useQuery(queries.sites);
  const { data: states } = useQuery(queries.doorStates);
  const agentName = useAgentName();
  const areaName = (id: string) => areas.find((area) => area.id === id)?.name ?? w.none;
  const state = states?.find((candidate) => candidate.door_id === door.id);
  const agent = state && (
    <>
      {named(agentWords, state.agent_state)}
      {door.agent_id && (
        <>
          {" · "}
          <LinkTo underline="always" to="/agents/$id" params={{ id: door.agent_id }}>
            {agentName(door.agent_id)}
          </LinkTo>
        </>
      )}
    </>
  );
  return (
    <Box
      sx={{ display: "grid", gridTemplateColumns: { xs: "minmax(0, 1fr)", md: "repeat(2, minmax(0, 1fr))" }, gap: 3 }}
    >
      <Section title={w.doors.now}>
        <Lines
          lines={[
            [w.doors.state, <Position key="position" state={state} hasContact={door.has_contact !== false} />],
            [w.doors.agent, agent],
            [w.doors.site, sites.find((site) => site.id === door.site_id)?.name],
            [w.doors.leadsLabel, w.doors.leads(areaName(door.area_outside_id), areaName(door.area_inside_id))],
            [w.doors.id, <code key="id">{door.id}</code>],
          ]}
        />
      </Section>
      <Section title={w.doors.facts}>
        <Lines
          lines={[
            [w.doors.demandsIn, text("FactorDemand", door.factors_in)],
            [w.doors.demandsOut, text("FactorDemand", door.factors_out)],
            [w.doors.releasedFor, seconds(door.release_ms ?? 0)],
            [w.doors.openFor, seconds(door.held_warning_ms ?? 0)],
            [w.doors.contactLabel, door.has_contact ? w.doors.hasContact : w.doors.hasNoContact],
            [
              w.doors.exit,
              <Stack key="exit" direction="row" useFlexGap spacing={1} sx={{ flexWrap: "wrap", alignItems: "center" }}>
                {text("Exit", door.exit)}
                {door.exit === "by_system" && <BySystemMark />}
              </Stack>,
            ],
          ]}
        />
      </Section>
    </Box>
  );
}

export function DoorPage() {
  const { id } = useParams({ from: "/signed-in/doors/$id" });
  const doors = useQuery(queries.doors);
  const states = useQuery(queries.doorStates);
  const isAdministrator = useIsAdministrator();
  const [isReleasing, setReleasing] = useState(false);
  const [sent, setSent] = useState<Sent | null>(null);
  const door = doors.data?.find((candidate) => candidate.id === id);
  if (door === undefined) {
    return (
      <Page title={w.doors.page}>
        <Trouble error={doors.error} onRetry={() => doors.refetch()} />
        {doors.isLoading && <Waiting lines={8} />}
        {doors.data && <Empty>{w.doors.notFound}</Empty>}
      </Page>
    );
  }
  const isOnline = states.data?.find((state) => state.door_id === id)?.agent_state === "online";
  return (
    <Page
      title={door.name}
      action={
        <Stack direction="row" spacing={1}>
          {isAdministrator && (
            <ButtonTo to="/doors" search={{ door: id }} aria-label={w.doors.edit(door.name)}>
              {w.doors.change}
            </ButtonTo>
          )}
          <Button
            variant="contained"
            disabled={!isOnline}
            onClick={() => setReleasing(true)}
            aria-label={w.doors.releaseOf(door.name)}
          >
            {w.doors.release}
          </Button>
        </Stack>
      }
    >
      {sent && <Answer key={sent.commandId} sent={sent} onClose={() => setSent(null)} />}
      <Facts door={door} />
      <Hours door={door} />
      <Zones door={door} />
      {door.agent_id && <Acceptance door={door} />}
      <WhoMay key={id} doorId={id} />
      <Recent door={door} />
      {isReleasing && <ReleaseDialog door={door} onSent={setSent} onClose={() => setReleasing(false)} />}
    </Page>
  );
}
