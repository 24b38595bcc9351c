// Inviting an agent, and changing its name or doors.

import MenuItem from "@mui/material/MenuItem";
import TextField from "@mui/material/TextField";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, bodyOf, ifMatch, Problem } from "../api/client";
import { queries } from "../api/queries";
import type { Agent } from "../api/types";
import { FormDialog } from "../parts/FormDialog";
import { text, type WordOf, w, wordsOf } from "../words";
import type { Token } from "./HowToJoin";

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

export function Invite({ onToken, onClose }: { onToken: (token: Token) => void; onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [kind, setKind] = useState<WordOf<"AgentKind">>("door_controller");
  const [doorIds, setDoorIds] = useState<string[]>([]);
  const invite = async () => {
    const body = { name: name.trim(), kind, door_ids: kind === "station" ? [] : doorIds };
    const made = await bodyOf(api.POST("/api/v1/agents", { body }));
    onToken({ ...made, name: made.agent.name, agentId: made.agent.id });
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

export function Edit({ agent, onClose }: { agent: Agent; onClose: () => void }) {
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
