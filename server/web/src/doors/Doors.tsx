// Doors as they are now, their rules, and the momentary release by an operator.

import ClosedIcon from "@mui/icons-material/DoorFrontOutlined";
import UnknownIcon from "@mui/icons-material/HelpOutlineOutlined";
import OpenIcon from "@mui/icons-material/MeetingRoomOutlined";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useNames } from "../api/names";
import { queries, useAgentName } from "../api/queries";
import { useHeadline } from "../api/subjects";
import type { Door, DoorState } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { because } from "../live/sentence";
import { type Column, DataTable } from "../parts/DataTable";
import { Devices } from "../parts/Devices";
import { Page } from "../parts/Page";
import { Trouble } from "../parts/Trouble";
import { When } from "../parts/When";
import { named, text, w } from "../words";
import { Areas } from "./Areas";
import { DoorLink } from "./DoorLink";
import { DoorRule } from "./DoorRule";
import { Answer, ReleaseDialog, type Sent } from "./Release";

const STATES_INTERVAL_MS = 15_000;

type Look = { icon: ReactNode; word: string; color: string };

const unknownPosition: Look = {
  icon: <UnknownIcon fontSize="small" />,
  word: w.doors.unknown,
  color: "text.secondary",
};
const positions: Record<string, Look> = {
  open: { icon: <OpenIcon fontSize="small" />, word: w.doors.open, color: "warning.main" },
  closed: { icon: <ClosedIcon fontSize="small" />, word: w.doors.closed, color: "text.primary" },
};

export function Position({ state, hasContact }: { state: DoorState | undefined; hasContact: boolean }) {
  const unknown = hasContact ? unknownPosition : { ...unknownPosition, word: w.doors.noContact };
  const looks = positions[state?.position ?? ""] ?? unknown;
  return (
    <Box
      component="span"
      sx={{ display: "inline-flex", gap: 0.75, alignItems: "center", color: looks.color, fontWeight: 600 }}
    >
      {looks.icon}
      {looks.word}
    </Box>
  );
}

export const agentWords = { online: w.doors.agentOnline, offline: w.doors.agentOffline, none: w.doors.agentNone };

export function Doors() {
  const { door: openDoor } = useSearch({ from: "/signed-in/doors" });
  const navigate = useNavigate();
  const isAdministrator = useIsAdministrator();
  const doors = useQuery(queries.doors);
  const states = useQuery({ ...queries.doorStates, refetchInterval: STATES_INTERVAL_MS });
  const { data: areas = [] } = useQuery(queries.areas);
  const agentName = useAgentName();
  const say = useHeadline(useNames([]));
  const [releasing, setReleasing] = useState<Door | null>(null);
  const [sent, setSent] = useState<Sent | null>(null);
  const [isAdding, setAdding] = useState(false);
  const { data: devices = [] } = useQuery({ ...queries.devices, refetchInterval: STATES_INTERVAL_MS });
  const devicesOf = (door: Door) =>
    devices.filter((device) => device.door_id === door.id && device.agent_id === door.agent_id);
  const stateOf = (door: Door) => states.data?.find((state) => state.door_id === door.id);
  const areaName = (id: string) => areas.find((area) => area.id === id)?.name ?? w.none;
  const open = (door: Door | null) =>
    void navigate({ to: "/doors", search: door ? { door: door.id } : {}, replace: true });
  const editing = doors.data?.find((door) => door.id === openDoor);
  const columns: Column<Door>[] = [
    {
      label: w.doors.name,
      cell: (door) => (
        <Box>
          <Typography component="div" variant="body2">
            <DoorLink id={door.id} />
          </Typography>
          <Typography variant="caption" sx={{ color: "text.secondary" }}>
            {w.doors.leads(areaName(door.area_outside_id), areaName(door.area_inside_id))}
          </Typography>
        </Box>
      ),
    },
    {
      label: w.doors.state,
      cell: (door) => (
        <Stack spacing={0.25} sx={{ alignItems: "flex-start" }}>
          <Position state={stateOf(door)} hasContact={door.has_contact !== false} />
          <Devices devices={devicesOf(door)} />
        </Stack>
      ),
    },
    {
      label: w.doors.agent,
      cell: (door) => {
        const state = stateOf(door)?.agent_state ?? "none";
        return (
          <Box>
            <Typography
              variant="body2"
              sx={{ color: state === "online" ? "success.main" : "warning.main", fontWeight: 600 }}
            >
              {named(agentWords, state)}
            </Typography>
            <Typography variant="caption" sx={{ color: "text.secondary" }}>
              {agentName(door.agent_id)}
            </Typography>
          </Box>
        );
      },
    },
    {
      label: w.doors.lastEvent,
      cell: (door) => {
        const last = stateOf(door)?.last_event;
        if (!last) return w.none;
        return (
          <Box>
            <Typography variant="body2">
              {[say(last), because(last)].filter((part) => part !== "").join(" · ")}
            </Typography>
            <Typography variant="caption" sx={{ color: "text.secondary" }}>
              <When at={last.at} />
            </Typography>
          </Box>
        );
      },
    },
    { label: w.doors.demandsIn, cell: (door) => text("FactorDemand", door.factors_in), isWideOnly: true },
    { label: w.doors.demandsOut, cell: (door) => text("FactorDemand", door.factors_out), isWideOnly: true },
    {
      label: w.act.actions,
      align: "right",
      cell: (door) => (
        <Stack direction="row" spacing={1} sx={{ justifyContent: "flex-end" }}>
          {isAdministrator && (
            <Button size="small" onClick={() => open(door)} aria-label={w.doors.edit(door.name)}>
              {w.act.edit}
            </Button>
          )}
          <Button
            size="small"
            variant="outlined"
            disabled={stateOf(door)?.agent_state !== "online"}
            onClick={() => setReleasing(door)}
            aria-label={w.doors.releaseOf(door.name)}
          >
            {w.doors.release}
          </Button>
        </Stack>
      ),
    },
  ];
  return (
    <Page
      title={w.doors.title}
      wide
      action={
        isAdministrator && (
          <Button variant="contained" onClick={() => setAdding(true)}>
            {w.doors.add}
          </Button>
        )
      }
    >
      <Trouble error={doors.error ?? states.error} onRetry={() => Promise.all([doors.refetch(), states.refetch()])} />
      {sent && <Answer key={sent.commandId} sent={sent} onClose={() => setSent(null)} />}
      <DataTable
        label={w.doors.title}
        columns={columns}
        rows={doors.data}
        keyOf={(door) => door.id}
        empty={w.doors.empty}
      />
      {isAdministrator && <Areas />}
      {releasing && <ReleaseDialog door={releasing} onSent={setSent} onClose={() => setReleasing(null)} />}
      {isAdministrator && editing && <DoorRule key={editing.version} door={editing} onClose={() => open(null)} />}
      {isAdding && <DoorRule door={null} onClose={() => setAdding(false)} />}
    </Page>
  );
}
