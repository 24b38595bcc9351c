// One agent: how it is, its doors with their ids, the configuration for its machine, and what can be done about it.

import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, bodyOf } from "../api/client";
import { queries, useDoorName } from "../api/queries";
import type { Agent } from "../api/types";
import { DoorLink } from "../doors/DoorLink";
import { useIsAdministrator } from "../frame/session";
import { Copyable } from "../parts/Copyable";
import { Devices } from "../parts/Devices";
import { Lines } from "../parts/Lines";
import { Empty, Page, Section, Waiting } from "../parts/Page";
import { ReasonDialog } from "../parts/ReasonDialog";
import { Trouble } from "../parts/Trouble";
import { When } from "../parts/When";
import { named, text, w } from "../words";
import { Edit } from "./AgentForms";
import { ConfigurationOf } from "./Configuration";
import { HowToJoin, type Token } from "./HowToJoin";

const REFRESH_MS = 15_000;

const stateColours: Record<string, "success" | "warning" | "error" | "default"> = {
  invited: "default",
  online: "success",
  offline: "warning",
  revoked: "default",
  quarantined: "error",
};

export function AgentState({ agent }: { agent: Agent }) {
  const { data: devices = [] } = useQuery({ ...queries.devices, refetchInterval: REFRESH_MS });
  // The journal speaks for itself below.
  const own = devices.filter((device) => device.agent_id === agent.id && device.device !== "journal");
  return (
    <Stack spacing={0.5} sx={{ alignItems: "flex-start" }}>
      <Chip label={named(w.agents.states, agent.state)} color={stateColours[agent.state]} variant="outlined" />
      {agent.state === "quarantined" && (
        <Typography variant="caption" sx={{ display: "block", color: "error.main" }}>
          {w.agents.quarantinedWhy}
        </Typography>
      )}
      {agent.journal_fault && agent.state !== "revoked" && (
        <Typography variant="caption" sx={{ display: "block", color: "error.main" }}>
          {text("AlarmKind", "journal_fault")}: {text("JournalFault", agent.journal_fault)} (
          <When at={agent.journal_since} />)
        </Typography>
      )}
      {(agent.state === "online" || agent.state === "offline") && <Devices devices={own} />}
    </Stack>
  );
}

function Doors({ agent }: { agent: Agent }) {
  const { data: doors = [] } = useQuery(queries.doors);
  const { data: sites = [] } = useQuery(queries.sites);
  if (agent.door_ids.length === 0) {
    const isRevoked = agent.state === "revoked";
    const why =
      agent.kind === "station" ? w.agents.stationDoors : isRevoked ? w.agents.noDoorsLeft : w.agents.noDoorsYet;
    return <Typography sx={{ color: "text.secondary" }}>{why}</Typography>;
  }
  return (
    <Stack spacing={2}>
      {agent.door_ids.map((id) => {
        const door = doors.find((candidate) => candidate.id === id);
        const site = sites.find((candidate) => candidate.id === door?.site_id)?.name ?? "";
        return (
          <Box key={id}>
            <Box sx={{ mb: 1 }}>
              <DoorLink id={id} />
            </Box>
            <Copyable label={w.agents.doorId(door?.name ?? "", site)} text={id} />
          </Box>
        );
      })}
    </Stack>
  );
}

/** Until when its certificate is good; a revoked agent's is no longer accepted, whatever stands in it. */
function Certificate({ agent }: { agent: Agent }) {
  if (agent.state === "revoked") return w.agents.certificateRevoked;
  return <When at={agent.certificate_expires_at} />;
}

type Doing = "edit" | "revoke" | "token" | "replace" | "takenAway" | null;

