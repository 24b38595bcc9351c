// What is done at the controller for an agent to join: command and token, shown once, and the configuration.

import Typography from "@mui/material/Typography";
import type { JoinToken } from "../api/types";
import { Copyable } from "../parts/Copyable";
import { OnceDialog } from "../parts/OnceDialog";
import { When } from "../parts/When";
import { w } from "../words";
import { ConfigurationOf } from "./Configuration";

export type Token = JoinToken & { name: string; agentId: string };

export function HowToJoin({ token, onClose }: { token: Token; onClose: () => void }) {
  return (
    <OnceDialog title={w.agents.tokenTitle(token.name)} text={w.agents.tokenOnce} onClose={onClose}>
      <Copyable label={w.agents.command} text={token.command} />
      <Copyable label={w.agents.token} text={token.token} />
      <Typography variant="body2">
        <When at={token.expires_at} wrap={w.agents.tokenUntil} />
      </Typography>
      <Typography variant="h3">{w.agents.configuration}</Typography>
      <ConfigurationOf agentId={token.agentId} />
    </OnceDialog>
  );
}
