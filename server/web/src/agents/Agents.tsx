// Agents: inviting one, how each is, and revoking one.

import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, bodyOf, ifMatch, Problem } from "../api/client";
import { queries, useDoorName } from "../api/queries";
import type { Agent, JoinToken } from "../api/types";
import { useIsAdministrator, useZone } from "../frame/session";
import { Copyable } from "../parts/Copyable";
import { type Column, DataTable } from "../parts/DataTable";
import { Devices } from "../parts/Devices";
import { FormDialog } from "../parts/FormDialog";
import { OnceDialog } from "../parts/OnceDialog";
import { Page } from "../parts/Page";
import { ReasonDialog } from "../parts/ReasonDialog";
import { Trouble } from "../parts/Trouble";
import { When } from "../parts/When";
import { dateOf } from "../time";
import { named, text, type WordOf, w, wordsOf } from "../words";

const REFRESH_MS = 15_000;

const stateColours: Record<string, "success" | "warning" | "error" | "default"> = {
  invited: "default",
  online: "success",
  offline: "warning",
  revoked: "default",
  quarantined: "error",
};

function DoorChoice({ value, onChange }: { value: string[]; onChange: (ids: string[]) => void }) {
  const { data: doors = [] } = useQuery(queries.doors);
  return (
    <TextField
      select
      label={w.agents.doors}
      value={value}
      onChange={(event) => onChange(event.target.value as unknown as string[])}
      slotProps={{ select: { multiple: true } }}
    >
      {doors.map((door) => (
        <MenuItem key={door.id} value={door.id}>
          {door.name}
        </MenuItem>
      ))}
    </TextField>
  );
}

type Token = JoinToken & { name: string };

