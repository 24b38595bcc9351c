// Everything about one person, and everything that can be done about them.

import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { BlockDialog } from "../access/BlockDialog";
import { api, bodyOf } from "../api/client";
import { forgetPerson, useNames } from "../api/names";
import { queries, useAgentName, useDoorName } from "../api/queries";
import type { LogEvent, PersonDetail } from "../api/types";
import { useFeed, useIsAdministrator, useZone } from "../frame/session";
import { entriesOf, merged } from "../live/log";
import { Row, rowsBox } from "../live/Row";
import { ButtonTo } from "../parts/LinkTo";
import { Empty, Page, Section, Waiting } from "../parts/Page";
import { fullName, Portrait } from "../parts/Portrait";
import { ReasonDialog } from "../parts/ReasonDialog";
import { Trouble } from "../parts/Trouble";
import { When } from "../parts/When";
import { previewed } from "../preview/previewed";
import { WhereMay } from "../rules/Passes";
import { text, w } from "../words";
import { Access, Blocks } from "./person/Access";
import { Cards, Fingers, LegalBasis, OwnPin } from "./person/Credentials";
import { EditIdentity } from "./person/EditIdentity";
import { Groups } from "./person/Groups";
import { OwnRules } from "./person/OwnRules";
import { Revocations } from "./person/Revocations";

const RECENT_ROWS = 12;

/** The first step of registering that is still missing. */
export function missingStep(person: { missing: string[] }): "card" | "finger" | "access" {
  if (person.missing.includes("legal_basis") || person.missing.includes("card")) return "card";
  return person.missing.includes("finger") ? "finger" : "access";
}

/** Reads a person again, and everything that shows a part of them. */
export function usePersonChanged(id: string): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await client.invalidateQueries({ queryKey: ["person", id] });
    void client.invalidateQueries({ queryKey: ["people"] });
  };
}

function Recent({ personId }: { personId: string }) {
  const feed = useFeed();
  const doorName = useDoorName();
  const agentName = useAgentName();
  const zone = useZone();
  const past = useQuery({
    queryKey: ["events", "person", personId],
    queryFn: () => bodyOf(api.GET("/api/v1/events", { params: { query: { person_id: personId, limit: 50 } } })),
  });
  const live = feed.events.filter((event) => event.person_id === personId || event.persons.includes(personId));
  const entries = entriesOf(merged(past.data?.items ?? [], live)).slice(0, RECENT_ROWS);
  // Whoever opened a door for both is named there, not this person.
  const whose = (event: LogEvent) => event.person_id ?? personId;
  const nameOf = useNames([personId, ...entries.map(({ event }) => whose(event))]);
  return (
    <Section
      title={w.person.recent}
      action={
        <ButtonTo size="small" to="/events" search={{ person_id: personId }}>
          {w.person.allEvents}
        </ButtonTo>
      }
    >
      <Trouble error={past.error} onRetry={() => past.refetch()} />
      {past.isLoading && <Waiting />}
      {past.data && entries.length === 0 && <Empty>{w.person.noRecent}</Empty>}
      <Box component="ul" sx={{ m: 0, p: 0, listStyle: "none", ...rowsBox }}>
        {entries.map((entry) => (
          <Row
            key={entry.event.position}
            entry={entry}
            named={nameOf(whose(entry.event))}
            place={doorName(entry.event.door_id)}
            agent={agentName(entry.event.agent_id)}
            zone={zone}
            isSelected={false}
          />
        ))}
      </Box>
    </Section>
  );
}

type Doing = "block" | "deactivate" | "activate" | "edit" | null;

