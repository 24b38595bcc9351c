// What stands around every page: the rail, the top bar, the banner of the mode, and the alarms nobody acknowledged.

import AreasIcon from "@mui/icons-material/AccountTreeOutlined";
import OperatorsIcon from "@mui/icons-material/AdminPanelSettingsOutlined";
import AgentsIcon from "@mui/icons-material/DeveloperBoardOutlined";
import RulesIcon from "@mui/icons-material/GavelOutlined";
import GroupsIcon from "@mui/icons-material/Groups2Outlined";
import InsideIcon from "@mui/icons-material/HowToRegOutlined";
import LevelsIcon from "@mui/icons-material/KeyOutlined";
import LockdownIcon from "@mui/icons-material/LockOutlined";
import DoorsIcon from "@mui/icons-material/MeetingRoomOutlined";
import PeopleIcon from "@mui/icons-material/PeopleAltOutlined";
import EventsIcon from "@mui/icons-material/ReceiptLongOutlined";
import WarningIcon from "@mui/icons-material/ReportProblemOutlined";
import AppsIcon from "@mui/icons-material/SensorDoorOutlined";
import LiveIcon from "@mui/icons-material/SensorsOutlined";
import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Link from "@mui/material/Link";
import List from "@mui/material/List";
import ListItemButton from "@mui/material/ListItemButton";
import ListItemIcon from "@mui/material/ListItemIcon";
import ListItemText from "@mui/material/ListItemText";
import { useQuery } from "@tanstack/react-query";
import { Outlet, Link as RouterLink, useLocation } from "@tanstack/react-router";
import { queries, useAgentName, useDoorName } from "../api/queries";
import { byUrgency, lastRaised } from "../live/log";
import { PreviewBeforeSave } from "../preview/PreviewBeforeSave";
import { ThreatBanner } from "../situation/Banner";
import { RAIL_WIDTH_PX } from "../theme";
import { clockTime } from "../time";
import { named, text, w } from "../words";
import { useFeed, useIsAdministrator, useLiveFeed, useSession, useZone } from "./session";
import { useAlarmSound } from "./sound";
import { TopBar } from "./TopBar";

/** Says on every page that this is no real installation. */
export function ModeBanner({ mode }: { mode: string | undefined }) {
  if (mode === undefined || mode === "production") return null;
  return (
    <Box
      component="aside"
      aria-label={w.mode.label}
      className="no-print"
      sx={{
        bgcolor: "warning.main",
        color: "warning.contrastText",
        px: 2,
        py: 0.5,
        fontSize: "0.8125rem",
        fontWeight: 600,
        textAlign: "center",
      }}
    >
      {named(w.mode.banner, mode)}
    </Box>
  );
}

function Rail() {
  const { mode } = useSession();
  const isAdministrator = useIsAdministrator();
  const { pathname } = useLocation();
  const pages = [
    { to: "/", label: w.nav.live, icon: <LiveIcon /> },
    { to: "/people", label: w.nav.people, icon: <PeopleIcon /> },
    { to: "/groups", label: w.nav.groups, icon: <GroupsIcon /> },
    { to: "/doors", label: w.nav.doors, icon: <DoorsIcon /> },
    { to: "/areas", label: w.areas.nav, icon: <AreasIcon /> },
    { to: "/levels", label: w.nav.levels, icon: <LevelsIcon /> },
    { to: "/rules", label: w.rulesPage.nav, icon: <RulesIcon /> },
    { to: "/inside", label: w.muster.nav, icon: <InsideIcon /> },
    { to: "/lockdown", label: w.lockdown.nav, icon: <LockdownIcon /> },
    { to: "/events", label: w.nav.events, icon: <EventsIcon /> },
    { to: "/agents", label: w.nav.agents, icon: <AgentsIcon /> },
    ...(isAdministrator ? [{ to: "/operators", label: w.nav.operators, icon: <OperatorsIcon /> }] : []),
    ...(mode === "demo" ? [{ to: "/demo", label: w.nav.demo, icon: <AppsIcon /> }] : []),
  ];
  const isHere = (to: string) =>
    (to === "/" ? pathname === "/" : pathname.startsWith(to)) ||
    (to === "/people" && pathname === "/register") ||
    (to === "/levels" && /^\/(schedules|calendars)/.test(pathname));
  return (
    <Box
      component="nav"
      aria-label={w.nav.label}
      className="no-print"
      sx={{
        width: { xs: 64, lg: RAIL_WIDTH_PX },
        flexShrink: 0,
        borderRight: 1,
        borderColor: "divider",
        bgcolor: "background.paper",
        overflowY: "auto",
      }}
    >
      <List component="div" sx={{ p: 1 }}>
        {pages.map((page) => (
          <ListItemButton
            key={page.to}
            component={RouterLink}
            to={page.to}
            selected={isHere(page.to)}
            aria-current={isHere(page.to) ? "page" : undefined}
            aria-label={page.label}
            sx={{
              borderRadius: 2,
              mb: 0.25,
              py: 0.75,
              px: { xs: 1.5, lg: 1.5 },
              "&.Mui-selected": { color: "primary.main" },
              "&.Mui-selected .MuiListItemIcon-root": { color: "primary.main" },
            }}
          >
            <ListItemIcon sx={{ minWidth: { xs: 0, lg: 36 } }}>{page.icon}</ListItemIcon>
            <ListItemText
              primary={page.label}
              sx={{ display: { xs: "none", lg: "block" } }}
              slotProps={{ primary: { sx: { fontWeight: isHere(page.to) ? 650 : 500, fontSize: "0.875rem" } } }}
            />
          </ListItemButton>
        ))}
      </List>
    </Box>
  );
}

