// What a person was granted, themselves and by their groups, and what blocks them.

import Chip from "@mui/material/Chip";
import Typography from "@mui/material/Typography";
import { StandingBlocks } from "../../access/Blocks";
import { Grants } from "../../access/Grants";
import type { Block } from "../../api/types";
import { useIsAdministrator } from "../../frame/session";
import { ButtonTo } from "../../parts/LinkTo";
import { Section } from "../../parts/Page";
import { w } from "../../words";
import type { OfPerson } from "./Thing";

export function Access({ person, onChanged }: OfPerson) {
  const isAdministrator = useIsAdministrator();
  const groupName = (id: string | null | undefined) => person.groups.find((group) => group.id === id)?.name ?? "";
  return (
    <Section
      title={w.person.access}
      action={
        isAdministrator && (
          <ButtonTo size="small" to="/people/$id/register" params={{ id: person.id }} search={{ step: "access" }}>
            {w.person.addAccess}
          </ButtonTo>
        )
      }
    >
      {person.access.length + person.group_access.length === 0 && (
        <Typography sx={{ color: "text.secondary" }}>{w.person.noAccess}</Typography>
      )}
      <Grants grants={person.access} onChanged={onChanged} revokeEffect={w.person.revokeEffect} />
      <Grants
        grants={person.group_access}
        onChanged={onChanged}
        chip={(grant) => <Chip label={w.groups.by(groupName(grant.group_id))} variant="outlined" />}
        canRevoke={false}
        revokeEffect={w.person.revokeEffect}
      />
    </Section>
  );
}

/** Blocks in force or to come, above everything else. */
export function Blocks({ person, onChanged }: OfPerson) {
  const subject = (block: Block) => {
    if (block.credential_id) {
      const card = person.cards.find((held) => held.id === block.credential_id);
      return w.person.card(card?.label ?? "");
    }
    if (block.group_id) return w.groups.by(person.groups.find((group) => group.id === block.group_id)?.name ?? "");
    return w.blocks.person;
  };
  return <StandingBlocks blocks={[...person.blocks, ...person.group_blocks]} onChanged={onChanged} subject={subject} />;
}
