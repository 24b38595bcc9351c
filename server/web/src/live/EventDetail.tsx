// Everything about one event: who, where, by what, decided how, and why.

import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { api, bodyOf } from "../api/client";
import { useNames } from "../api/names";
import { useAgentName } from "../api/queries";
import { useHeadline, useOperatorName } from "../api/subjects";
import type { EventDetail as Detail } from "../api/types";
import { DoorLink } from "../doors/DoorLink";
import { TrialEnd, TrialSteps } from "../doors/Trial";
import { Lines } from "../parts/Lines";
import { Waiting } from "../parts/Page";
import { fullName, Portrait } from "../parts/Portrait";
import { Trouble } from "../parts/Trouble";
import { When } from "../parts/When";
import { WhyButton } from "../rules/Why";
import { text, w } from "../words";
import { personsOf } from "./log";
import { isUnderWay, ReleaseFacts } from "./ReleaseFacts";
import { CopyableCard, Outcome } from "./Row";
import { because, partOf, seconds, withoutOperator } from "./sentence";

/** How often a release that is under way is looked at again, in milliseconds. */
const RELEASE_INTERVAL_MS = 1_000;

function factors(event: Detail): string {
  const finger = event.finger ? text("FactorResult", event.finger) : w.event.fingerNotAsked;
  const pin = event.pin ? [`${w.event.pin}: ${text("FactorResult", event.pin)}`] : [];
  return [w.event.factorCard, `${w.event.finger}: ${finger}`, ...pin].join(" · ");
}

function Assurance({ event }: { event: Detail }) {
  return (
    <>
      {text("Assurance", event.assurance)}
      <CopyableCard event={event} />
    </>
  );
}

/** Content as it was kept; JSON in lines that can be read. */
function readable(value: string): string {
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}

function Content({ label, value }: { label: string; value: string | null | undefined }) {
  if (!value) return null;
  return (
    <Box>
      <Typography variant="overline">{label}</Typography>
      <Box
        component="pre"
        tabIndex={0}
        sx={{
          m: 0,
          p: 1,
          bgcolor: "background.default",
          borderRadius: 1,
          fontSize: "0.75rem",
          overflow: "auto",
          maxHeight: 240,
        }}
      >
        {readable(value)}
      </Box>
    </Box>
  );
}

/** Whose fingers were sent to a station: names are read only when they are asked for, since that is in the log. */
function Holders({ ids }: { ids: string[] }) {
  const [isShown, setShown] = useState(false);
  const nameOf = useNames(isShown ? ids : []);
  if (!isShown) {
    return (
      <Button size="small" onClick={() => setShown(true)} sx={{ alignSelf: "flex-start" }}>
        {w.event.showHolders(ids.length)}
      </Button>
    );
  }
  return (
    <Box>
      <Typography variant="overline">{w.event.holders}</Typography>
      <Stack component="ul" sx={{ m: 0, p: 0, listStyle: "none", alignItems: "flex-start" }}>
        {ids.map((id) => {
          const named = nameOf(id);
          return (
            <li key={id}>
              <Button size="small" component={Link} to="/people/$id" params={{ id } as never}>
                {named === null ? w.hidden : (fullName(named) ?? w.unnamed(id))}
              </Button>
            </li>
          );
        })}
      </Stack>
    </Box>
  );
}

export function EventDetail({ position }: { position: number }) {
  const detail = useQuery({
    queryKey: ["event", position],
    queryFn: () => bodyOf(api.GET("/api/v1/events/{position}", { params: { path: { position } } })),
    staleTime: Number.POSITIVE_INFINITY,
    // What the door does after a release is added to it as it comes.
    refetchInterval: ({ state }) => (isUnderWay(state.data?.release) ? RELEASE_INTERVAL_MS : false),
  });
  // Beside the list it is seen at once. Above it, on a tablet, not by whoever selected a row far below: shown when it has its size.
  const top = useRef<HTMLDivElement>(null);
  const isThere = detail.data !== undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once more when it has come
  useEffect(() => {
    top.current?.scrollIntoView({ block: "nearest" });
  }, [isThere]);
  const content = () => {
    if (detail.data !== undefined) return <Facts event={detail.data} />;
    return detail.error ? <Trouble error={detail.error} onRetry={() => detail.refetch()} /> : <Waiting />;
  };
  return <Box ref={top}>{content()}</Box>;
}

