// Doors as they are now, found by filters that stand in the address; their rules, and the momentary release by an operator.

import ClosedIcon from "@mui/icons-material/DoorFrontOutlined";
import UnknownIcon from "@mui/icons-material/HelpOutlineOutlined";
import OpenIcon from "@mui/icons-material/MeetingRoomOutlined";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useDeferredValue, useMemo, useState } from "react";
import { useNames } from "../api/names";
import { queries, useAgentName } from "../api/queries";
import { useHeadline } from "../api/subjects";
import type { Door, DoorSituation, DoorState } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { because } from "../live/sentence";
import { type Column, DataTable } from "../parts/DataTable";
import { Devices } from "../parts/Devices";
import { Page } from "../parts/Page";
import { Trouble } from "../parts/Trouble";
import { useFirst } from "../parts/useFirst";
import { When } from "../parts/When";
import { named, text, w } from "../words";
import { Areas } from "./Areas";
import { DoorFilters } from "./DoorFilters";
import { DoorLink } from "./DoorLink";
import { DoorRule } from "./DoorRule";
import { changed, type DoorFilter, isWanted, type KnownDoor } from "./filter";
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
  const known = positions[state?.position ?? ""];
  const looks = known ?? unknown;
  // Nobody has heard of the door since its controller was last linked.
  const isOld = known !== undefined && state?.agent_state !== "online";
  return (
    <Box
      component="span"
      sx={{ display: "inline-flex", gap: 0.75, alignItems: "center", color: looks.color, fontWeight: 600 }}
    >
      {looks.icon}
      {looks.word}
      {isOld && (
        <Typography component="span" variant="caption" sx={{ color: "text.secondary" }}>
          {w.doors.whenLast}
        </Typography>
      )}
    </Box>
  );
}

export const agentWords = {
  online: w.doors.agentOnline,
  offline: w.doors.agentOffline,
  out_of_use: w.doors.agentOutOfUse,
  none: w.doors.agentNone,
};

export type DoorsSearch = DoorFilter & { door?: string };

/** A long mode goes on in a second line: the column of actions must not be pushed out of a tablet. */
const inLines = { height: "auto", minHeight: 24, "& .MuiChip-label": { whiteSpace: "normal" } } as const;

/** What is not as usual about a door's mode. */
function Mode({ situation }: { situation: DoorSituation | undefined }) {
  if (!situation) return null;
  const { mode, is_free, is_locked_down } = situation;
  return (
    <>
      {mode !== "normal" && <Chip label={text("DoorMode", mode)} variant="outlined" sx={inLines} />}
      {is_free && <Chip label={w.modes.free} color="warning" />}
      {is_locked_down && <Chip label={w.modes.lockedDown} color="error" />}
    </>
  );
}

/** All doors with what is known of each. */
function useKnownDoors() {
  const doors = useQuery(queries.doors);
  const states = useQuery({ ...queries.doorStates, refetchInterval: STATES_INTERVAL_MS });
  const { data: situations } = useQuery({ ...queries.doorSituations, refetchInterval: STATES_INTERVAL_MS });
  const { data: devices } = useQuery({ ...queries.devices, refetchInterval: STATES_INTERVAL_MS });
  const known = useMemo(() => {
    const stateOf = new Map(states.data?.map((state) => [state.door_id, state]));
    const situationOf = new Map(situations?.map((situation) => [situation.door_id, situation]));
    return doors.data?.map(
      (door): KnownDoor => ({
        door,
        state: stateOf.get(door.id),
        situation: situationOf.get(door.id),
        devices: devices?.filter(({ door_id, agent_id }) => door_id === door.id && agent_id === door.agent_id) ?? [],
      }),
    );
  }, [doors.data, states.data, situations, devices]);
  return { doors, states, known };
}

