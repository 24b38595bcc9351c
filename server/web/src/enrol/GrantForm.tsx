// Granting an access level for a time, with what it opens beside it. No end only with a reason.

import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Checkbox from "@mui/material/Checkbox";
import FormControlLabel from "@mui/material/FormControlLabel";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, Problem } from "../api/client";
import { queries } from "../api/queries";
import { useZone } from "../frame/session";
import { Opens } from "../levels/Opens";
import { Trouble } from "../parts/Trouble";
import { previewed } from "../preview/previewed";
import { instantOf, wallOf } from "../time";
import { w } from "../words";
import { useOpen } from "./leaving";

/** How long a grant lasts unless said otherwise, in days. */
const DEFAULT_DAYS = 90;
const DAY_MS = 86_400_000;

/** Who is to hold a level. */
export type GrantTo = { kind: "person" | "group"; id: string };

type Props = {
  to: GrantTo;
  onGranted: () => void;
  /** The level that is chosen at first. */
  proposed?: string | undefined;
};

export function GrantForm({ to, onGranted, proposed = "" }: Props) {
  const zone = useZone();
  const { data: levels = [], error } = useQuery(queries.levels);
  const [levelId, setLevelId] = useState(proposed);
  const [from, setFrom] = useState(() => wallOf(new Date(), zone));
  const [until, setUntil] = useState(() => wallOf(new Date(Date.now() + DEFAULT_DAYS * DAY_MS), zone));
  const [hasNoEnd, setNoEnd] = useState(false);
  const [why, setWhy] = useState("");
  const level = levels.find((candidate) => candidate.id === levelId);
  const grant = useMutation({
    mutationFn: async () => {
      const validFrom = instantOf(from, zone);
      const validUntil = hasNoEnd ? null : instantOf(until, zone);
      const body = {
        level_id: levelId,
        valid_from: validFrom ?? new Date().toISOString(),
        valid_until: validUntil,
        no_end_reason: hasNoEnd ? why.trim() : null,
      };
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
      setNoEnd(false);
      setWhy("");
      onGranted();
    },
  });
  const wrong = (field: string) => (grant.error instanceof Problem ? grant.error.field(field) : undefined);
  const canGrant = level !== undefined && from !== "" && (hasNoEnd ? why.trim() !== "" : until !== "");
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
        <Stack direction="row" spacing={2}>
          <TextField
            label={w.wizard.from}
            type="datetime-local"
            value={from}
            onChange={(event) => setFrom(event.target.value)}
            slotProps={{ inputLabel: { shrink: true } }}
            error={wrong("valid_from") !== undefined}
            helperText={wrong("valid_from")}
          />
          <TextField
            label={w.wizard.until}
            type="datetime-local"
            value={hasNoEnd ? "" : until}
            onChange={(event) => setUntil(event.target.value)}
            disabled={hasNoEnd}
            slotProps={{ inputLabel: { shrink: true } }}
            error={wrong("valid_until") !== undefined}
            helperText={wrong("valid_until")}
          />
        </Stack>
        <FormControlLabel
          control={<Checkbox size="small" checked={hasNoEnd} onChange={(_, isOn) => setNoEnd(isOn)} />}
          label={w.wizard.noEnd}
        />
        {hasNoEnd && (
          <TextField
            label={w.wizard.noEndReason}
            value={why}
            onChange={(event) => setWhy(event.target.value)}
            required
          />
        )}
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
