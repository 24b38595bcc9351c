// Registering a person, step by step. What a step holds is saved or asked about when it is left; the address says where
// one is.

import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import Paper from "@mui/material/Paper";
import Stack from "@mui/material/Stack";
import MuiStep from "@mui/material/Step";
import StepLabel from "@mui/material/StepLabel";
import Stepper from "@mui/material/Stepper";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { queries } from "../api/queries";
import type { Grant, PersonDetail } from "../api/types";
import { useSession, useZone } from "../frame/session";
import { usePersonChanged } from "../pages/PersonPage";
import { Strength } from "../pages/person/Credentials";
import { type Line, Lines } from "../parts/Lines";
import { ButtonTo } from "../parts/LinkTo";
import { Page, Waiting } from "../parts/Page";
import { fullName, Portrait } from "../parts/Portrait";
import { Trouble } from "../parts/Trouble";
import { When } from "../parts/When";
import { fullTime } from "../time";
import { text, type WordOf, w, wordsOf } from "../words";
import { useConsentTexts } from "./consent";
import { Dialogue, useFound } from "./Dialogue";
import { GrantForm } from "./GrantForm";
import { LegalBasisForm } from "./LegalBasisForm";
import { Leaving } from "./leaving";

export const STEPS = ["person", "card", "finger", "access", "done"] as const;
export type StepName = (typeof STEPS)[number];

export function Progress({ step }: { step: StepName }) {
  return (
    <Stepper activeStep={STEPS.indexOf(step)} className="no-print">
      {STEPS.map((name) => (
        <MuiStep key={name}>
          <StepLabel>{w.wizard.steps[name]}</StepLabel>
        </MuiStep>
      ))}
    </Stepper>
  );
}

type StepProps = { person: PersonDetail; onChanged: () => Promise<void> };

function CardStep({ person, onChanged }: StepProps) {
  const { isEnough } = useConsentTexts();
  const basis = person.legal_basis;
  const fits = basis && isEnough(basis);
  return (
    <Stack spacing={3}>
      <Box component="section" aria-label={w.wizard.basis}>
        <Typography variant="h2" sx={{ mb: 1 }}>
          {w.wizard.basis}
        </Typography>
        {basis && (
          <Typography>
            {w.wizard.basisRecorded}: {text("LegalBasisKind", basis.kind)}, <When at={basis.given_at} />
          </Typography>
        )}
        {basis && !fits && (
          <Alert severity="warning" sx={{ my: 2 }}>
            {w.person.basisLacksComparing}
          </Alert>
        )}
        {!fits && <LegalBasisForm personId={person.id} onRecorded={onChanged} />}
      </Box>
      <Box component="section" aria-label={w.person.cards}>
        <Typography variant="h2" sx={{ mb: 1 }}>
          {w.person.cards}
        </Typography>
        <Stack direction="row" spacing={1} sx={{ mb: 2, alignItems: "center" }}>
          {person.cards.map((card) => (
            <Stack key={card.id} direction="row" spacing={1} sx={{ alignItems: "center" }}>
              <span>{w.person.card(card.label)}</span>
              <Strength strength={card.strength} />
            </Stack>
          ))}
        </Stack>
        <Dialogue personId={person.id} want="card" start={w.wizard.startCard} onDone={onChanged} />
      </Box>
    </Stack>
  );
}

function FingerStep(props: StepProps) {
  const { person } = props;
  const { factor } = useSearch({ from: "/signed-in/people/$id/register" });
  const isTyping = useFound(person.id, "pin") !== undefined;
  const isExempt = person.legal_basis?.kind === "alternative" || person.rules.exemption != null;
  const [chosen, setChosen] = useState<"finger" | "pin" | null>(null);
  const shown = chosen ?? factor ?? (isTyping || isExempt ? "pin" : "finger");
  return (
    <Stack spacing={2}>
      <TextField
        select
        label={w.wizard.factor}
        value={shown}
        onChange={(event) => setChosen(event.target.value === "pin" ? "pin" : "finger")}
        sx={{ maxWidth: 360 }}
      >
        <MenuItem value="finger">{w.wizard.factorFinger}</MenuItem>
        <MenuItem value="pin">{w.wizard.factorPin}</MenuItem>
      </TextField>
      {shown === "pin" ? <PinPart {...props} /> : <FingerPart {...props} />}
    </Stack>
  );
}