export function AgentPage() {
  const { id } = useParams({ from: "/signed-in/agents/$id" });
  const client = useQueryClient();
  const agents = useQuery(queries.agents);
  const isAdministrator = useIsAdministrator();
  const doorName = useDoorName();
  const [doing, setDoing] = useState<Doing>(null);
  const [token, setToken] = useState<Token | null>(null);
  const agent = agents.data?.find((candidate) => candidate.id === id);
  if (agent === undefined) {
    return (
      <Page title={w.agents.page}>
        <Trouble error={agents.error} onRetry={() => agents.refetch()} />
        {agents.isLoading && <Waiting lines={8} />}
        {agents.data && <Empty>{w.agents.notFound}</Empty>}
      </Page>
    );
  }
  const changed = () => client.invalidateQueries({ queryKey: queries.agents.queryKey });
  const close = () => setDoing(null);
  const params = { path: { id } };
  return (
    <Page
      title={agent.name}
      intro={text("AgentKind", agent.kind)}
      action={
        isAdministrator && (
          <Stack direction="row" spacing={1}>
            {agent.has_machine_away && (
              <Button onClick={() => setDoing("takenAway")} aria-label={w.agents.takenAwayTitle(agent.name)}>
                {w.agents.takenAway}
              </Button>
            )}
            {agent.state !== "revoked" && (
              <>
                <Button color="error" onClick={() => setDoing("revoke")} aria-label={w.agents.revokeTitle(agent.name)}>
                  {w.agents.revoke}
                </Button>
                {agent.state !== "invited" && (
                  <Button onClick={() => setDoing("replace")} aria-label={w.agents.replaceTitle(agent.name)}>
                    {w.agents.replace}
                  </Button>
                )}
                <Button onClick={() => setDoing("token")} aria-label={w.agents.newTokenTitle(agent.name)}>
                  {w.agents.newToken}
                </Button>
                <Button variant="contained" onClick={() => setDoing("edit")} aria-label={w.agents.edit(agent.name)}>
                  {w.act.edit}
                </Button>
              </>
            )}
          </Stack>
        )
      }
    >
      <Box
        sx={{ display: "grid", gridTemplateColumns: { xs: "minmax(0, 1fr)", lg: "repeat(2, minmax(0, 1fr))" }, gap: 3 }}
      >
        <Section title={w.agents.facts}>
          <Lines
            lines={[
              [w.agents.state, <AgentState key="state" agent={agent} />],
              [w.agents.lastSeen, <When key="seen" at={agent.last_seen_at} />],
              [w.agents.joined, <When key="joined" at={agent.joined_at} />],
              [w.agents.build, agent.build ?? w.none],
              [w.agents.rules, agent.bundle_version || w.none],
              [w.agents.records, agent.acknowledged_seq],
              [w.agents.certificate, <Certificate key="certificate" agent={agent} />],
              [w.agents.id, <code key="id">{agent.id}</code>],
            ]}
          />
        </Section>
        <Section title={w.agents.doors}>
          <Doors agent={agent} />
        </Section>
      </Box>
      {agent.state !== "revoked" && (
        <Section title={w.agents.configuration}>
          <ConfigurationOf key={agent.version} agentId={id} />
        </Section>
      )}
      {doing === "edit" && <Edit key={agent.version} agent={agent} onClose={close} />}
      {doing === "token" && (
        <ReasonDialog
          title={w.agents.newTokenTitle(agent.name)}
          effect={w.agents.newTokenEffect}
          submit={w.agents.newToken}
          danger={false}
          act={async (reason) => {
            const made = await bodyOf(api.POST("/api/v1/agents/{id}/join-token", { params, body: { reason } }));
            setToken({ ...made, name: agent.name, agentId: id });
            await changed();
          }}
          onClose={close}
        />
      )}
      {doing === "replace" && (
        <ReasonDialog
          title={w.agents.replaceTitle(agent.name)}
          effect={w.agents.replaceEffect}
          submit={w.agents.replace}
          act={async (reason) => {
            const made = await bodyOf(api.POST("/api/v1/agents/{id}/replace", { params, body: { reason } }));
            setToken({ ...made, name: agent.name, agentId: id });
            await changed();
          }}
          onClose={close}
        />
      )}
      {doing === "revoke" && (
        <ReasonDialog
          title={w.agents.revokeTitle(agent.name)}
          effect={w.agents.revokeEffect(agent.door_ids.length, agent.door_ids.map(doorName).join(", "))}
          submit={w.agents.revoke}
          act={(reason) => api.POST("/api/v1/agents/{id}/revoke", { params, body: { reason } }).then(changed)}
          onClose={close}
        />
      )}
      {doing === "takenAway" && (
        <ReasonDialog
          title={w.agents.takenAwayTitle(agent.name)}
          effect={w.agents.takenAwayEffect}
          submit={w.agents.takenAway}
          act={(reason) => api.POST("/api/v1/agents/{id}/taken-away", { params, body: { reason } }).then(changed)}
          onClose={close}
        />
      )}
      {token && <HowToJoin token={token} onClose={() => setToken(null)} />}
    </Page>
  );
}
