// A dialogue at an enrolment station, followed step by step: which station, start, what the station asks for, result. It
// belongs to the page that started it: this page loaded again finds it, any other is told whose it is and may end it.

import CardIcon from "@mui/icons-material/BadgeOutlined";
import DoneIcon from "@mui/icons-material/CheckCircleOutlined";
import PinIcon from "@mui/icons-material/DialpadOutlined";
import FailedIcon from "@mui/icons-material/HighlightOffOutlined";
import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import LinearProgress from "@mui/material/LinearProgress";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, bodyOf, type Schema } from "../api/client";
import { useNames } from "../api/names";
import { queries } from "../api/queries";
import { useOperatorName } from "../api/subjects";
import type { Station, Step } from "../api/types";
import { useNow } from "../frame/session";
import { fullName } from "../parts/Portrait";
import { ReasonDialog } from "../parts/ReasonDialog";
import { Trouble } from "../parts/Trouble";
import { text, w } from "../words";
import { CAPTURES, FingerDrawing } from "./FingerDrawing";
import { useOpen } from "./leaving";
import { secondsToCompare } from "./pace";
import { followSteps, LAST_STEPS } from "./steps";

type Want = Schema["Want"];

/** Steps of a finger's dialogue that are about the card it goes to. */
const CARD_STEPS = ["waiting_for_card", "card_unreadable", "hold_card", "card_working", "card_refused"];
const CHOSEN_KEY = "pforte station";
/** The dialogue that this page started, in case it is loaded again. */
const STARTED_KEY = "pforte dialogue";
const STATIONS_INTERVAL_MS = 3_000;

/** Why a step is as it is, in words. */
export function whyOf(step: Step): string {
  if (!step.reason) return "";
  const known: Record<string, string> = {
    ...w.enrolmentTrouble,
    ...w.vocabulary.CardFault,
    ...w.vocabulary.CaptureFault,
    ...w.vocabulary.EnrolmentFault,
    ...w.vocabulary.PinFault,
  };
  return known[step.reason] ?? step.reason;
}

/** What a dialogue is for, in a word. */
export function kindOf(want: Want): string {
  return typeof want === "string" ? want : (Object.keys(want)[0] ?? "");
}

/** What a dialogue brought, in words. */
function resultOf(step: Step, kind: string): string | undefined {
  const finger = step.finger && text("FingerPosition", step.finger.position);
  if (finger && kind === "remove_finger") return w.wizard.fingerRemoved(finger);
  if (finger) return step.finger?.is_duress ? w.wizard.duressStored(finger) : w.wizard.fingerStored(finger);
  const label = step.credential?.label;
  if (label === undefined) return undefined;
  if (kind === "renew_card") return w.wizard.renewed(label);
  return kind === "take_back_card" ? w.wizard.takenBack(label) : w.wizard.cardIs(label);
}

/** What the page says of a step, for eyes and screen readers alike. */
export function sentenceOf(step: Step, kind: string): string {
  const capture = step.capture && step.of ? ` (${w.wizard.capture(step.capture, step.of)})` : "";
  if (step.step === "captured" && step.quality !== undefined && step.quality !== null) {
    return `${w.wizard.goodCapture(step.quality)}${capture}`;
  }
  const result = step.step === "done" ? resultOf(step, kind) : undefined;
  if (result !== undefined) return result;
  const why = whyOf(step);
  return `${text("StepWord", step.step)}${capture}${why === "" ? "" : `: ${why}`}`;
}

/** How far a finger is compared with those of others: said in figures beside the sentence, which stays the same. */
function Compared({ step, steps }: { step: Step; steps: Step[] }) {
  const [compared, of] = [step.compared ?? 0, step.to_compare ?? 0];
  const left_s = secondsToCompare(steps);
  const said = w.wizard.compared(compared, of);
  return (
    <Box sx={{ mt: 1, maxWidth: 360 }}>
      {of > 0 && <LinearProgress variant="determinate" value={(100 * compared) / of} aria-label={said} />}
      <Typography variant="body2" sx={{ color: "text.secondary", mt: 0.5 }}>
        {said}
        {left_s !== null && ` · ${w.wizard.compareLeft(left_s)}`}
      </Typography>
    </Box>
  );
}

function stationText(station: Station): string {
  const state = { online: w.wizard.stationOnline, offline: w.wizard.stationOffline, busy: w.wizard.stationBusy }[
    station.state
  ];
  return `${station.name} — ${state ?? station.state}`;
}

/** Stations with what they are doing now, and the one in use at this desk. */
function useStation() {
  const { data: stations, error } = useQuery({ ...queries.stations, refetchInterval: STATIONS_INTERVAL_MS });
  const [chosen, setChosen] = useState(() => sessionStorage.getItem(CHOSEN_KEY));
  const station =
    stations?.find((candidate) => candidate.agent_id === chosen) ??
    stations?.find((candidate) => candidate.state === "online") ??
    stations?.[0];
  const choose = (id: string) => {
    sessionStorage.setItem(CHOSEN_KEY, id);
    setChosen(id);
  };
  return { stations, station, choose, error };
}

