// Why? A logged decision explained in words: every rule, what settled it, and what would have let the person in.

import PassedIcon from "@mui/icons-material/CheckCircleOutlined";
import FailedIcon from "@mui/icons-material/HighlightOffOutlined";
import NotAskedIcon from "@mui/icons-material/HorizontalRule";
import NotApplicableIcon from "@mui/icons-material/RadioButtonUncheckedOutlined";
import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";
import { api, bodyOf, type Schema } from "../api/client";
import { useNames } from "../api/names";
import { useDoorName } from "../api/queries";
import type { Explanation, LogEvent } from "../api/types";
import { useZone } from "../frame/session";
import { ButtonTo, LinkTo } from "../parts/LinkTo";
import { Waiting } from "../parts/Page";
import { fullName } from "../parts/Portrait";
import { Trouble } from "../parts/Trouble";
import { When } from "../parts/When";
import { fullTime } from "../time";
import { text, w } from "../words";

type Answer = Schema["Answer"];
type RuleOf = Schema["RuleView"];
type RecordOf = Schema["RecordView"];
type Remedy = Schema["RemedyView"];

const looks: Record<Answer, { icon: ReactNode; color: string }> = {
  passed: { icon: <PassedIcon fontSize="small" />, color: "success.main" },
  failed: { icon: <FailedIcon fontSize="small" />, color: "error.main" },
  not_reached: { icon: <NotAskedIcon fontSize="small" />, color: "text.secondary" },
  not_applicable: { icon: <NotApplicableIcon fontSize="small" />, color: "text.secondary" },
};

/** Whether there is a refusal to explain. */
export function isRefusal(event: LogEvent): boolean {
  return event.kind === "decision" && event.outcome === "refused";
}

/** Opens the explanation of a refusal; nothing for other events. */
export function WhyButton({ event, who, place }: { event: LogEvent; who?: string; place?: string }) {
  const [isOpen, setOpen] = useState(false);
  if (!isRefusal(event)) return null;
  const whose = event.person_id ? who : w.why.unknownCard;
  return (
    <>
      <Button
        size="small"
        aria-label={whose && place ? w.why.of(whose, place) : undefined}
        onClick={(click) => {
          // The row beneath selects itself on a click.
          click.stopPropagation();
          setOpen(true);
        }}
        onKeyDown={(key) => key.stopPropagation()}
        sx={{ minWidth: 0, px: 0.75, py: 0, flexShrink: 0 }}
      >
        {w.why.ask}
      </Button>
      {isOpen && <WhyDialog position={event.position} onClose={() => setOpen(false)} />}
    </>
  );
}

