// Cards, fingers, the PIN and the legal basis of a person.

import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Tooltip from "@mui/material/Tooltip";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { useAskedFor } from "../../access/asked";
import { BlockDialog } from "../../access/BlockDialog";
import { CardPeriod } from "../../access/PeriodDialog";
import { api } from "../../api/client";
import type { Card, Finger, PersonDetail } from "../../api/types";
import { useConsentTexts } from "../../enrol/consent";
import { useIsAdministrator } from "../../frame/session";
import { ButtonTo } from "../../parts/LinkTo";
import { Section } from "../../parts/Page";
import { ReasonDialog } from "../../parts/ReasonDialog";
import { When } from "../../parts/When";
import { previewed } from "../../preview/previewed";
import { named, text, type WordOf, w, wordsOf } from "../../words";
import { AtStation } from "./AtStation";
import { type OfPerson, Thing, Things } from "./Thing";

/** Marks a card that can be copied, wherever one is shown. */
export function Strength({ strength }: { strength: string }) {
  if (strength !== "weak_uid") return <Chip label={w.person.strong} color="success" variant="outlined" />;
  return (
    <Tooltip title={w.person.weakHelp}>
      <Chip label={w.person.weak} color="warning" variant="outlined" tabIndex={0} />
    </Tooltip>
  );
}

/** How a card proves itself, where there is more to say than that. */
function ChipMarks({ chip }: { chip: NonNullable<Card["chip"]> }) {
  return (
    <>
      {chip.messaging === "ev1" && (
        <Tooltip title={w.person.olderHelp}>
          <Chip label={w.person.older} color="warning" variant="outlined" tabIndex={0} />
        </Tooltip>
      )}
      {chip.is_renewal_due && (
        <Tooltip title={w.person.keysDueHelp}>
          <Chip label={w.person.keysDue} color="info" variant="outlined" tabIndex={0} />
        </Tooltip>
      )}
      {chip.is_exchange_due && (
        <Tooltip title={w.person.exchangeDueHelp}>
          <Chip label={w.person.exchangeDue} color="warning" variant="outlined" tabIndex={0} />
        </Tooltip>
      )}
    </>
  );
}

export function Cards({ person, onChanged }: OfPerson) {
  const isAdministrator = useIsAdministrator();
  const [changing, setChanging] = useState<Card | null>(null);
  const [blocking, setBlocking] = useState<Card | null>(null);
  const [state, setState] = useState<WordOf<"CredentialState">>("suspended");
  const [chosen, choose] = useState<Card | null>(null);
  const [atStation, setAtStation] = useState<{ card: Card; does: "renew" | "takeBack" } | null>(null);
  const [asked, forget] = useAskedFor();
  const extending = isAdministrator ? (chosen ?? person.cards.find((card) => card.id === asked)) : undefined;
  return (
    <Section
      title={w.person.cards}
      action={
        isAdministrator && (
          <ButtonTo size="small" to="/people/$id/register" params={{ id: person.id }} search={{ step: "card" }}>
            {w.person.addCard}
          </ButtonTo>
        )
      }
    >
      {person.cards.length === 0 && <Typography sx={{ color: "text.secondary" }}>{w.person.noCards}</Typography>}
      <Things>
        {person.cards.map((card) => (
          <Thing
            key={card.id}
            title={w.person.card(card.label)}
            chips={
              <>
                <Chip
                  label={text("CredentialState", card.state)}
                  color={card.state === "active" ? "success" : "error"}
                  variant="outlined"
                />
                <Strength strength={card.strength} />
                {card.chip && <ChipMarks chip={card.chip} />}
              </>
            }
            action={
              isAdministrator && (
                <Stack direction="row" useFlexGap spacing={1} sx={{ flexWrap: "wrap", justifyContent: "flex-end" }}>
                  {card.chip && card.state !== "returned" && (
                    <>
                      <Button
                        size="small"
                        variant={card.chip.is_renewal_due ? "outlined" : "text"}
                        onClick={() => setAtStation({ card, does: "renew" })}
                        aria-label={w.person.renewCardTitle(card.label)}
                      >
                        {w.person.renewCard}
                      </Button>
                      <Button
                        size="small"
                        onClick={() => setAtStation({ card, does: "takeBack" })}
                        aria-label={w.person.takeBackTitle(card.label)}
                      >
                        {w.person.takeBack}
                      </Button>
                    </>
                  )}
                  <Button
                    size="small"
                    color="error"
                    onClick={() => setBlocking(card)}
                    aria-label={w.blocks.card(card.label)}
                  >
                    {w.person.block}
                  </Button>
                  <Button size="small" onClick={() => choose(card)} aria-label={w.person.cardPeriodTitle(card.label)}>
                    {w.person.changePeriod}
                  </Button>
                  <Button
                    size="small"
                    onClick={() => {
                      setState(card.state === "active" ? "suspended" : "active");
                      setChanging(card);
                    }}
                  >
                    {w.person.changeCard}
                  </Button>
                </Stack>
              )
            }
          >
            <When at={card.valid_from} />
            {card.valid_until && (
              <>
                {" – "}
                <When at={card.valid_until} />
              </>
            )}
            {card.chip && <div>{w.person.chip(card.chip.key_version, card.chip.fingers_fit)}</div>}
          </Thing>
        ))}
      </Things>
      {atStation && (
        <AtStation
          personId={person.id}
          title={
            atStation.does === "renew"
              ? w.person.renewCardTitle(atStation.card.label)
              : w.person.takeBackTitle(atStation.card.label)
          }
          effect={
            atStation.does === "renew"
              ? w.person.renewCardEffect
              : w.person.takeBackEffect(
                  person.enrolled_fingers.filter((finger) => finger.credential_id === atStation.card.id).length,
                )
          }
          want={atStation.does === "renew" ? "renew_card" : { take_back_card: { credential_id: atStation.card.id } }}
          needsReason={atStation.does === "takeBack"}
          onDone={onChanged}
          onClose={() => setAtStation(null)}
        />
      )}
      {blocking && (
        <BlockDialog
          title={w.blocks.card(blocking.label)}
          effect={w.blocks.cardEffect}
          subject={{ kind: "credential", id: blocking.id }}
          onBlocked={onChanged}
          onClose={() => setBlocking(null)}
        />
      )}
      {extending && (
        <CardPeriod
          key={`${extending.id} ${extending.version}`}
          card={extending}
          onChanged={onChanged}
          onClose={() => {
            choose(null);
            forget();
          }}
        />
      )}
      {changing && (
        <ReasonDialog
          title={w.person.changeCardTitle(changing.label)}
          effect={w.person.changeCardEffect}
          submit={w.act.save}
          danger={state !== "active"}
          act={async (reason) => {
            const body = { state, reason };
            await previewed([{ kind: "credential_state", id: changing.id, body }]);
            await api.POST("/api/v1/credentials/{id}/state", { params: { path: { id: changing.id } }, body });
            await onChanged();
          }}
          onClose={() => setChanging(null)}
        >
          <TextField
            select
            label={w.person.newState}
            value={state}
            onChange={(event) => setState(event.target.value as WordOf<"CredentialState">)}
          >
            {wordsOf("CredentialState")
              .filter((word) => word !== changing.state)
              .map((word) => (
                <MenuItem key={word} value={word}>
                  {text("CredentialState", word)}
                </MenuItem>
              ))}
          </TextField>
        </ReasonDialog>
      )}
    </Section>
  );
}