export function Doors() {
  const { door: openDoor, ...filter } = useSearch({ from: "/signed-in/doors" });
  const navigate = useNavigate();
  const isAdministrator = useIsAdministrator();
  const { doors, states, known } = useKnownDoors();
  const { data: sites = [] } = useQuery(queries.sites);
  const { data: areas = [] } = useQuery(queries.areas);
  const agentName = useAgentName();
  const say = useHeadline(useNames([]));
  const [releasing, setReleasing] = useState<Door | null>(null);
  const [sent, setSent] = useState<Sent | null>(null);
  const [isAdding, setAdding] = useState(false);
  const areaNames = useMemo(() => new Map(areas.map((area) => [area.id, area.name])), [areas]);
  const areaName = (id: string) => areaNames.get(id) ?? w.none;
  const search = JSON.stringify(filter);
  const wanted: DoorFilter = JSON.parse(useDeferredValue(search));
  const found = known?.filter((candidate) => isWanted(candidate, wanted, areaName));
  const { first, more } = useFirst(found, search);
  const go = (to: DoorsSearch) => void navigate({ to: "/doors", search: to, replace: true });
  const open = (door: Door | null) => go({ ...filter, ...(door && { door: door.id }) });
  const editing = doors.data?.find((door) => door.id === openDoor);
  const columns: Column<KnownDoor>[] = [
    {
      label: w.doors.name,
      cell: ({ door }) => (
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
      cell: ({ door, state, situation, devices }) => (
        <Stack spacing={0.25} sx={{ alignItems: "flex-start" }}>
          <Position state={state} hasContact={door.has_contact !== false} />
          <Mode situation={situation} />
          {door.agent_id && <Devices devices={devices} />}
        </Stack>
      ),
    },
    {
      label: w.doors.agent,
      cell: ({ door, state: known }) => {
        const state = known?.agent_state ?? "none";
        return (
          <Box sx={{ minWidth: 112 }}>
            <Typography
              variant="body2"
              sx={{ color: state === "online" ? "success.main" : "warning.main", fontWeight: 600 }}
            >
              {named(agentWords, state)}
            </Typography>
            <Typography variant="caption" sx={{ color: "text.secondary" }}>
              {agentName(door.agent_id)}
            </Typography>
            {known?.acceptance && known.acceptance !== "accepted" && (
              <Typography component="div" variant="caption" sx={{ color: "text.secondary" }}>
                {text("AcceptanceState", known.acceptance)}
              </Typography>
            )}
          </Box>
        );
      },
    },
    {
      label: w.doors.lastEvent,
      isWideOnly: "md",
      cell: ({ state }) => {
        const last = state?.last_event;
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
    { label: w.doors.demandsIn, cell: ({ door }) => text("FactorDemand", door.factors_in), isWideOnly: true },
    { label: w.doors.demandsOut, cell: ({ door }) => text("FactorDemand", door.factors_out), isWideOnly: true },
    {
      label: w.act.actions,
      align: "right",
      cell: ({ door, state }) => (
        <Stack direction="row" spacing={1} sx={{ justifyContent: "flex-end" }}>
          {isAdministrator && (
            <Button size="small" onClick={() => open(door)} aria-label={w.doors.edit(door.name)}>
              {w.act.edit}
            </Button>
          )}
          <Button
            size="small"
            variant="outlined"
            disabled={state?.agent_state !== "online"}
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
      <DoorFilters
        filter={filter}
        sites={sites}
        areas={areas}
        onChange={(change) => go(changed(filter, change, areas))}
      />
      <DataTable
        label={w.doors.title}
        columns={columns}
        rows={first}
        keyOf={({ door }) => door.id}
        empty={doors.data?.length ? w.doors.emptySearch : w.doors.empty}
      />
      {found && found.length > 0 && (
        <Stack direction="row" spacing={2} sx={{ alignItems: "center", justifyContent: "center" }}>
          <Typography variant="body2" role="status" sx={{ color: "text.secondary" }}>
            {w.doors.shown(first?.length ?? 0, found.length, known?.length ?? 0)}
          </Typography>
          {more && <Button onClick={more}>{w.act.more}</Button>}
        </Stack>
      )}
      {isAdministrator && <Areas />}
      {releasing && <ReleaseDialog door={releasing} onSent={setSent} onClose={() => setReleasing(null)} />}
      {isAdministrator && editing && <DoorRule key={editing.version} door={editing} onClose={() => open(null)} />}
      {isAdding && <DoorRule door={null} onClose={() => setAdding(false)} />}
    </Page>
  );
}
