// How an installer tried a door: when, and step by step.

import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import type { Door, Trial } from "../api/types";
import { type Line, Lines } from "../parts/Lines";
import { ButtonTo } from "../parts/LinkTo";
import { Section, Waiting } from "../parts/Page";
import { Trouble } from "../parts/Trouble";
import { When } from "../parts/When";
import { text, w } from "../words";

const colors: Record<string, string> = { failed: "error.main", skipped: "warning.main" };

/** When it ended, and whether that can be relied on. */
export function TrialEnd({ trial }: { trial: Trial }) {
  return (
    <>
      <When at={trial.at} />
      {!trial.is_time_told && `, ${w.event.trialClock}`}
    </>
  );
}

/** Each step, how it came out, and what the device said it is. */
export function TrialSteps({ trial }: { trial: Trial }) {
  return (
    <Box role="group" aria-label={w.event.trialSteps}>
      <Lines
        lines={trial.steps.map(
          ({ step, outcome, device }): Line => [
            text("TrialStep", step),
            <>
              <Box component="span" sx={{ color: colors[outcome], fontWeight: outcome === "passed" ? undefined : 600 }}>
                {text("TrialOutcome", outcome)}
              </Box>
              {device && ` · ${device}`}
            </>,
          ],
        )}
      />
    </Box>
  );
}

/** Whether a door was accepted at its agent, and how it was tried last. */
export function Acceptance({ door }: { door: Door }) {
  const acceptance = useQuery({
    queryKey: ["door-acceptance", door.id],
    queryFn: () => bodyOf(api.GET("/api/v1/doors/{id}/acceptance", { params: { path: { id: door.id } } })),
  });
  const found = acceptance.data;
  const trial = found?.tried?.trial;
  const lines: Line[] = [];
  if (found) lines.push([w.doors.state, text("AcceptanceState", found.state)]);
  if (trial) lines.push([w.doors.triedAt, <TrialEnd key="tried" trial={trial} />]);
  if (found?.wired_at) lines.push([w.doors.wiredSince, <When key="wired" at={found.wired_at} />]);
  return (
    <Section
      title={w.doors.acceptance}
      action={
        found?.tried && (
          <ButtonTo size="small" to="/events" search={{ door_id: door.id, event: found.tried.position }}>
            {w.doors.toTrial}
          </ButtonTo>
        )
      }
    >
      <Trouble error={acceptance.error} onRetry={() => acceptance.refetch()} />
      {acceptance.isLoading && <Waiting />}
      <Lines lines={lines} />
      {found && found.state !== "accepted" && (
        <Typography variant="body2" sx={{ color: "text.secondary", my: 1.5 }}>
          {w.doors.acceptanceHelp}
        </Typography>
      )}
      {trial && (
        <Box sx={{ mt: 1.5 }}>
          <TrialSteps trial={trial} />
        </Box>
      )}
    </Section>
  );
}