function PinPart({ person, onChanged }: StepProps) {
  const found = useFound(person.id, "pin")?.want;
  const running = typeof found === "object" && "pin" in found ? found.pin : undefined;
  const [isDuressChosen, setDuressChosen] = useState<boolean | null>(null);
  const isDuress = person.pin != null && (isDuressChosen ?? running?.is_duress ?? false);
  const done = () => {
    setDuressChosen(null);
    return onChanged();
  };
  return (
    <Stack spacing={2}>
      {person.pin && <Typography>{person.pin.has_duress ? w.wizard.pinDuressStored : w.wizard.pinStored}</Typography>}
      {person.pin && (
        <TextField
          select
          label={w.wizard.fingerUse}
          value={isDuress ? "duress" : "daily"}
          onChange={(event) => setDuressChosen(event.target.value === "duress")}
          sx={{ maxWidth: 360 }}
        >
          <MenuItem value="daily">{w.wizard.useDaily}</MenuItem>
          <MenuItem value="duress">{w.wizard.useDuress}</MenuItem>
        </TextField>
      )}
      <Alert severity="info">{isDuress ? w.wizard.pinDuressHelp : w.wizard.pinHelp}</Alert>
      <Dialogue personId={person.id} want={{ pin: { is_duress: isDuress } }} start={w.wizard.startPin} onDone={done} />
    </Stack>
  );
}

function FingerPart({ person, onChanged }: StepProps) {
  const enrolled = person.enrolled_fingers;
  const daily = enrolled.filter((finger) => !finger.is_duress);
  const taken = enrolled.map((finger) => finger.position);
  const free = wordsOf("FingerPosition").filter((position) => !taken.includes(position));
  const preferred = (["right_index", "left_index", "right_middle", "left_middle"] as const).find((position) =>
    free.includes(position),
  );
  const [chosen, setChosen] = useState<WordOf<"FingerPosition"> | null>(null);
  const [isDuressChosen, setDuressChosen] = useState<boolean | null>(null);
  const found = useFound(person.id, "finger")?.want;
  const running = typeof found === "object" && "finger" in found ? found.finger : undefined;
  const { data: cardRules } = useQuery(queries.cardRules);
  const carriers = person.cards.filter((card) => card.state === "active" && card.chip);
  const position = chosen ?? running?.position ?? preferred ?? free[0] ?? "right_index";
  const isDuress = daily.length > 0 && (isDuressChosen ?? running?.is_duress ?? false);
  const done = () => {
    setChosen(null);
    setDuressChosen(null);
    return onChanged();
  };
  if (person.legal_basis?.kind === "alternative") return <Typography>{w.wizard.fingerExempt}</Typography>;
  if (!person.legal_basis) return <Typography>{w.wizard.fingerNeedsBasis}</Typography>;
  const stored = enrolled.map((finger) => {
    const name = text("FingerPosition", finger.position);
    return finger.is_duress ? w.wizard.duressStored(name) : w.wizard.fingerStored(name);
  });
  return (
    <Stack spacing={2}>
      {enrolled.length > 0 && (
        <Typography>
          {stored.join(" · ")}. {daily.length === 1 && w.wizard.second}
        </Typography>
      )}
      {daily.length > 0 && (
        <TextField
          select
          label={w.wizard.fingerUse}
          value={isDuress ? "duress" : "daily"}
          onChange={(event) => setDuressChosen(event.target.value === "duress")}
          sx={{ maxWidth: 360 }}
        >
          <MenuItem value="daily">{w.wizard.useDaily}</MenuItem>
          <MenuItem value="duress">{w.wizard.useDuress}</MenuItem>
        </TextField>
      )}
      {isDuress && <Alert severity="info">{w.wizard.duressHelp}</Alert>}
      {cardRules?.templates_on === "card" && (
        <Typography>
          {w.wizard.fingerOnCard}{" "}
          {carriers.map((card) => w.wizard.fingersFit(card.label, card.chip?.fingers_fit ?? 0)).join(" ")}
        </Typography>
      )}
      <TextField
        select
        label={w.wizard.finger}
        value={position}
        onChange={(event) => setChosen(event.target.value as typeof position)}
        sx={{ maxWidth: 360 }}
      >
        {wordsOf("FingerPosition").map((candidate) => (
          <MenuItem key={candidate} value={candidate} disabled={taken.includes(candidate) && candidate !== position}>
            {text("FingerPosition", candidate)}
          </MenuItem>
        ))}
      </TextField>
      <Dialogue
        personId={person.id}
        want={{ finger: { position, is_duress: isDuress } }}
        start={w.wizard.startFinger}
        onDone={done}
      />
    </Stack>
  );
}