function Facts({ event }: { event: Detail }) {
  const agentName = useAgentName();
  const persons = personsOf(event);
  const nameOf = useNames(persons);
  const operatorName = useOperatorName();
  const say = useHeadline(nameOf);
  const why = because(event);
  const lines: [string, ReactNode][] = [[w.event.at, <When key="at" at={event.at} />]];
  const add = (label: string, value: ReactNode) => {
    if (value !== null && value !== undefined && value !== "") lines.push([label, value]);
  };
  // What the release says stands above.
  add(w.event.door, event.door_id && !event.release && <DoorLink id={event.door_id} />);
  add(w.event.side, event.side && text("Side", event.side));
  if (event.kind === "decision") {
    add(w.event.factors, factors(event));
    add(w.event.cardStrength, event.assurance && <Assurance event={event} />);
    add(w.event.rule, event.rule && text("Rule", event.rule));
    add(w.event.decided, event.decided && text("Decided", event.decided));
  }
  add(w.event.released, event.release_ms && !event.release ? seconds(event.release_ms) : null);
  add(w.event.openFor, typeof event.open_ms === "number" ? seconds(event.open_ms) : null);
  add(w.event.command, event.command_outcome && !event.release && text("CommandOutcome", event.command_outcome));
  add(w.event.alarms, event.alarms.map((alarm) => text("AlarmKind", alarm)).join(", "));
  add(w.event.policy, event.policy_version);
  add(w.event.fault, event.chain_fault && text("ChainFault", event.chain_fault));
  add(w.event.until, event.until ? <When at={event.until} /> : null);
  add(w.event.fault, event.copy_sign && text("CopySign", event.copy_sign));
  add(w.event.ntp, event.ntp && text("NtpState", event.ntp));
  if (event.trial) {
    add(w.event.trialEnded, <TrialEnd trial={event.trial} />);
    add(w.event.trialPaper, <code>{event.trial.paper.slice(0, 16)}…</code>);
  }
  add(w.event.wiring, event.wiring && <code>{event.wiring.slice(0, 16)}…</code>);
  if (event.act || event.state_set) {
    const operator = (event.act ?? event.state_set)?.operator_id;
    const nobody = event.act ? withoutOperator(event.act.kind) : w.event.byCommandLine;
    add(w.event.operator, operator ? operatorName(operator) || operator.slice(0, 8) : nobody);
  }
  add(w.event.mode, event.mode && text("DoorMode", event.mode));
  add(w.event.modeUntil, event.state_set?.until ? <When at={event.state_set.until} /> : null);
  add(w.event.agent, agentName(event.agent_id));
  add(w.event.received, event.author === "agent" ? <When at={event.received_at} /> : null);
  add(w.event.sequence, w.event.record(event.epoch, event.seq));
  add(w.event.position, event.position);
  add(w.event.hash, <code>{event.hash.slice(0, 16)}…</code>);
  return (
    <Stack spacing={2}>
      <Box sx={{ fontSize: "1rem" }}>
        <Outcome entry={{ event, sequel: null }} strong say={say(event)} />
        {why !== "" && <Typography sx={{ mt: 0.5 }}>{why}</Typography>}
        <WhyButton event={event} />
      </Box>
      {persons.map((person) => {
        const named = nameOf(person);
        return (
          <Stack key={person} direction="row" spacing={2} sx={{ alignItems: "center" }}>
            <Portrait id={person} name={named?.name} hasPhoto={named?.has_photo} size={96} />
            <Box sx={{ minWidth: 0 }}>
              <Typography sx={{ fontWeight: 650 }}>
                {named === null ? w.hidden : (fullName(named) ?? w.unnamed(person))}
              </Typography>
              <Typography variant="body2" sx={{ color: "text.secondary" }}>
                {partOf(event, person)}
              </Typography>
              {named?.number && <Chip label={named.number} sx={{ mr: 1 }} />}
              <Button size="small" component={Link} to="/people/$id" params={{ id: person } as never}>
                {w.event.openPerson}
              </Button>
            </Box>
          </Stack>
        );
      })}
      {event.holder_ids && <Holders ids={event.holder_ids} />}
      {event.release && <ReleaseFacts release={event.release} position={event.position} />}
      <Lines lines={lines} />
      {event.trial && <TrialSteps trial={event.trial} />}
      {event.content && (
        <>
          <Content label={w.event.actReason} value={event.content.reason} />
          <Content label={w.event.before} value={event.content.before} />
          <Content label={w.event.after} value={event.content.after} />
        </>
      )}
    </Stack>
  );
}