function WhyDialog({ position, onClose }: { position: number; onClose: () => void }) {
  const heading = useId();
  const doorName = useDoorName();
  const explanation = useQuery({
    queryKey: ["explain", position],
    queryFn: () => bodyOf(api.POST("/api/v1/explain", { body: { position } })),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const person = explanation.data?.person_id ?? null;
  const nameOf = useNames(person ? [person] : []);
  const who = person ? (fullName(nameOf(person)) ?? w.unnamed(person)) : w.why.unknownCard;
  const title = explanation.data ? w.why.of(who, doorName(explanation.data.door_id)) : w.why.title;
  return (
    // What happens in the dialog is not for the row that it was opened from.
    <Dialog
      open
      onClose={onClose}
      maxWidth="md"
      fullWidth
      aria-labelledby={heading}
      onClick={(e) => e.stopPropagation()}
    >
      <DialogTitle id={heading}>{title}</DialogTitle>
      <DialogContent onKeyDown={(key) => key.key !== "Escape" && key.stopPropagation()}>
        {explanation.data ? (
          <Explained explanation={explanation.data} />
        ) : (
          !explanation.error && (
            <>
              <Typography>{w.why.working}</Typography>
              <Waiting lines={8} />
            </>
          )
        )}
        <Trouble error={explanation.error} onRetry={() => explanation.refetch()} />
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose} autoFocus>
          {w.act.close}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** An explanation in words. */
export function Explained({ explanation }: { explanation: Explanation }) {
  const failed = explanation.rules.find((rule) => rule.answer === "failed");
  return (
    <Stack spacing={2.5}>
      <Alert severity={explanation.outcome === "granted" ? "success" : "error"}>
        <Typography sx={{ fontWeight: 650 }}>{text("Reason", explanation.reason)}</Typography>
        <Typography variant="body2">{explanation.is_by_rules ? failed && ruleText(failed) : w.why.noRule}</Typography>
      </Alert>
      {explanation.claimed && <Claimed claim={explanation.claimed} />}
      <Remedies explanation={explanation} />
      <Box component="section" aria-label={w.why.rulesTitle}>
        <Typography variant="overline" component="h3">
          {w.why.rulesTitle}
        </Typography>
        <Box component="ol" sx={{ m: 0, p: 0, listStyle: "none" }}>
          {explanation.rules.map((rule) => (
            <RuleLine key={rule.rule} rule={rule} />
          ))}
        </Box>
      </Box>
      <Typography variant="body2" sx={{ color: "text.secondary" }}>
        {w.why.version(explanation.policy_version)} · <When at={explanation.at} />
        {explanation.decided && ` · ${text("Decided", explanation.decided)}`}
        {explanation.is_reproduced === true && ` · ${w.why.reproduced}`}
      </Typography>
      {explanation.is_reproduced === false && <Alert severity="warning">{w.why.notReproduced}</Alert>}
    </Stack>
  );
}

/** The card that one without keys at the door claims to be: a UID can be copied, so nothing is made of it. */
function Claimed({ claim }: { claim: Schema["ClaimView"] }) {
  const nameOf = useNames([claim.person_id]);
  const who = fullName(nameOf(claim.person_id)) ?? w.unnamed(claim.person_id);
  return (
    <Alert severity="info">
      <Typography>
        {w.why.claims}{" "}
        <LinkTo underline="always" to="/people/$id" params={{ id: claim.person_id }}>
          {who}
        </LinkTo>
        . {claim.reason ? w.why.claimRefused(text("Reason", claim.reason)) : w.why.claimWithoutKeys}
      </Typography>
      <Typography variant="body2">{w.why.claimHelp}</Typography>
    </Alert>
  );
}

/** What a rule said, in a sentence. */
export function ruleText(rule: Pick<RuleOf, "rule" | "answer" | "reason">): string {
  // It did not find what its own sentence says: it could not look.
  if (rule.reason === "server_needed") return w.why.serverNeeded;
  const texts: Record<string, Record<string, string>> = w.explained;
  return texts[rule.rule]?.[rule.answer] ?? text("Rule", rule.rule);
}

function RuleLine({ rule }: { rule: RuleOf }) {
  const look = looks[rule.answer];
  const isQuiet = rule.answer === "not_reached" || rule.answer === "not_applicable";
  return (
    <Box
      component="li"
      sx={{
        display: "grid",
        gridTemplateColumns: "24px minmax(120px, 200px) minmax(0, 1fr)",
        columnGap: 1.5,
        py: 0.75,
        borderBottom: 1,
        borderColor: "divider",
        color: isQuiet ? "text.secondary" : undefined,
        fontSize: "0.875rem",
      }}
    >
      <Box role="img" aria-label={text("Answer", rule.answer)} sx={{ color: look.color, display: "flex" }}>
        {look.icon}
      </Box>
      <Box sx={{ fontWeight: rule.answer === "failed" ? 700 : 600 }}>{text("Rule", rule.rule)}</Box>
      <Box>
        {ruleText(rule)}
        {rule.reason && rule.answer === "failed" && <> {text("Reason", rule.reason)}.</>}
        {rule.records.length > 0 && (
          <Stack direction="row" useFlexGap spacing={1} sx={{ flexWrap: "wrap", mt: 0.5 }}>
            {rule.records.map((record) => (
              <RecordChip key={`${record.kind} ${record.id} ${record.level}`} record={record} />
            ))}
          </Stack>
        )}
      </Box>
    </Box>
  );
}

/** A name; that of a card is its mark, and says so. */
function calledBy(name: string | null | undefined, card: string | null | undefined): string {
  if (!name) return "";
  return card ? w.person.card(name) : name;
}

function RecordChip({ record }: { record: RecordOf }) {
  const zone = useZone();
  const nameOf = useNames(record.kind === "person" && record.id ? [record.id] : []);
  const name =
    record.kind === "person" && record.id
      ? (fullName(nameOf(record.id)) ?? w.unnamed(record.id))
      : calledBy(record.name, record.kind === "block" ? record.credential_id : null) || String(record.level ?? "");
  const period = [
    record.valid_from && `${w.why.validFrom} ${fullTime(record.valid_from, zone)}`,
    record.valid_until && `${w.why.validUntil} ${fullTime(record.valid_until, zone)}`,
  ]
    .filter(Boolean)
    .join(" ");
  const what = `${text("RecordKind", record.kind)} ${name}`.trim();
  const label = [what, record.group_name, period].filter(Boolean).join(" · ");
  const link = linkOf(record);
  if (link === null) return <Chip size="small" variant="outlined" label={label} />;
  return (
    <LinkTo underline="always" {...link}>
      {label}
    </LinkTo>
  );
}

type To = { to: string; params?: Record<string, string>; search?: Record<string, string> };

function linkOf(record: RecordOf): To | null {
  const { id, kind } = record;
  if ((kind === "grant" || kind === "block") && record.person_id) {
    return { to: "/people/$id", params: { id: record.person_id } };
  }
  if ((kind === "grant" || kind === "block") && record.group_id) {
    return { to: "/groups/$id", params: { id: record.group_id } };
  }
  if (!id) return null;
  if (kind === "person") return { to: "/people/$id", params: { id } };
  if (kind === "door") return { to: "/doors/$id", params: { id } };
  if (kind === "access_level") return { to: "/levels/$id", params: { id } };
  if (kind === "schedule") return { to: "/schedules/$id", params: { id } };
  return null;
}

function Remedies({ explanation }: { explanation: Explanation }) {
  const zone = useZone();
  if (explanation.outcome === "granted" || !explanation.is_by_rules) return null;
  if (explanation.remedies.length === 0) return <Typography variant="body2">{w.why.noRemedies}</Typography>;
  return (
    <Box component="section" aria-label={w.why.remediesTitle}>
      <Typography variant="overline" component="h3">
        {w.why.remediesTitle}
      </Typography>
      <Stack direction="row" useFlexGap spacing={1} sx={{ flexWrap: "wrap", mt: 0.5 }}>
        {explanation.remedies.map((remedy) => {
          const key = Object.values(remedy).join(" ");
          const to = remedyLink(remedy, explanation);
          const label = remedyText(remedy, zone);
          return to === null ? (
            <Chip key={key} label={label} />
          ) : (
            <ButtonTo key={key} size="small" variant="outlined" {...to}>
              {label}
            </ButtonTo>
          );
        })}
      </Stack>
    </Box>
  );
}

/** A single change in words. */
export function remedyText(remedy: Remedy, zone: string): string {
  const name = calledBy(remedy.name, remedy.credential_id);
  switch (remedy.kind) {
    case "wait_until":
      return remedy.until ? w.why.until(fullTime(remedy.until, zone)) : text("RemedyKind", remedy.kind);
    case "show_factor":
      return w.why.show(text("Factor", remedy.factor));
    case "grant_level":
      return w.why.grantLevel(name);
    case "extend_grant":
      return w.why.extendGrant(name);
    case "begin_grant":
      return w.why.beginGrant(name);
    default:
      return name === "" ? text("RemedyKind", remedy.kind) : `${text("RemedyKind", remedy.kind)}: ${name}`;
  }
}

/** Where a change is made; null for what no page does. */
export function remedyLink(remedy: Remedy, explanation: Explanation): To | null {
  const person = remedy.person_id ?? explanation.person_id;
  const ofPerson = person ? { to: "/people/$id", params: { id: person } } : null;
  switch (remedy.kind) {
    case "grant_level":
      if (!person) return null;
      return {
        to: "/people/$id/register",
        params: { id: person },
        search: { step: "access", ...(remedy.level_id && { level: remedy.level_id }) },
      };
    case "extend_grant":
    case "begin_grant": {
      const change = remedy.grant_id ?? "";
      if (remedy.group_id) return { to: "/groups/$id", params: { id: remedy.group_id }, search: { change } };
      return ofPerson && { ...ofPerson, search: { change } };
    }
    case "extend_card":
    case "begin_card":
      return ofPerson && { ...ofPerson, search: { change: remedy.credential_id ?? "" } };
    case "activate_card":
    case "unlock_card":
    case "activate_person":
    case "lift_block":
    case "forgive_person":
      return ofPerson;
    case "enrol_factor":
      return person ? { to: "/people/$id/register", params: { id: person }, search: { step: "finger" } } : null;
    case "end_mode":
    case "close_door":
    case "unlock_reader":
      return { to: "/doors/$id", params: { id: remedy.door_id ?? explanation.door_id } };
    case "trust_clock":
    case "renew_policy":
      return { to: "/agents" };
    default:
      return null;
  }
}