/** The card that a finger lies on, and whether it can only be taken off there. */
function carrierOf(person: PersonDetail, finger: Finger) {
  const card = person.cards.find((candidate) => candidate.id === finger.credential_id);
  const isAway = card !== undefined && ["lost", "stolen", "returned"].includes(card.state);
  return { card, isAtStation: card !== undefined && !isAway };
}

export function Fingers({ person, onChanged }: OfPerson) {
  const isAdministrator = useIsAdministrator();
  const [removing, setRemoving] = useState<Finger | null>(null);
  const carrier = removing ? carrierOf(person, removing) : undefined;
  return (
    <Section
      title={w.person.fingers}
      action={
        isAdministrator &&
        person.legal_basis?.kind === "consent" && (
          <ButtonTo size="small" to="/people/$id/register" params={{ id: person.id }} search={{ step: "finger" }}>
            {w.person.addFinger}
          </ButtonTo>
        )
      }
    >
      {person.enrolled_fingers.length === 0 && (
        <Typography sx={{ color: "text.secondary" }}>
          {person.legal_basis?.kind === "alternative" ? w.wizard.fingerExempt : w.person.noFingers}
        </Typography>
      )}
      <Things>
        {person.enrolled_fingers.map((finger) => (
          <Thing
            key={finger.id}
            title={text("FingerPosition", finger.position)}
            chips={finger.is_duress && <Chip label={w.person.duress} color="warning" variant="outlined" />}
            action={
              isAdministrator && (
                <Button
                  size="small"
                  color="error"
                  onClick={() => setRemoving(finger)}
                  aria-label={w.person.removeFingerTitle(text("FingerPosition", finger.position))}
                >
                  {w.person.removeFinger}
                </Button>
              )
            }
          >
            {w.person.quality(finger.quality)} · {named(w.person.sensors, finger.sensor_type)} ·{" "}
            {finger.credential_id ? w.person.onCard(carrierOf(person, finger).card?.label ?? "") : w.person.onServer} ·{" "}
            <When at={finger.enrolled_at} />
          </Thing>
        ))}
      </Things>
      {removing && carrier?.isAtStation && (
        <AtStation
          personId={person.id}
          title={w.person.removeFingerTitle(text("FingerPosition", removing.position))}
          effect={w.person.removeFromCardEffect(carrier.card?.label ?? "")}
          want={{ remove_finger: { finger_id: removing.id } }}
          needsReason
          onDone={onChanged}
          onClose={() => setRemoving(null)}
        />
      )}
      {removing && !carrier?.isAtStation && (
        <ReasonDialog
          title={w.person.removeFingerTitle(text("FingerPosition", removing.position))}
          effect={w.person.removeFingerEffect}
          submit={w.person.removeFinger}
          act={async (reason) => {
            const body = { reason };
            await previewed([{ kind: "finger_delete", id: removing.id, body }]);
            await api.DELETE("/api/v1/fingers/{id}", { params: { path: { id: removing.id } }, body });
            await onChanged();
          }}
          onClose={() => setRemoving(null)}
        />
      )}
    </Section>
  );
}