function AccessStep({ person, onChanged }: StepProps) {
  const { level } = useSearch({ from: "/signed-in/people/$id/register" });
  const { data: levels = [] } = useQuery(queries.levels);
  const held = person.access.filter((grant) => grant.state === "current" || grant.state === "future");
  return (
    <Stack spacing={2}>
      {held.length > 0 && (
        <Box component="ul" aria-label={w.person.access} sx={{ m: 0, pl: 2.5 }}>
          {held.map((grant) => (
            <li key={grant.id}>
              <strong>{levels.find((level) => level.id === grant.level_id)?.name}</strong> ·{" "}
              {text("GrantState", grant.state)} ·{" "}
              {grant.valid_until ? <When at={grant.valid_until} /> : w.person.noEnd(grant.no_end_reason ?? "")}
            </li>
          ))}
        </Box>
      )}
      <GrantForm to={{ kind: "person", id: person.id }} onGranted={onChanged} proposed={level} />
    </Stack>
  );
}

function DoneStep({ person }: StepProps) {
  const { tenant, operator } = useSession();
  const zone = useZone();
  const { data: levels = [] } = useQuery(queries.levels);
  const name = fullName(person) ?? w.unnamed(person.id);
  const missing = person.missing.map((what) => text("Missing", what)).join(", ");
  const periodOf = (grant: Grant) => {
    const from = fullTime(grant.valid_from, zone);
    return grant.valid_until
      ? w.wizard.receiptPeriod(from, fullTime(grant.valid_until, zone))
      : w.wizard.receiptNoEnd(from, grant.no_end_reason ?? "");
  };
  const numbered = (label: string, place: number, of: number) => (of > 1 ? `${label} ${place + 1}` : label);
  const held = person.access.filter((grant) => grant.state === "current" || grant.state === "future");
  const lines: Line[] = [
    [w.wizard.receiptPerson, name],
    ...(person.number ? [[w.person.number, person.number] as Line] : []),
    ...(person.document
      ? [
          [
            w.person.document,
            `${text("DocumentKind", person.document.kind)}, ${w.person.seenAt(fullTime(person.document.seen_at, zone))}`,
          ] as Line,
        ]
      : []),
    ...(person.legal_basis
      ? [
          [
            w.person.legalBasis,
            `${text("LegalBasisKind", person.legal_basis.kind)}, ${w.person.basisSince(fullTime(person.legal_basis.given_at, zone))}`,
          ] as Line,
        ]
      : []),
    ...person.cards.map(
      (card, place, cards): Line => [numbered(w.wizard.receiptCard, place, cards.length), card.label],
    ),
    // Unmarked: paper is left lying, and must not tell which finger calls for help.
    ...person.enrolled_fingers.map(
      (finger, place, fingers): Line => [
        numbered(w.wizard.receiptFinger, place, fingers.length),
        text("FingerPosition", finger.position),
      ],
    ),
    ...held.map(
      (grant, place): Line => [
        numbered(w.wizard.receiptAccess, place, held.length),
        `${levels.find((level) => level.id === grant.level_id)?.name ?? w.unnamed(grant.level_id)}, ${periodOf(grant)}`,
      ],
    ),
    [w.wizard.receiptBy, operator.display_name],
  ];
  return (
    <Stack spacing={3}>
      <Stack direction="row" spacing={3} sx={{ alignItems: "center" }}>
        <Portrait id={person.id} name={person.name} hasPhoto={person.has_photo} size={96} />
        <Box>
          <Typography variant="h2">{w.wizard.doneTitle(name)}</Typography>
          <Typography>{missing === "" ? w.wizard.doneComplete : w.wizard.doneMissing(missing)}</Typography>
        </Box>
      </Stack>
      <Box component="section" aria-label={w.wizard.receipt}>
        <Typography variant="h3">{w.wizard.receipt}</Typography>
        <Typography variant="body2" sx={{ mb: 1 }}>
          {w.wizard.receiptText(tenant.name, fullTime(person.created_at, zone))}
        </Typography>
        <Lines lines={lines} />
      </Box>
      <Stack direction="row" spacing={2} className="no-print">
        <ButtonTo variant="contained" to="/register">
          {w.wizard.nextPerson}
        </ButtonTo>
        <Button variant="outlined" onClick={() => window.print()}>
          {w.wizard.print}
        </Button>
        <ButtonTo to="/people/$id" params={{ id: person.id }}>
          {w.wizard.openPerson}
        </ButtonTo>
      </Stack>
    </Stack>
  );
}

