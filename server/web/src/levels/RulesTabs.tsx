// What belongs together on three pages: who may pass where, at which hours, and which days are no common ones.

import Box from "@mui/material/Box";
import { ButtonTo } from "../parts/LinkTo";
import { w } from "../words";

const pages = [
  { to: "/levels", label: w.levels.title },
  { to: "/schedules", label: w.schedules.title },
  { to: "/calendars", label: w.calendars.title },
] as const;

export function RulesTabs({ at }: { at: (typeof pages)[number]["to"] }) {
  return (
    <Box component="nav" aria-label={w.levels.tabs} sx={{ display: "flex", borderBottom: 1, borderColor: "divider" }}>
      {pages.map(({ to, label }) => (
        <ButtonTo
          key={to}
          to={to}
          aria-current={to === at ? "page" : undefined}
          color={to === at ? "primary" : "secondary"}
          sx={{
            borderRadius: 0,
            px: 2,
            mb: "-1px",
            borderBottom: 2,
            borderColor: to === at ? "primary.main" : "transparent",
          }}
        >
          {label}
        </ButtonTo>
      ))}
    </Box>
  );
}