export function OwnPin({ person, onChanged }: OfPerson) {
  const isAdministrator = useIsAdministrator();
  const [removing, setRemoving] = useState<"pin" | "duress" | null>(null);
  const pin = person.pin;
  const params = { path: { id: person.id } };
  return (
    <Section
      title={w.person.pin}
      action={
        isAdministrator && (
          <ButtonTo
            size="small"
            to="/people/$id/register"
            params={{ id: person.id }}
            search={{ step: "finger", factor: "pin" }}
          >
            {w.person.setPin}
          </ButtonTo>
        )
      }
    >
      {!pin && <Typography sx={{ color: "text.secondary" }}>{w.person.noPin}</Typography>}
      {pin && (
        <Things>
          <Thing
            title={w.person.pinIs}
            chips={pin.has_duress && <Chip label={w.person.pinDuress} color="warning" variant="outlined" />}
            action={
              isAdministrator && (
                <Stack direction="row" spacing={1}>
                  {pin.has_duress && (
                    <Button size="small" color="error" onClick={() => setRemoving("duress")}>
                      {w.person.removeDuressPin}
                    </Button>
                  )}
                  <Button
                    size="small"
                    color="error"
                    onClick={() => setRemoving("pin")}
                    aria-label={w.person.removePinTitle}
                  >
                    {w.person.removePin}
                  </Button>
                </Stack>
              )
            }
          >
            {w.person.pinChanged} <When at={pin.changed_at} />
          </Thing>
        </Things>
      )}
      {removing === "pin" && (
        <ReasonDialog
          title={w.person.removePinTitle}
          effect={w.person.removePinEffect}
          submit={w.person.removePin}
          act={async (reason) => {
            const body = { reason };
            await previewed([{ kind: "pin_delete", id: person.id, body }]);
            await api.DELETE("/api/v1/people/{id}/pin", { params, body });
            await onChanged();
          }}
          onClose={() => setRemoving(null)}
        />
      )}
      {removing === "duress" && (
        <ReasonDialog
          title={w.person.removeDuressPinTitle}
          effect={w.person.removeDuressPinEffect}
          submit={w.person.removeDuressPin}
          act={async (reason) => {
            await api.DELETE("/api/v1/people/{id}/duress-pin", { params, body: { reason } });
            await onChanged();
          }}
          onClose={() => setRemoving(null)}
        />
      )}
    </Section>
  );
}

export function LegalBasis({ person, onChanged }: OfPerson) {
  const isAdministrator = useIsAdministrator();
  const { isEnough } = useConsentTexts();
  const [isWithdrawing, setWithdrawing] = useState(false);
  const basis = person.legal_basis;
  return (
    <Section
      title={w.person.legalBasis}
      action={
        isAdministrator &&
        basis && (
          <Button size="small" color="error" onClick={() => setWithdrawing(true)}>
            {w.person.withdraw}
          </Button>
        )
      }
    >
      {!basis && <Typography sx={{ color: "text.secondary" }}>{w.person.noLegalBasis}</Typography>}
      {basis && !isEnough(basis) && (
        <Alert
          severity="warning"
          action={
            isAdministrator && (
              <ButtonTo
                size="small"
                color="inherit"
                to="/people/$id/register"
                params={{ id: person.id }}
                search={{ step: "card" }}
                sx={{ whiteSpace: "nowrap" }}
              >
                {w.person.basisAnew}
              </ButtonTo>
            )
          }
        >
          {w.person.basisLacksComparing}
        </Alert>
      )}
      {basis && (
        <Things>
          <Thing title={text("LegalBasisKind", basis.kind)}>
            <When at={basis.given_at} />
            {basis.consent_text_version && ` · ${w.person.basisVersion(basis.consent_text_version)}`}
            {basis.note && ` · ${basis.note}`}
          </Thing>
        </Things>
      )}
      {isWithdrawing && (
        <ReasonDialog
          title={w.person.withdrawTitle}
          effect={w.person.withdrawEffect(person.enrolled_fingers.length)}
          submit={w.person.withdraw}
          act={async (reason) => {
            const body = { reason };
            await previewed([{ kind: "legal_basis_withdraw", id: person.id, body }]);
            await api.DELETE("/api/v1/people/{id}/legal-basis", { params: { path: { id: person.id } }, body });
            await onChanged();
          }}
          onClose={() => setWithdrawing(false)}
        />
      )}
    </Section>
  );
}
