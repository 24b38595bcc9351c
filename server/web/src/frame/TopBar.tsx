// The top bar: site and its time, search, connection, who is signed in.

import CloudIcon from "@mui/icons-material/CloudDoneOutlined";
import CloudOffIcon from "@mui/icons-material/CloudOffOutlined";
import SyncIcon from "@mui/icons-material/Sync";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import Select from "@mui/material/Select";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useMutation, useQuery } from "@tanstack/react-query";
import { api } from "../api/client";
import { queries } from "../api/queries";
import { clockTime, dateOf } from "../time";
import { text, w } from "../words";
import { leave } from "./leave";
import { Search } from "./Search";
import { useFeed, useNow, useSession, useSite, useZone } from "./session";

function SiteClock() {
  const { site, choose } = useSite();
  const zone = useZone();
  const now = useNow();
  const { data: sites = [] } = useQuery(queries.sites);
  const name = site?.name ?? "";
  return (
    <Stack direction="row" spacing={1.5} sx={{ alignItems: "center", minWidth: 0 }}>
      {sites.length > 1 ? (
        <Select
          value={site?.id ?? ""}
          onChange={(event) => choose(event.target.value)}
          inputProps={{ "aria-label": w.top.site }}
          variant="standard"
          disableUnderline
          sx={{ fontWeight: 600 }}
        >
          {sites.map((candidate) => (
            <MenuItem key={candidate.id} value={candidate.id}>
              {candidate.name}
            </MenuItem>
          ))}
        </Select>
      ) : (
        <Typography noWrap sx={{ fontWeight: 600, flexShrink: 0 }}>
          {name}
        </Typography>
      )}
      <Typography
        component="time"
        variant="body2"
        title={w.top.siteTime(name)}
        sx={{ color: "text.secondary", whiteSpace: "nowrap", display: { xs: "none", md: "block" }, lineHeight: 1.3 }}
      >
        {dateOf(now, zone)} {clockTime(now, zone)}{" "}
        <Box component="span" sx={{ display: { xs: "block", lg: "inline" } }}>
          {zone}
        </Box>
      </Typography>
    </Stack>
  );
}

function Connection() {
  const { connection } = useFeed();
  const looks = {
    live: { icon: <CloudIcon fontSize="small" />, color: "success.main" },
    connecting: { icon: <SyncIcon fontSize="small" />, color: "text.secondary" },
    catching_up: { icon: <SyncIcon fontSize="small" />, color: "text.secondary" },
    lost: { icon: <CloudOffIcon fontSize="small" />, color: "error.main" },
  }[connection];
  return (
    <Stack
      direction="row"
      spacing={0.75}
      role="status"
      sx={{ alignItems: "center", color: looks.color, fontWeight: 600, fontSize: "0.875rem", whiteSpace: "nowrap" }}
    >
      {looks.icon}
      <span>{w.connection[connection]}</span>
    </Stack>
  );
}

export function TopBar() {
  const { operator, tenant } = useSession();
  const signOut = useMutation({ mutationFn: () => api.DELETE("/api/v1/session"), onSettled: leave });
  return (
    <Stack
      direction="row"
      spacing={2}
      className="no-print"
      sx={{
        alignItems: "center",
        px: 2,
        py: 1,
        borderBottom: 1,
        borderColor: "divider",
        bgcolor: "background.paper",
        minHeight: 56,
      }}
    >
      <Box component="img" src="/assets/icon.svg" alt="" sx={{ width: 28, height: 28 }} />
      <Typography
        sx={{
          fontWeight: 700,
          letterSpacing: "-0.02em",
          fontSize: "1.0625rem",
          display: { xs: "none", lg: "block" },
          width: 128,
        }}
      >
        {w.product}
      </Typography>
      <SiteClock />
      <Box sx={{ flex: 1 }} />
      <Search />
      <Connection />
      <Box sx={{ textAlign: "right", display: { xs: "none", md: "block" } }}>
        <Typography variant="body2" noWrap aria-label={w.top.account(operator.display_name)} sx={{ fontWeight: 600 }}>
          {operator.display_name}
        </Typography>
        <Typography variant="caption" noWrap sx={{ color: "text.secondary", display: "block" }}>
          {text("Role", operator.role)} · {tenant.name}
        </Typography>
      </Box>
      <Button
        variant="outlined"
        color="secondary"
        size="small"
        onClick={() => signOut.mutate()}
        sx={{ whiteSpace: "nowrap" }}
      >
        {w.top.signOut}
      </Button>
    </Stack>
  );
}