const panes = { card: CardStep, finger: FingerStep, access: AccessStep, done: DoneStep };

/** Every step after the first: the person exists, and what was reached is kept. */
export function RegisterSteps() {
  const { id } = useParams({ from: "/signed-in/people/$id/register" });
  const { step } = useSearch({ from: "/signed-in/people/$id/register" });
  const navigate = useNavigate();
  const person = useQuery(queries.person(id));
  const changed = usePersonChanged(id);
  const place = STEPS.indexOf(step);
  const goTo = (target: StepName | undefined) => {
    if (target === undefined || target === "person") void navigate({ to: "/people/$id", params: { id } });
    else void navigate({ to: "/people/$id/register", params: { id }, search: { step: target } });
  };
  if (person.data === undefined) {
    return (
      <Page title={w.wizard.title}>
        {person.error ? <Trouble error={person.error} onRetry={() => person.refetch()} /> : <Waiting />}
      </Page>
    );
  }
  const Pane = panes[step];
  return (
    <Page title={w.wizard.continueTitle(fullName(person.data) ?? w.unnamed(id))} intro={w.wizard.saved}>
      <Progress step={step} />
      <Paper
        key={step}
        // By keyboard one goes on where the new step begins.
        ref={(paper: HTMLDivElement | null) => paper?.focus()}
        tabIndex={-1}
        aria-label={w.wizard.steps[step]}
        component="section"
        variant="outlined"
        sx={{ p: 3, outline: "none" }}
      >
        <Leaving key={step}>
          <Pane person={person.data} onChanged={changed} />
        </Leaving>
        {step !== "done" && (
          <Stack direction="row" sx={{ justifyContent: "space-between", mt: 4 }}>
            <Button onClick={() => goTo(STEPS[place - 1])}>{w.act.back}</Button>
            <Button variant="contained" size="large" onClick={() => goTo(STEPS[place + 1])}>
              {w.act.next}
            </Button>
          </Stack>
        )}
      </Paper>
    </Page>
  );
}
