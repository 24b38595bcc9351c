// Granting an access level for a time, with what it opens beside it. No end only with a reason.

import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { PeriodFields, useTypedPeriod } from "../access/PeriodFields";
import { api, Problem } from "../api/client";
import { queries } from "../api/queries";
import { Opens } from "../levels/Opens";
import { Trouble } from "../parts/Trouble";
import { previewed } from "../preview/previewed";
import { w } from "../words";
import { useOpen } from "./leaving";

/** Who is to hold a level. */
export type GrantTo = { kind: "person" | "group"; id: string };

type Props = {
  to: GrantTo;
  onGranted: () => void;
  /** The level that is chosen at first. */
  proposed?: string | undefined;
};

export function GrantForm({ to, onGranted, proposed = "" }: Props) {
  const { data: levels = [], error } = useQuery(queries.levels);
  const [levelId, setLevelId] = useState(proposed);
  const period = useTypedPeriod(null);
  const level = levels.find((candidate) => candidate.id === levelId);
  const grant = useMutation({
    mutationFn: async () => {
      const no_end_reason = period.hasNoEnd ? period.reason.trim() : null;
      const body = { level_id: levelId, ...period.taken(), no_end_reason };
      const params = { path: { id: to.id } };
      if (to.kind === "person") {
        await previewed([{ kind: "grant_create", id: to.id, body }]);
        await api.POST("/api/v1/people/{id}/grants", { params, body });
      } else {
        await previewed([{ kind: "group_grant_create", id: to.id, body }]);
        await api.POST("/api/v1/groups/{id}/grants", { params, body });
      }
    },
    onSuccess: () => {
      setLevelId("");
      period.change({ hasNoEnd: false, reason: "" });
      onGranted();
    },
  });
  const wrong = (field: string) => (grant.error instanceof Problem ? grant.error.field(field) : undefined);
  const canGrant = level !== undefined && period.isWhole && (!period.hasNoEnd || period.reason.trim() !== "");
  useOpen(
    "grant",
    level === undefined
      ? null
      : {
          kind: "ask",
          text: canGrant ? w.wizard.leaveGrant(level.name) : w.wizard.leaveGrantIncomplete(level.name),
          act: canGrant ? { label: w.wizard.leaveGrantAct, run: () => grant.mutateAsync() } : undefined,
          without: w.wizard.leaveGrantWithout,
        },
  );
  return (
    <Stack direction={{ xs: "column", md: "row" }} spacing={4}>
      <Stack spacing={2.5} sx={{ flex: 1, maxWidth: 520 }}>
        <Trouble error={error} />
        <TextField
          select
          label={w.wizard.level}
          value={level ? levelId : ""}
          onChange={(event) => setLevelId(event.target.value)}
          required
        >
          {levels.map((candidate) => (
            <MenuItem key={candidate.id} value={candidate.id}>
              {candidate.name}
            </MenuItem>
          ))}
        </TextField>
        <PeriodFields period={period} wrong={wrong} noEnd={w.wizard.noEnd} needsReason />
        <Trouble error={grant.error} />
        <Button
          variant="contained"
          disabled={!canGrant}
          loading={grant.isPending}
          onClick={() => grant.mutate()}
          sx={{ alignSelf: "flex-start" }}
        >
          {w.wizard.grant}
        </Button>
      </Stack>
      <Box sx={{ flex: 1 }} aria-live="polite">
        <Typography variant="h2" sx={{ mb: 1 }}>
          {w.wizard.opens}
        </Typography>
        {level ? (
          <Opens level={level} />
        ) : (
          <Typography sx={{ color: "text.secondary" }}>{w.wizard.opensNothing}</Typography>
        )}
      </Box>
    </Stack>
  );
}
