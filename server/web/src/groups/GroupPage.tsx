// One group: what it is granted, what stops it, and who is in it.

import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { BlockDialog } from "../access/BlockDialog";
import { StandingBlocks } from "../access/Blocks";
import { GrantDialog } from "../access/GrantDialog";
import { Grants } from "../access/Grants";
import { queries } from "../api/queries";
import { useIsAdministrator } from "../frame/session";
import { Page, Section, Waiting } from "../parts/Page";
import { Trouble } from "../parts/Trouble";
import { w } from "../words";
import { GroupForm } from "./GroupForm";
import { Members } from "./Members";

type Doing = "edit" | "grant" | "block" | null;

export function GroupPage() {
  const { id } = useParams({ from: "/signed-in/groups/$id" });
  const client = useQueryClient();
  const isAdministrator = useIsAdministrator();
  const group = useQuery(queries.group(id));
  const [doing, setDoing] = useState<Doing>(null);
  const close = () => setDoing(null);
  const changed = async () => {
    await client.invalidateQueries({ queryKey: ["groups"] });
    void client.invalidateQueries({ queryKey: ["person"] });
  };
  if (group.data === undefined) {
    return (
      <Page title={w.groups.title}>
        {group.error ? <Trouble error={group.error} onRetry={() => group.refetch()} /> : <Waiting lines={10} />}
      </Page>
    );
  }
  const detail = group.data;
  return (
    <Page
      title={detail.name}
      intro={
        <Stack component="span" direction="row" spacing={1} sx={{ alignItems: "center" }}>
          <span>{w.groups.memberCount(detail.member_count)}</span>
          {detail.is_responder && <Chip component="span" label={w.groups.responder} color="info" variant="outlined" />}
        </Stack>
      }
      action={
        isAdministrator && (
          <Stack direction="row" spacing={1}>
            <Button color="error" onClick={() => setDoing("block")}>
              {w.person.block}
            </Button>
            <Button variant="outlined" onClick={() => setDoing("edit")}>
              {w.act.edit}
            </Button>
          </Stack>
        )
      }
    >
      <StandingBlocks blocks={detail.blocks} onChanged={changed} />
      <Section
        title={w.person.access}
        action={
          isAdministrator && (
            <Button size="small" onClick={() => setDoing("grant")}>
              {w.person.addAccess}
            </Button>
          )
        }
      >
        {detail.access.length === 0 && <Typography sx={{ color: "text.secondary" }}>{w.groups.noAccess}</Typography>}
        <Grants
          grants={detail.access}
          onChanged={changed}
          revokeEffect={(doors) => w.groups.revokeEffect(doors, detail.member_count)}
        />
      </Section>
      <Members group={detail} onChanged={changed} />
      {doing === "edit" && <GroupForm key={detail.version} group={detail} onClose={close} />}
      {doing === "grant" && (
        <GrantDialog
          title={w.groups.grantTo(detail.name)}
          to={{ kind: "group", id }}
          onGranted={changed}
          onClose={close}
        />
      )}
      {doing === "block" && (
        <BlockDialog
          title={w.person.blockTitle(detail.name)}
          effect={w.groups.blockEffect(detail.member_count)}
          subject={{ kind: "group", id }}
          onBlocked={changed}
          onClose={close}
        />
      )}
    </Page>
  );
}