function Head({ person, onChanged }: { person: PersonDetail; onChanged: () => Promise<void> }) {
  const [doing, setDoing] = useState<Doing>(null);
  const isAdministrator = useIsAdministrator();
  const name = fullName(person) ?? w.unnamed(person.id);
  const usable = person.cards.filter((card) => card.state === "active").length;
  const isBlocked = [...person.blocks, ...person.group_blocks].some((block) => block.state === "current");
  const path = { params: { path: { id: person.id } } };
  const close = () => setDoing(null);
  return (
    <Section
      title={w.people.name}
      action={
        isAdministrator && (
          <Stack direction="row" spacing={1}>
            <Button size="small" onClick={() => setDoing("edit")}>
              {w.person.editIdentity}
            </Button>
            <Button size="small" color="error" onClick={() => setDoing("block")}>
              {w.person.block}
            </Button>
            {person.state === "active" ? (
              <Button size="small" color="error" onClick={() => setDoing("deactivate")}>
                {w.person.deactivate}
              </Button>
            ) : (
              <Button size="small" onClick={() => setDoing("activate")}>
                {w.person.activate}
              </Button>
            )}
          </Stack>
        )
      }
    >
      <Stack direction="row" spacing={3} sx={{ alignItems: "center" }}>
        <Portrait id={person.id} name={person.name} hasPhoto={person.has_photo} size={128} />
        <Stack spacing={0.75}>
          <Stack direction="row" spacing={1} sx={{ alignItems: "center" }}>
            <Typography sx={{ fontSize: "1.25rem", fontWeight: 650 }}>{name}</Typography>
            <Chip
              label={text("PersonState", person.state)}
              color={person.state === "active" ? "success" : "warning"}
              variant="outlined"
            />
            {isBlocked && <Chip label={text("Reason", "blocked")} color="error" />}
          </Stack>
          <Typography variant="body2">
            {person.number ? `${w.person.number} ${person.number}` : w.person.noNumber}
          </Typography>
          <Typography variant="body2" sx={{ color: "text.secondary" }}>
            {person.document && (
              <>
                {text("DocumentKind", person.document.kind)},{" "}
                <When at={person.document.seen_at} wrap={w.person.seenAt} /> ·{" "}
              </>
            )}
            {w.people.since} <When at={person.created_at} />
          </Typography>
        </Stack>
      </Stack>
      {doing === "edit" && <EditIdentity person={person} onClose={close} onChanged={onChanged} />}
      {doing === "block" && (
        <BlockDialog
          title={w.person.blockTitle(name)}
          effect={w.person.blockEffect(usable, person.grants)}
          subject={{ kind: "person", id: person.id }}
          onBlocked={onChanged}
          onClose={close}
        />
      )}
      {doing === "deactivate" && (
        <ReasonDialog
          title={w.person.deactivateTitle(name)}
          effect={w.person.deactivateEffect(usable, person.grants)}
          submit={w.person.deactivate}
          act={async (reason) => {
            await previewed([{ kind: "person_deactivate", id: person.id, body: { reason } }]);
            await api.POST("/api/v1/people/{id}/deactivate", { ...path, body: { reason } });
            await onChanged();
          }}
          onClose={close}
        />
      )}
      {doing === "activate" && (
        <ReasonDialog
          title={w.person.activateTitle(name)}
          effect={w.person.activateEffect}
          submit={w.person.activate}
          danger={false}
          act={async (reason) => {
            await previewed([{ kind: "person_activate", id: person.id, body: { reason } }]);
            await api.POST("/api/v1/people/{id}/activate", { ...path, body: { reason } });
            await onChanged();
          }}
          onClose={close}
        />
      )}
    </Section>
  );
}

export function PersonPage() {
  const { id } = useParams({ from: "/signed-in/people/$id" });
  const person = useQuery(queries.person(id));
  const reread = usePersonChanged(id);
  const isAdministrator = useIsAdministrator();
  const changed = async () => {
    forgetPerson(id);
    await reread();
  };
  if (person.data === undefined) {
    return (
      <Page title={w.people.title}>
        {person.error ? <Trouble error={person.error} onRetry={() => person.refetch()} /> : <Waiting lines={10} />}
      </Page>
    );
  }
  const detail = person.data;
  return (
    <Page title={fullName(detail) ?? w.unnamed(id)}>
      {detail.missing.length > 0 && (
        <Alert
          severity="warning"
          action={
            isAdministrator && (
              <ButtonTo
                color="inherit"
                size="small"
                to="/people/$id/register"
                params={{ id }}
                search={{ step: missingStep(detail) }}
              >
                {w.person.resume}
              </ButtonTo>
            )
          }
        >
          {w.person.missing(detail.missing.map((what) => text("Missing", what)).join(", "))}
        </Alert>
      )}
      <Head person={detail} onChanged={changed} />
      <Blocks person={detail} onChanged={reread} />
      <Revocations personId={id} />
      <Box
        sx={{ display: "grid", gridTemplateColumns: { xs: "minmax(0, 1fr)", lg: "repeat(2, minmax(0, 1fr))" }, gap: 3 }}
      >
        <Cards person={detail} onChanged={reread} />
        <Fingers person={detail} onChanged={reread} />
        <OwnPin person={detail} onChanged={reread} />
        <Access person={detail} onChanged={reread} />
        <Groups person={detail} onChanged={reread} />
        <OwnRules person={detail} onChanged={reread} />
        <LegalBasis person={detail} onChanged={reread} />
      </Box>
      <WhereMay key={id} personId={id} />
      <Recent personId={id} />
    </Page>
  );
}