/** The dialogue with this person that this page started before it was loaded again. */
export function useFound(personId: string, kind: string) {
  const { data: stations } = useQuery(queries.stations);
  const isIt = ({ dialogue }: Station) =>
    dialogue?.person_id === personId &&
    kindOf(dialogue.want) === kind &&
    dialogue.id === sessionStorage.getItem(STARTED_KEY);
  return stations?.find(isIt)?.dialogue ?? undefined;
}

/** Who is in a dialogue at this station, and a way to end it: what is given there becomes that person's. */
function Taken({ station }: { station: Station }) {
  const client = useQueryClient();
  const operatorName = useOperatorName();
  const dialogue = station.dialogue;
  const nameOf = useNames(dialogue ? [dialogue.person_id] : []);
  const end = useMutation({
    mutationFn: (id: string) => api.POST("/api/v1/enrolments/{id}/cancel", { params: { path: { id } } }),
    onSettled: () => client.invalidateQueries({ queryKey: queries.stations.queryKey }),
  });
  if (!dialogue) return null;
  const known: Record<string, string> = { finger: w.wizard.takenFinger, pin: w.wizard.takenPin };
  const what = known[kindOf(dialogue.want)] ?? w.wizard.takenCard;
  const person = fullName(nameOf(dialogue.person_id)) ?? w.unnamed(dialogue.person_id);
  return (
    <>
      <Alert
        severity="warning"
        action={
          <Button color="inherit" size="small" loading={end.isPending} onClick={() => end.mutate(dialogue.id)}>
            {w.wizard.endOther}
          </Button>
        }
      >
        {w.wizard.stationTaken(what, person, operatorName(dialogue.operator_id) || w.wizard.takenSomebody)}
      </Alert>
      <Trouble error={end.error} />
    </>
  );
}

function Picture({ step, want }: { step: Step | undefined; want: Want }) {
  if (step?.step === "done") return <DoneIcon color="success" sx={{ fontSize: 72 }} />;
  if (step && LAST_STEPS.includes(step.step)) return <FailedIcon color="error" sx={{ fontSize: 72 }} />;
  const isAtCard = step !== undefined && CARD_STEPS.includes(step.step);
  if (kindOf(want) === "pin") return <PinIcon sx={{ fontSize: 72, color: "primary.main" }} />;
  if (kindOf(want) !== "finger" || isAtCard) return <CardIcon sx={{ fontSize: 72, color: "primary.main" }} />;
  return <FingerDrawing step={step?.step ?? "place_finger"} captures={step ? (step.capture ?? CAPTURES) : 1} />;
}

/** Whether the card that was held there turned out to be somebody's. */
function isSomebodys(steps: Step[]): boolean {
  return steps.some((step) => step.step === "card_in_use" || step.reason === "anothers_credential");
}

type Props = {
  personId: string;
  want: Want;
  start: string;
  onDone: () => void;
  disabled?: boolean;
  /** Why, where something is taken away. */
  reason?: string;
};

