// Every agent and how it is; each has a page with its doors, its configuration and what can be done about it.

import Button from "@mui/material/Button";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { queries, useDoorName } from "../api/queries";
import type { Agent } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { type Column, DataTable } from "../parts/DataTable";
import { LinkTo } from "../parts/LinkTo";
import { Page } from "../parts/Page";
import { When } from "../parts/When";
import { text, w } from "../words";
import { Invite } from "./AgentForms";
import { AgentState } from "./AgentPage";
import { HowToJoin, type Token } from "./HowToJoin";

const REFRESH_MS = 15_000;

export function Agents() {
  const navigate = useNavigate();
  const isAdministrator = useIsAdministrator();
  const agents = useQuery({ ...queries.agents, refetchInterval: REFRESH_MS });
  const doorName = useDoorName();
  const [isInviting, setInviting] = useState(false);
  const [token, setToken] = useState<Token | null>(null);
  const columns: Column<Agent>[] = [
    {
      label: w.agents.name,
      width: "26%",
      cell: (agent) => (
        <>
          <LinkTo
            to="/agents/$id"
            params={{ id: agent.id }}
            color="textPrimary"
            sx={{ fontWeight: 650 }}
            aria-label={w.agents.open(agent.name)}
          >
            {agent.name}
          </LinkTo>
          <Typography variant="caption" sx={{ color: "text.secondary", display: "block" }}>
            {text("AgentKind", agent.kind)}
          </Typography>
        </>
      ),
    },
    { label: w.agents.state, cell: (agent) => <AgentState agent={agent} /> },
    { label: w.agents.doors, width: "28%", cell: (agent) => agent.door_ids.map(doorName).join(", ") || w.none },
    { label: w.agents.lastSeen, cell: (agent) => <When at={agent.last_seen_at} /> },
    { label: w.agents.rules, cell: (agent) => agent.bundle_version || w.none, align: "right" },
  ];
  return (
    <Page
      title={w.agents.title}
      intro={w.agents.intro}
      action={
        isAdministrator && (
          <Button variant="contained" onClick={() => setInviting(true)}>
            {w.agents.invite}
          </Button>
        )
      }
    >
      <DataTable
        label={w.agents.title}
        columns={columns}
        rows={agents.data}
        keyOf={(agent) => agent.id}
        empty={w.agents.empty}
        error={agents.error}
        onRetry={() => agents.refetch()}
        onOpen={(agent) => void navigate({ to: "/agents/$id", params: { id: agent.id } })}
      />
      {isInviting && <Invite onToken={setToken} onClose={() => setInviting(false)} />}
      {token && <HowToJoin token={token} onClose={() => setToken(null)} />}
    </Page>
  );
}
