// The groups that a person is in.

import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { api, Problem } from "../../api/client";
import type { GroupName } from "../../api/types";
import { useIsAdministrator } from "../../frame/session";
import { FormDialog } from "../../parts/FormDialog";
import { type ChosenGroup, GroupSelect } from "../../parts/GroupSelect";
import { LinkTo } from "../../parts/LinkTo";
import { Section } from "../../parts/Page";
import { previewed } from "../../preview/previewed";
import { ReasonField } from "../../rules/fields";
import { w } from "../../words";
import { type OfPerson, Thing, Things } from "./Thing";

/** Puts people into a group, or takes them out, after what comes of it was looked at. */
export async function changeMembers(group: string, change: { add?: string[]; remove?: string[] }, reason: string) {
  const body = { ...change, ...(reason.trim() && { reason: reason.trim() }) };
  await previewed([{ kind: "group_members", id: group, body }]);
  await api.POST("/api/v1/groups/{id}/members", { params: { path: { id: group } }, body });
}

export function Groups({ person, onChanged }: OfPerson) {
  const isAdministrator = useIsAdministrator();
  const [isAdding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<GroupName | null>(null);
  const [chosen, setChosen] = useState<ChosenGroup | null>(null);
  const [reason, setReason] = useState("");
  const close = () => {
    setAdding(false);
    setLeaving(null);
    setChosen(null);
    setReason("");
  };
  const why = (error: unknown) => (
    <ReasonField value={reason} set={setReason} wrong={error instanceof Problem ? error.field("reason") : undefined} />
  );
  const change = async (group: string, body: { add?: string[]; remove?: string[] }) => {
    await changeMembers(group, body, reason);
    await onChanged();
  };
  return (
    <Section
      title={w.groups.title}
      action={
        isAdministrator && (
          <Button size="small" onClick={() => setAdding(true)}>
            {w.groups.putInto}
          </Button>
        )
      }
    >
      {person.groups.length === 0 && <Typography sx={{ color: "text.secondary" }}>{w.groups.inNone}</Typography>}
      <Things>
        {person.groups.map((group) => (
          <Thing
            key={group.id}
            title={
              <LinkTo to="/groups/$id" params={{ id: group.id }} color="textPrimary">
                {group.name}
              </LinkTo>
            }
            chips={group.is_responder && <Chip label={w.groups.responder} color="info" variant="outlined" />}
            action={
              isAdministrator && (
                <Button
                  size="small"
                  color="error"
                  onClick={() => setLeaving(group)}
                  aria-label={w.groups.takeOutOf(group.name)}
                >
                  {w.groups.takeOut}
                </Button>
              )
            }
          />
        ))}
      </Things>
      {isAdding && (
        <FormDialog
          title={w.groups.putInto}
          submit={w.groups.put}
          act={async () => chosen && change(chosen.id, { add: [person.id] })}
          onClose={close}
          canSubmit={chosen !== null}
        >
          {(error) => (
            <>
              <GroupSelect
                label={w.groups.group}
                group={chosen}
                onChange={setChosen}
                without={person.groups.map((group) => group.id)}
              />
              {why(error)}
            </>
          )}
        </FormDialog>
      )}
      {leaving && (
        <FormDialog
          title={w.groups.takeOutOf(leaving.name)}
          submit={w.groups.takeOut}
          act={() => change(leaving.id, { remove: [person.id] })}
          onClose={close}
          danger
        >
          {(error) => (
            <>
              <Typography>{w.groups.takeOutEffect}</Typography>
              {why(error)}
            </>
          )}
        </FormDialog>
      )}
    </Section>
  );
}