export function Dialogue({ personId, want, start, onDone, disabled = false, reason }: Props) {
  const kind = kindOf(want);
  const [isReplacing, setReplacing] = useState(false);
  const { stations, station, choose, error } = useStation();
  const client = useQueryClient();
  const [steps, setSteps] = useState<Step[]>([]);
  const [streamError, setStreamError] = useState<unknown>(null);
  const [running, setRunning] = useState<{ id: string; expiresAt: string } | null>(null);
  const now = useNow();
  const done = useRef(onDone);
  done.current = onDone;
  const handled = useRef<string | null>(null);
  const follow = useCallback((id: string, expiresAt: string) => {
    handled.current = id;
    setSteps([]);
    setStreamError(null);
    setRunning({ id, expiresAt });
  }, []);
  const found = useFound(personId, kind);
  useEffect(() => {
    // A list of stations from before the end must not bring it back.
    if (found && found.id !== handled.current) follow(found.id, found.expires_at);
  }, [found, follow]);
  const begin = useMutation({
    mutationFn: ({ stationId, replaces }: { stationId: string; replaces?: string }) => {
      const why = replaces ?? reason;
      const asked = { station_id: stationId, person_id: personId, want, replaces: replaces !== undefined };
      return bodyOf(api.POST("/api/v1/enrolments", { body: why === undefined ? asked : { ...asked, reason: why } }));
    },
    onSuccess: (enrolment) => {
      sessionStorage.setItem(STARTED_KEY, enrolment.id);
      follow(enrolment.id, enrolment.expires_at);
    },
  });
  const id = running?.id;
  useEffect(() => {
    if (id === undefined) return;
    const stop = new AbortController();
    let hasEnded = false;
    void followSteps(id, {
      signal: stop.signal,
      // From its first step, each time.
      onOpen: () => {
        setSteps([]);
        setStreamError(null);
      },
      onStep: (step) => {
        setSteps((before) => [...before, step]);
        const { expires_at: expiresAt } = step;
        if (expiresAt) setRunning((before) => before && { ...before, expiresAt });
        if (!LAST_STEPS.includes(step.step)) return;
        hasEnded = true;
        setRunning(null);
        void client.invalidateQueries({ queryKey: queries.stations.queryKey });
        if (step.step === "done") done.current();
      },
      onLost: setStreamError,
    }).catch((caught) => {
      hasEnded = true;
      setStreamError(caught);
      setRunning(null);
    });
    return () => {
      stop.abort();
      // Whoever goes to another page in mid-dialogue frees the station. A page that is loaded again does not come by here.
      if (!hasEnded) void api.POST("/api/v1/enrolments/{id}/cancel", { params: { path: { id } } }).catch(() => {});
    };
  }, [id, client]);
  const stop = () =>
    running
      ? api.POST("/api/v1/enrolments/{id}/cancel", { params: { path: { id: running.id } } })
      : Promise.resolve(undefined);
  useOpen(
    "dialogue",
    running && { kind: "ask", text: w.wizard.leaveRunning, act: { label: w.wizard.leaveStop, run: stop } },
  );
  const step = steps.at(-1);
  const panel = useRef<HTMLDivElement>(null);
  const isShown = running !== null || step !== undefined;
  // What the station asks for, and how it ended, is seen without looking for it further down.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each step is seen
  useEffect(() => {
    if (isShown) panel.current?.scrollIntoView({ block: "nearest" });
  }, [isShown, step?.step]);
  const isOver = step !== undefined && LAST_STEPS.includes(step.step);
  const secondsLeft = running ? Math.max(0, Math.ceil((Date.parse(running.expiresAt) - now.getTime()) / 1000)) : 0;
  if (stations?.length === 0) return <Alert severity="info">{w.wizard.noStation}</Alert>;
  return (
    <Stack spacing={2}>
      <Trouble error={error} />
      <Stack direction="row" spacing={2} sx={{ alignItems: "flex-start" }}>
        <TextField
          select
          label={w.wizard.station}
          value={station?.agent_id ?? ""}
          onChange={(event) => choose(event.target.value)}
          disabled={running !== null}
          helperText={
            running === null && station?.state === "offline"
              ? w.wizard.stationAway
              : running === null && station?.state === "busy"
                ? w.wizard.stationInUse
                : " "
          }
          sx={{ maxWidth: 360 }}
        >
          {(stations ?? []).map((candidate) => (
            <MenuItem key={candidate.agent_id} value={candidate.agent_id}>
              {stationText(candidate)}
            </MenuItem>
          ))}
        </TextField>
        {running === null ? (
          <Button
            variant="contained"
            disabled={disabled || station?.state !== "online"}
            loading={begin.isPending}
            onClick={() => station && begin.mutate({ stationId: station.agent_id })}
          >
            {isOver && step.step !== "done" ? w.wizard.again : start}
          </Button>
        ) : (
          <Button variant="outlined" onClick={() => void stop().catch(setStreamError)}>
            {w.wizard.cancel}
          </Button>
        )}
      </Stack>
      {running === null && !found && station && <Taken station={station} />}
      <Trouble error={begin.error ?? streamError} />
      {isShown && (
        <Stack
          ref={panel}
          direction="row"
          spacing={3}
          sx={{ alignItems: "center", border: 1, borderColor: "divider", borderRadius: 2, p: 3, minHeight: 136 }}
        >
          <Box sx={{ width: 96, display: "grid", placeItems: "center" }}>
            <Picture step={step} want={want} />
          </Box>
          <Box sx={{ flex: 1 }}>
            <Typography sx={{ fontSize: "1.25rem", fontWeight: 650 }} role="status" aria-live="assertive">
              {step ? sentenceOf(step, kind) : w.loading}
            </Typography>
            {kind !== "finger" && step?.credential && (
              <Typography
                sx={{ mt: 0.5, color: step.credential.strength === "weak_uid" ? "warning.main" : "success.main" }}
              >
                {step.credential.strength === "weak_uid" ? `${w.person.weak}. ${w.person.weakHelp}` : w.person.strong}
              </Typography>
            )}
            {step?.step === "comparing" && <Compared step={step} steps={steps} />}
            {running && step?.step !== "comparing" && (
              <Typography variant="body2" sx={{ color: "text.secondary", mt: 0.5 }}>
                {w.wizard.remaining(secondsLeft)}
              </Typography>
            )}
          </Box>
        </Stack>
      )}
      {kind === "card" && running === null && station && isSomebodys(steps) && (
        <Button variant="outlined" color="warning" onClick={() => setReplacing(true)} sx={{ alignSelf: "flex-start" }}>
          {w.wizard.replace}
        </Button>
      )}
      {isReplacing && station && (
        <ReasonDialog
          title={w.wizard.replaceTitle}
          effect={w.wizard.replaceEffect}
          submit={w.wizard.replace}
          act={(why) => begin.mutateAsync({ stationId: station.agent_id, replaces: why })}
          onClose={() => setReplacing(false)}
        />
      )}
    </Stack>
  );
}
