// What is in force, on every page: threat levels with who set them, since when, and how many doors confirmed.

import LockIcon from "@mui/icons-material/LockOutlined";
import Box from "@mui/material/Box";
import { useQuery } from "@tanstack/react-query";
import { useLocation } from "@tanstack/react-router";
import { queries } from "../api/queries";
import { useOperatorName } from "../api/subjects";
import type { ThreatInForce } from "../api/types";
import { useZone } from "../frame/session";
import { ButtonTo } from "../parts/LinkTo";
import { shortTime } from "../time";
import { w } from "../words";
import { usePlaceName } from "./places";

/** What a level is called, also one that is no longer described. */
export function levelName(threat: { name?: string | null; level: number }): string {
  return threat.name ?? `${w.lockdown.level} ${threat.level}`;
}

export function ThreatBanner() {
  const { data: situation } = useQuery(queries.situation);
  const placeName = usePlaceName();
  const operatorName = useOperatorName();
  const zone = useZone();
  const { pathname } = useLocation();
  const threats = situation?.threat_levels ?? [];
  const say = (threat: ThreatInForce) =>
    `${w.lockdown.inForce(levelName(threat), placeName(threat.place))}, ${w.lockdown.setBy(
      operatorName(threat.operator_id) || w.lockdown.commandLine,
      shortTime(threat.since, zone),
    )}`;
  return (
    <Box component="aside" aria-label={w.lockdown.banner} aria-live="assertive" className="no-print">
      {situation && threats.length > 0 && (
        <Box
          sx={{
            display: "flex",
            alignItems: "center",
            gap: 1.5,
            px: 2,
            py: 0.75,
            bgcolor: "error.main",
            color: "error.contrastText",
            fontWeight: 650,
            // Alarms stand below in the same colour.
            borderBottom: 1,
            borderColor: "error.contrastText",
          }}
        >
          <LockIcon fontSize="small" />
          <Box sx={{ flex: 1, minWidth: 0 }}>
            {threats.map((threat) => (
              <div key={`${threat.place.kind} ${threat.place.id}`}>{say(threat)}</div>
            ))}
          </Box>
          <Box sx={{ whiteSpace: "nowrap" }}>
            {w.lockdown.confirmed(situation.doors.confirmed, situation.doors.all)}
          </Box>
          {pathname !== "/lockdown" && (
            <ButtonTo to="/lockdown" color="inherit" size="small" sx={{ whiteSpace: "nowrap" }}>
              {w.lockdown.show}
            </ButtonTo>
          )}
        </Box>
      )}
    </Box>
  );
}