function Invite({ onToken, onClose }: { onToken: (token: Token) => void; onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [kind, setKind] = useState<WordOf<"AgentKind">>("door_controller");
  const [doorIds, setDoorIds] = useState<string[]>([]);
  const invite = async () => {
    const body = { name: name.trim(), kind, door_ids: kind === "station" ? [] : doorIds };
    const made = await bodyOf(api.POST("/api/v1/agents", { body }));
    onToken({ ...made, name: made.agent.name });
    await client.invalidateQueries({ queryKey: queries.agents.queryKey });
  };
  return (
    <FormDialog title={w.agents.inviteTitle} submit={w.agents.invite} act={invite} onClose={onClose}>
      {(error) => (
        <>
          <TextField
            label={w.agents.name}
            value={name}
            onChange={(event) => setName(event.target.value)}
            error={error instanceof Problem && error.field("name") !== undefined}
            helperText={error instanceof Problem ? error.field("name") : undefined}
            autoFocus
            required
          />
          <TextField
            select
            label={w.agents.kind}
            value={kind}
            onChange={(event) => setKind(event.target.value as WordOf<"AgentKind">)}
          >
            {wordsOf("AgentKind").map((word) => (
              <MenuItem key={word} value={word}>
                {text("AgentKind", word)}
              </MenuItem>
            ))}
          </TextField>
          {kind === "door_controller" && <DoorChoice value={doorIds} onChange={setDoorIds} />}
        </>
      )}
    </FormDialog>
  );
}

function Edit({ agent, onClose }: { agent: Agent; onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState(agent.name);
  const [doorIds, setDoorIds] = useState(agent.door_ids);
  const save = async () => {
    const params = { path: { id: agent.id }, header: ifMatch(agent.version) };
    const doors = agent.kind === "door_controller" ? { door_ids: doorIds } : {};
    await api.PATCH("/api/v1/agents/{id}", { params, body: { name: name.trim(), ...doors } });
    await client.invalidateQueries({ queryKey: queries.agents.queryKey });
    void client.invalidateQueries({ queryKey: queries.doors.queryKey });
  };
  return (
    <FormDialog title={w.agents.edit(agent.name)} submit={w.act.save} act={save} onClose={onClose}>
      {() => (
        <>
          <TextField
            label={w.agents.name}
            value={name}
            onChange={(event) => setName(event.target.value)}
            autoFocus
            required
          />
          {agent.kind === "door_controller" && <DoorChoice value={doorIds} onChange={setDoorIds} />}
        </>
      )}
    </FormDialog>
  );
}

type Doing = { what: "edit" | "revoke" | "token"; agent: Agent } | null;

export function Agents() {
  const client = useQueryClient();
  const isAdministrator = useIsAdministrator();
  const agents = useQuery({ ...queries.agents, refetchInterval: REFRESH_MS });
  const { data: devices = [] } = useQuery({ ...queries.devices, refetchInterval: REFRESH_MS });
  const doorName = useDoorName();
  const zone = useZone();
  const [isInviting, setInviting] = useState(false);
  const [token, setToken] = useState<Token | null>(null);
  const [doing, setDoing] = useState<Doing>(null);
  const changed = () => client.invalidateQueries({ queryKey: queries.agents.queryKey });
  // The journal speaks for itself above them.
  const devicesOf = (agent: Agent) =>
    devices.filter((device) => device.agent_id === agent.id && device.device !== "journal");
  const doorsOf = (agent: Agent) => agent.door_ids.map(doorName).join(", ");
  const columns: Column<Agent>[] = [
    {
      label: w.agents.name,
      cell: (agent) => (
        <>
          <Typography variant="body2" noWrap sx={{ fontWeight: 650 }}>
            {agent.name}
          </Typography>
          <Typography variant="caption" noWrap sx={{ color: "text.secondary" }}>
            {text("AgentKind", agent.kind)}
          </Typography>
        </>
      ),
    },
    {
      label: w.agents.state,
      cell: (agent) => (
        <Stack spacing={0.5} sx={{ alignItems: "flex-start" }}>
          <Chip label={named(w.agents.states, agent.state)} color={stateColours[agent.state]} variant="outlined" />
          {agent.journal_fault && agent.state !== "revoked" && (
            <Typography variant="caption" sx={{ display: "block", color: "error.main" }}>
              {text("AlarmKind", "journal_fault")}: {text("JournalFault", agent.journal_fault)} (
              <When at={agent.journal_since} />)
            </Typography>
          )}
          {(agent.state === "online" || agent.state === "offline") && <Devices devices={devicesOf(agent)} />}
        </Stack>
      ),
    },
    { label: w.agents.doors, cell: (agent) => doorsOf(agent) || w.none },
    { label: w.agents.lastSeen, cell: (agent) => <When at={agent.last_seen_at} /> },
    { label: w.agents.build, cell: (agent) => agent.build ?? w.none },
    { label: w.agents.rules, cell: (agent) => agent.bundle_version ?? w.none, align: "right" },
    { label: w.agents.records, cell: (agent) => agent.acknowledged_seq ?? w.none, align: "right" },
    {
      label: w.agents.certificate,
      cell: (agent) => (agent.certificate_expires_at ? dateOf(agent.certificate_expires_at, zone) : w.none),
    },
  ];
  if (isAdministrator) {
    columns.push({
      label: w.act.actions,
      align: "right",
      cell: (agent) => (
        <Stack direction="row" spacing={0.5} sx={{ justifyContent: "flex-end", whiteSpace: "nowrap" }}>
          <Button size="small" onClick={() => setDoing({ what: "edit", agent })} aria-label={w.agents.edit(agent.name)}>
            {w.act.edit}
          </Button>
          <Button
            size="small"
            onClick={() => setDoing({ what: "token", agent })}
            aria-label={w.agents.newTokenTitle(agent.name)}
          >
            {w.agents.newToken}
          </Button>
          {agent.state !== "revoked" && (
            <Button
              size="small"
              color="error"
              onClick={() => setDoing({ what: "revoke", agent })}
              aria-label={w.agents.revokeTitle(agent.name)}
            >
              {w.agents.revoke}
            </Button>
          )}
        </Stack>
      ),
    });
  }
  const close = () => setDoing(null);
  return (
    <Page
      title={w.agents.title}
      intro={w.agents.intro}
      wide
      action={
        isAdministrator && (
          <Button variant="contained" onClick={() => setInviting(true)}>
            {w.agents.invite}
          </Button>
        )
      }
    >
      <Trouble error={agents.error} onRetry={() => agents.refetch()} />
      <DataTable
        label={w.agents.title}
        columns={columns}
        rows={agents.data}
        keyOf={(agent) => agent.id}
        empty={w.agents.empty}
      />
      {isInviting && <Invite onToken={setToken} onClose={() => setInviting(false)} />}
      {token && (
        <OnceDialog title={w.agents.tokenTitle(token.name)} text={w.agents.tokenOnce} onClose={() => setToken(null)}>
          <Copyable label={w.agents.command} text={token.command} />
          <Copyable label={w.agents.token} text={token.token} />
          <Typography variant="body2">
            <When at={token.expires_at} wrap={w.agents.tokenUntil} />
          </Typography>
        </OnceDialog>
      )}
      {doing?.what === "edit" && <Edit agent={doing.agent} onClose={close} />}
      {doing?.what === "token" && (
        <ReasonDialog
          title={w.agents.newTokenTitle(doing.agent.name)}
          effect={w.agents.newTokenEffect}
          submit={w.agents.newToken}
          danger={false}
          act={async (reason) => {
            const params = { path: { id: doing.agent.id } };
            const made = await bodyOf(api.POST("/api/v1/agents/{id}/join-token", { params, body: { reason } }));
            setToken({ ...made, name: doing.agent.name });
            await changed();
          }}
          onClose={close}
        />
      )}
      {doing?.what === "revoke" && (
        <ReasonDialog
          title={w.agents.revokeTitle(doing.agent.name)}
          effect={w.agents.revokeEffect(doing.agent.door_ids.length, doorsOf(doing.agent))}
          submit={w.agents.revoke}
          act={(reason) =>
            api
              .POST("/api/v1/agents/{id}/revoke", { params: { path: { id: doing.agent.id } }, body: { reason } })
              .then(changed)
          }
          onClose={close}
        />
      )}
    </Page>
  );
}
