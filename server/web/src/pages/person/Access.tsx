// What a person was granted, and what blocks them.

import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import { queries } from "../../api/queries";
import type { Block, Grant } from "../../api/types";
import { Opens } from "../../enrol/GrantForm";
import { useIsAdministrator } from "../../frame/session";
import { ButtonTo } from "../../parts/LinkTo";
import { Section } from "../../parts/Page";
import { ReasonDialog } from "../../parts/ReasonDialog";
import { When } from "../../parts/When";
import { text, w } from "../../words";
import { type OfPerson, Thing, Things } from "./Thing";

const isOver = (state: string) => state === "ended" || state === "revoked";

export function Access({ person, onChanged }: OfPerson) {
  const isAdministrator = useIsAdministrator();
  const { data: levels = [] } = useQuery(queries.levels);
  const [revoking, setRevoking] = useState<Grant | null>(null);
  const levelOf = (grant: Grant) => levels.find((level) => level.id === grant.level_id);
  const nameOf = (grant: Grant) => levelOf(grant)?.name ?? grant.level_id.slice(0, 8);
  const doorsOf = (grant: Grant) => new Set(levelOf(grant)?.lines.flatMap((line) => line.door_ids)).size;
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
      {person.access.length === 0 && <Typography sx={{ color: "text.secondary" }}>{w.person.noAccess}</Typography>}
      <Things>
        {person.access.map((grant) => {
          const level = levelOf(grant);
          return (
            <Thing
              key={grant.id}
              title={nameOf(grant)}
              chips={
                <Chip
                  label={text("GrantState", grant.state)}
                  color={grant.state === "current" ? "success" : "default"}
                  variant="outlined"
                />
              }
              action={
                isAdministrator &&
                !isOver(grant.state) && (
                  <Button
                    size="small"
                    color="error"
                    onClick={() => setRevoking(grant)}
                    aria-label={w.person.revokeTitle(nameOf(grant))}
                  >
                    {w.person.revoke}
                  </Button>
                )
              }
            >
              <When at={grant.valid_from} />
              {" – "}
              {grant.valid_until ? <When at={grant.valid_until} /> : w.person.noEnd(grant.no_end_reason ?? "")}
              {level && !isOver(grant.state) && <Opens level={level} />}
            </Thing>
          );
        })}
      </Things>
      {revoking && (
        <ReasonDialog
          title={w.person.revokeTitle(nameOf(revoking))}
          effect={w.person.revokeEffect(doorsOf(revoking))}
          submit={w.person.revoke}
          act={(reason) =>
            api
              .POST("/api/v1/grants/{id}/revoke", { params: { path: { id: revoking.id } }, body: { reason } })
              .then(onChanged)
          }
          onClose={() => setRevoking(null)}
        />
      )}
    </Section>
  );
}

/** Blocks in force or to come, above everything else. */
export function Blocks({ person, onChanged }: OfPerson) {
  const isAdministrator = useIsAdministrator();
  const [lifting, setLifting] = useState<Block | null>(null);
  const standing = person.blocks.filter((block) => !isOver(block.state));
  if (standing.length === 0) return null;
  return (
    <Stack spacing={1}>
      {standing.map((block) => (
        <Alert
          key={block.id}
          severity="error"
          variant="outlined"
          action={
            isAdministrator && (
              <Button color="inherit" size="small" onClick={() => setLifting(block)}>
                {w.person.lift}
              </Button>
            )
          }
        >
          <strong>{text("Reason", "blocked")}</strong> · {block.reason} · <When at={block.valid_from} />
          {block.valid_until && (
            <>
              {" – "}
              <When at={block.valid_until} />
            </>
          )}
        </Alert>
      ))}
      {lifting && (
        <ReasonDialog
          title={w.person.liftTitle}
          effect={w.person.liftEffect}
          submit={w.person.lift}
          danger={false}
          act={(reason) =>
            api
              .POST("/api/v1/blocks/{id}/lift", { params: { path: { id: lifting.id } }, body: { reason } })
              .then(onChanged)
          }
          onClose={() => setLifting(null)}
        />
      )}
    </Stack>
  );
}
