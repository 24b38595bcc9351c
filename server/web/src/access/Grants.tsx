// Grants as a list: what is held, from when until when, changing that, and taking it back.

import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import Stack from "@mui/material/Stack";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api } from "../api/client";
import { queries } from "../api/queries";
import type { Grant } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { Opens } from "../levels/Opens";
import { doorsOf, usePlan } from "../levels/places";
import { Thing, Things } from "../pages/person/Thing";
import { ReasonDialog } from "../parts/ReasonDialog";
import { When } from "../parts/When";
import { previewed } from "../preview/previewed";
import { text, w } from "../words";
import { useAskedFor } from "./asked";
import { GrantPeriod } from "./PeriodDialog";

export const isOver = (state: string) => state === "ended" || state === "revoked";

type Props = {
  grants: Grant[];
  onChanged: () => Promise<void>;
  /** Beside a grant, such as the group that it comes from. */
  chip?: (grant: Grant) => ReactNode;
  /** Whether grants can be taken back here, or given another period. */
  canRevoke?: boolean;
  /** What taking back a grant that held so many doors does. */
  revokeEffect: (doors: number) => string;
};

export function Grants({ grants, onChanged, chip, canRevoke = true, revokeEffect }: Props) {
  const isAdministrator = useIsAdministrator();
  const plan = usePlan();
  const { data: levels = [] } = useQuery(queries.levels);
  const [revoking, setRevoking] = useState<Grant | null>(null);
  const [chosen, choose] = useState<Grant | null>(null);
  const [asked, forget] = useAskedFor();
  const canChange = isAdministrator && canRevoke;
  const isAsked = (grant: Grant) => grant.id === asked && grant.state !== "revoked";
  const changing = canChange ? (chosen ?? grants.find(isAsked)) : undefined;
  const levelOf = (grant: Grant) => levels.find((level) => level.id === grant.level_id);
  const nameOf = (grant: Grant) => levelOf(grant)?.name ?? grant.level_id.slice(0, 8);
  const countOf = (grant: Grant) => doorsOf(levelOf(grant)?.lines.flatMap((line) => line.places) ?? [], plan).length;
  return (
    <>
      <Things>
        {grants.map((grant) => {
          const level = levelOf(grant);
          return (
            <Thing
              key={grant.id}
              title={nameOf(grant)}
              chips={
                <>
                  <Chip
                    label={text("GrantState", grant.state)}
                    color={grant.state === "current" ? "success" : "default"}
                    variant="outlined"
                  />
                  {chip?.(grant)}
                </>
              }
              action={
                canChange &&
                grant.state !== "revoked" && (
                  <Stack direction="row" spacing={1}>
                    <Button
                      size="small"
                      onClick={() => choose(grant)}
                      aria-label={w.person.grantPeriodTitle(nameOf(grant))}
                    >
                      {w.person.changePeriod}
                    </Button>
                    {!isOver(grant.state) && (
                      <Button
                        size="small"
                        color="error"
                        onClick={() => setRevoking(grant)}
                        aria-label={w.person.revokeTitle(nameOf(grant))}
                      >
                        {w.person.revoke}
                      </Button>
                    )}
                  </Stack>
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
      {changing && (
        <GrantPeriod
          key={`${changing.id} ${changing.version}`}
          grant={changing}
          level={nameOf(changing)}
          onChanged={onChanged}
          onClose={() => {
            choose(null);
            forget();
          }}
        />
      )}
      {revoking && (
        <ReasonDialog
          title={w.person.revokeTitle(nameOf(revoking))}
          effect={revokeEffect(countOf(revoking))}
          submit={w.person.revoke}
          act={async (reason) => {
            const body = { reason };
            await previewed([{ kind: "grant_revoke", id: revoking.id, body }]);
            await api.POST("/api/v1/grants/{id}/revoke", { params: { path: { id: revoking.id } }, body });
            await onChanged();
          }}
          onClose={() => setRevoking(null)}
        />
      )}
    </>
  );
}