function OpenAlarms() {
  const { data } = useQuery(queries.openAlarms);
  const alarms = data?.items ?? [];
  const doorName = useDoorName();
  const agentName = useAgentName();
  const zone = useZone();
  const { pathname } = useLocation();
  const sound = useAlarmSound(alarms.length > 0);
  const newest = alarms.toSorted((one, other) => lastRaised(other).localeCompare(lastRaised(one)))[0];
  const worst = alarms.toSorted(byUrgency)[0];
  const said = newest ? w.live.announced(text("AlarmKind", newest.kind), doorName(newest.door_id)) : "";
  return (
    <>
      <Box
        role="alert"
        sx={{
          position: "absolute",
          // As texts: a bare 1 means all of the width.
          width: "1px",
          height: "1px",
          overflow: "hidden",
          clipPath: "inset(50%)",
          whiteSpace: "nowrap",
        }}
      >
        {said}
      </Box>
      {alarms.length > 0 && (
        <Box
          className="no-print"
          sx={{
            display: "flex",
            alignItems: "center",
            gap: 1.5,
            px: 2,
            py: 0.5,
            bgcolor: "error.main",
            color: "error.contrastText",
          }}
        >
          <WarningIcon fontSize="small" />
          <Box sx={{ fontWeight: 650 }}>{w.alarmsOpen(alarms.length, data?.isMore === true)}</Box>
          <Box sx={{ overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap", flex: 1, minWidth: 0 }}>
            {worst && `${text("AlarmKind", worst.kind)} · ${doorName(worst.door_id) || agentName(worst.agent_id)}`}
          </Box>
          {pathname !== "/" && (
            <Button component={RouterLink} to="/" color="inherit" size="small" sx={{ whiteSpace: "nowrap" }}>
              {w.goToAlarms}
            </Button>
          )}
          {sound.mutedUntil ? (
            <Button color="inherit" size="small" onClick={sound.unmute} sx={{ whiteSpace: "nowrap" }}>
              {w.live.muted(clockTime(sound.mutedUntil, zone))} · {w.live.unmute}
            </Button>
          ) : (
            <Button
              color="inherit"
              size="small"
              onClick={sound.isBlocked ? sound.unmute : sound.mute}
              sx={{ whiteSpace: "nowrap" }}
            >
              {sound.isBlocked ? w.live.soundBlocked : w.live.mute}
            </Button>
          )}
        </Box>
      )}
    </>
  );
}

/** Where people leave by this system alone, a failure can keep them inside: every page says so, and no one dismisses it. */
function StandingWarning() {
  const { data: doors = [] } = useQuery(queries.doors);
  const names = doors.filter((door) => door.exit === "by_system").map((door) => door.name);
  if (names.length === 0) return null;
  return (
    <Box
      component="aside"
      aria-label={w.doors.standingLabel}
      className="no-print"
      sx={{
        display: "flex",
        alignItems: "center",
        gap: 1,
        px: 2,
        py: 0.5,
        borderBottom: 1,
        borderColor: "divider",
        color: "warning.main",
        bgcolor: "background.paper",
        fontSize: "0.8125rem",
        fontWeight: 600,
      }}
    >
      <WarningIcon fontSize="small" />
      <span>{w.doors.standing(names)}</span>
    </Box>
  );
}

function ConnectionBar() {
  const feed = useFeed();
  const live = useLiveFeed();
  const zone = useZone();
  if (feed.connection === "lost" && feed.lostSince) {
    return (
      <Alert severity="warning" variant="outlined" square role="status" className="no-print">
        {w.connection.lostSince(clockTime(feed.lostSince, zone))}
      </Alert>
    );
  }
  if (feed.caughtUp === null) return null;
  return (
    <Alert
      severity="info"
      square
      role="status"
      className="no-print"
      onClose={live.dismissCaughtUp}
      closeText={w.connection.dismiss}
    >
      {w.connection.caughtUp(feed.caughtUp.count, clockTime(feed.caughtUp.lostSince, zone))}
    </Alert>
  );
}

export function Frame() {
  const { mode } = useSession();
  return (
    <Box sx={{ display: "flex", flexDirection: "column", height: "100dvh" }}>
      <Link
        href="#content"
        sx={{
          position: "absolute",
          left: -9999,
          "&:focus": { left: 8, top: 8, zIndex: 2000, bgcolor: "background.paper", p: 1 },
        }}
      >
        {w.skip}
      </Link>
      <Box component="header">
        <ModeBanner mode={mode} />
        <TopBar />
        <ThreatBanner />
        <OpenAlarms />
        <ConnectionBar />
        <StandingWarning />
      </Box>
      <Box sx={{ display: "flex", flex: 1, minHeight: 0 }}>
        <Rail />
        <Box
          component="main"
          id="content"
          tabIndex={-1}
          sx={{ flex: 1, minWidth: 0, overflow: "auto", p: { xs: 1.5, md: 3 }, outline: "none" }}
        >
          <Outlet />
          <PreviewBeforeSave />
        </Box>
      </Box>
    </Box>
  );
}
