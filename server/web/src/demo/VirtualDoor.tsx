// The virtual door: real readers, sensors and controllers, simulated metal. Only in a demo.

import TroubleIcon from "@mui/icons-material/BoltOutlined";
import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import IconButton from "@mui/material/IconButton";
import Menu from "@mui/material/Menu";
import MenuItem from "@mui/material/MenuItem";
import Paper from "@mui/material/Paper";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { useNames } from "../api/names";
import { useAgentName, useDoorName } from "../api/queries";
import { useHeadline } from "../api/subjects";
import { useFeed, useZone } from "../frame/session";
import { personsOf } from "../live/log";
import { CopyableCard, Outcome } from "../live/Row";
import { because } from "../live/sentence";
import { Page, usePageTitle, Waiting } from "../parts/Page";
import { fullName, Portrait } from "../parts/Portrait";
import { clockTime } from "../time";
import { text, w } from "../words";
import { DoorPicture, lampColours } from "./DoorPicture";
import { Hand } from "./Hand";
import { type Hand as Held, Station, troublesOf } from "./Station";
import { type Command, doorsInOrder, labelOf, useCommand, useWorld, type World, type WorldDoor } from "./world";

const FEED_ROWS = 40;
/** Room for the page's name and the log beside it, which stay in sight: three rows of the log. */
const HEAD_PX = 132;
const GAP_PX = 16;
/** What stands above this page: the mark of a demo, the frame's bar, an alarm, and some room. */
const FRAME_PX = 150;
/** Doors that are scrolled away are not seen above what stays in sight, in the page's own margin. */
const MARGIN_COVERED = "0 -24px 0 var(--mui-palette-background-default)";
/** From here on there is room for what is in one's hand beside the doors, and for the log beside the page's name. */
const ROOMY = "@media (min-width: 720px)";

type Act = (...commands: Command[]) => void;

function Troubles({ label, items, act }: { label: string; items: { label: string; command: Command }[]; act: Act }) {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  return (
    <>
      <IconButton
        size="small"
        aria-label={label}
        aria-haspopup="menu"
        onClick={(event) => setAnchor(event.currentTarget)}
      >
        <TroubleIcon fontSize="small" />
      </IconButton>
      <Menu anchorEl={anchor} open={anchor !== null} onClose={() => setAnchor(null)}>
        {items.map((item) => (
          <MenuItem
            key={item.label}
            dense
            onClick={() => {
              act(item.command);
              setAnchor(null);
            }}
          >
            {item.label}
          </MenuItem>
        ))}
      </Menu>
    </>
  );
}

type DoorProps = { world: World; door: WorldDoor; hand: Held; act: Act; onUsed: () => void };

const watchedInputs = ["reader_tamper", "sensor_tamper", "fire", "mains_lost", "battery_low", "zone_1"];

function Door({ world, door, hand, act, onUsed }: DoorProps) {
  const name = labelOf(door);
  const places = world.places.filter((place) => place.door === door.name);
  const lamps: Record<string, string> = w.demo.lamp;
  const states = [
    door.is_open ? w.demo.open : w.demo.closed,
    ...(door.is_energised ? [w.demo.released] : []),
    ...(door.was_forced ? [w.demo.forced] : []),
  ];
  const tamper = (isOn: boolean) => ({ do: "tamper", door: door.name, tampered: isOn });
  const troubles = [
    { label: w.demo.tamper(name), command: tamper(true) },
    { label: w.demo.untamper(name), command: tamper(false) },
    ...(door.has_watched ? watchedInputs : []).map((input) => {
      const isOn = door.watched?.includes(input) ?? false;
      const word = text("InputKind", input);
      const command = { do: "input", door: door.name, input, active: !isOn };
      return { label: isOn ? w.event.inputAtRest(word) : word, command };
    }),
    ...places.flatMap((place) => troublesOf(world, place)),
  ];
  return (
    <Paper variant="outlined" component="section" aria-label={name} sx={{ px: 2, py: 1.5, borderRadius: 2 }}>
      <Stack direction="row" sx={{ alignItems: "center", justifyContent: "space-between", mb: 0.5 }}>
        <Box sx={{ minWidth: 0 }}>
          <Typography variant="h2" noWrap>
            {name}
          </Typography>
          <Typography variant="caption" role="status" sx={{ color: door.was_forced ? "error.main" : "text.secondary" }}>
            {states.join(" · ")}
          </Typography>
        </Box>
        <Troubles label={`${w.demo.trouble}: ${name}`} items={troubles} act={act} />
      </Stack>
      {door.hint && (
        <Typography variant="body2" sx={{ color: "text.secondary", mb: 1 }}>
          {door.hint}
        </Typography>
      )}
      <Stack direction="row" spacing={1.5} sx={{ alignItems: "flex-start" }}>
        <DoorPicture door={door} />
        <Stack spacing={1} sx={{ flex: 1, minWidth: 0, justifyContent: "space-between" }}>
          <Box
            role="status"
            aria-label={lamps[door.light] ?? door.light}
            sx={{
              bgcolor: "#10151f",
              color: "#dfe9ff",
              borderRadius: 1.5,
              px: 1.25,
              py: 1,
              minHeight: 56,
              fontFamily: "ui-monospace, monospace",
              fontSize: "0.8125rem",
              borderLeft: 5,
              borderLeftColor: lampColours[door.light] ?? lampColours.off,
              overflowWrap: "anywhere",
            }}
          >
            {door.line}
          </Box>
          {places.map((place, index) => (
            <Station
              key={place.name}
              world={world}
              place={place}
              what={index === 0 ? w.demo.reader : w.demo.readerInside}
              hand={hand}
              act={act}
              onUsed={onUsed}
            />
          ))}
          <Stack direction="row" useFlexGap spacing={0.5} sx={{ flexWrap: "wrap" }}>
            <Button
              size="small"
              variant={door.is_energised && !door.is_open ? "contained" : "outlined"}
              color={door.is_energised && !door.is_open ? "success" : "primary"}
              onClick={() => act({ do: "push", door: door.name })}
              aria-label={w.demo.push(name)}
            >
              {w.demo.pushShort}
            </Button>
            <Button
              size="small"
              variant="outlined"
              disabled={!door.is_open}
              onClick={() => act({ do: "close", door: door.name })}
              aria-label={w.demo.close(name)}
            >
              {w.demo.closeShort}
            </Button>
            {/* A handle opens the door itself; a button only asks for it. */}
            <Button
              size="small"
              onClick={() =>
                act(
                  { do: "rex", door: door.name, pressed: true },
                  ...(door.is_rex_mechanical ? [{ do: "push", door: door.name }] : []),
                  { do: "rex", door: door.name, pressed: false },
                )
              }
              aria-label={door.is_rex_mechanical ? w.demo.handle(name) : w.demo.rex(name)}
            >
              {door.is_rex_mechanical ? w.demo.handleShort : w.demo.rexShort}
            </Button>
            <Button
              size="small"
              color="error"
              onClick={() => act({ do: "force", door: door.name })}
              aria-label={w.demo.force(name)}
            >
              {w.demo.forceShort}
            </Button>
          </Stack>
        </Stack>
      </Stack>
    </Paper>
  );
}

function FeedBeside() {
  const { events } = useFeed();
  const zone = useZone();
  const doorName = useDoorName();
  const agentName = useAgentName();
  // Beside the doors a silent alarm is kept as silent as at them: it is on Live.
  const shown = events
    .filter((event) => event.kind !== "act")
    .slice(0, FEED_ROWS)
    .map((event) => ({ ...event, alarms: event.alarms.filter((alarm) => alarm !== "duress") }));
  const nameOf = useNames(shown.flatMap((event) => personsOf(event).slice(0, 1)));
  const say = useHeadline(nameOf);
  return (
    <Paper
      variant="outlined"
      component="section"
      aria-label={w.demo.feed}
      tabIndex={0}
      // Whoever pushes a door far down sees what came of it all the same.
      sx={{
        borderRadius: 2,
        overflow: "auto",
        height: HEAD_PX,
        position: "sticky",
        top: 0,
        zIndex: 2,
        boxShadow: MARGIN_COVERED,
        [ROOMY]: { position: "static", boxShadow: "none" },
      }}
    >
      <Typography variant="h2" sx={{ px: 1.5, pt: 0.5, fontSize: "0.8125rem" }}>
        {w.demo.feed}
      </Typography>
      <Box component="ul" sx={{ m: 0, p: 0, listStyle: "none" }}>
        {shown.map((event) => {
          const person = personsOf(event)[0];
          const named = person ? nameOf(person) : undefined;
          const where = doorName(event.door_id) || agentName(event.agent_id);
          const rest = [where, event.side ? text("Side", event.side) : "", because(event)].filter(
            (part) => part !== "",
          );
          return (
            <Stack
              key={event.position}
              component="li"
              direction="row"
              spacing={1}
              sx={{
                px: 1.5,
                py: 0.25,
                minHeight: 34,
                borderTop: 1,
                borderColor: "divider",
                alignItems: "center",
                fontSize: "0.8125rem",
                lineHeight: 1.3,
              }}
            >
              <Box component="time" dateTime={event.at} sx={{ color: "text.secondary", width: 58, flexShrink: 0 }}>
                {clockTime(event.at, zone)}
              </Box>
              <Box sx={{ width: 26, flexShrink: 0 }}>
                {person && <Portrait id={person} name={named?.name} hasPhoto={named?.has_photo} size={26} />}
              </Box>
              <Box sx={{ maxWidth: "40%", flexShrink: 0 }}>
                <Outcome entry={{ event, sequel: null }} say={say(event)} />
              </Box>
              <Box sx={{ minWidth: 0, flex: 1, overflowWrap: "anywhere" }}>
                {person && <strong>{fullName(named) ?? w.unnamed(person)} · </strong>}
                {rest.join(" · ")}
                <CopyableCard event={event} />
              </Box>
            </Stack>
          );
        })}
      </Box>
    </Paper>
  );
}

export function VirtualDoor() {
  const { world, isLost } = useWorld();
  const { act, refused, clear } = useCommand();
  const [hand, setHand] = useState<Held>(null);
  usePageTitle(w.demo.title);
  if (world === null) {
    return (
      <Page title={w.demo.title} intro={w.demo.intro} wide>
        {isLost ? <Alert severity="warning">{w.demo.noWorld}</Alert> : <Waiting lines={8} />}
      </Page>
    );
  }
  const desks = world.places.filter((place) => !place.door);
  const service = world.pcscd
    ? { label: w.demo.killPcscd, command: { do: "kill_pcscd" } }
    : { label: w.demo.startPcscd, command: { do: "start_pcscd" } };
  return (
    <Stack useFlexGap sx={{ gap: `${GAP_PX}px` }}>
      <Box
        sx={{
          display: "contents",
          [ROOMY]: {
            display: "grid",
            gridTemplateColumns: "minmax(232px, 1fr) minmax(0, 2.2fr)",
            gap: 2,
            alignItems: "start",
            position: "sticky",
            top: 0,
            zIndex: 2,
            bgcolor: "background.default",
            boxShadow: MARGIN_COVERED,
            pb: `${GAP_PX}px`,
            mb: `-${GAP_PX}px`,
          },
        }}
      >
        <Box>
          <Typography variant="h1">{w.demo.title}</Typography>
          <Typography variant="body2" sx={{ color: "text.secondary", my: 0.5 }}>
            {w.demo.intro}
          </Typography>
          <Button
            size="small"
            color={world.pcscd ? "secondary" : "error"}
            variant="outlined"
            onClick={() => act(service.command)}
          >
            {service.label}
          </Button>
        </Box>
        <FeedBeside />
      </Box>
      {isLost && <Alert severity="warning">{w.demo.noWorld}</Alert>}
      {refused !== null && (
        <Alert severity="info" onClose={clear} closeText={w.act.close}>
          {refused === "locked" ? w.demo.locked : w.demo.said(refused)}
        </Alert>
      )}
      <Box
        sx={{
          display: "grid",
          gridTemplateColumns: "minmax(0, 1fr)",
          [ROOMY]: { gridTemplateColumns: "minmax(0, 1fr) clamp(264px, 31vw, 400px)" },
          gap: `${GAP_PX}px`,
          alignItems: "start",
        }}
      >
        <Box
          component="section"
          aria-label={w.demo.doors}
          sx={{ display: "grid", gridTemplateColumns: "repeat(auto-fill, minmax(min(270px, 100%), 1fr))", gap: 2 }}
        >
          {doorsInOrder(world).map((door) => (
            <Door key={door.name} world={world} door={door} hand={hand} act={act} onUsed={() => setHand(null)} />
          ))}
        </Box>
        <Stack
          spacing={1.5}
          sx={{
            [ROOMY]: {
              position: "sticky",
              top: HEAD_PX + GAP_PX,
              maxHeight: `calc(100dvh - ${FRAME_PX + HEAD_PX + GAP_PX}px)`,
              overflow: "auto",
            },
          }}
        >
          <Hand world={world} hand={hand} onPick={setHand} />
          {desks.map((place) => (
            <Paper
              key={place.name}
              variant="outlined"
              component="section"
              aria-label={labelOf(place)}
              sx={{ px: 1.5, pt: 1, pb: 1.5, borderRadius: 2, flexShrink: 0 }}
            >
              <Stack direction="row" sx={{ justifyContent: "space-between", alignItems: "center", mb: 0.5 }}>
                <Typography variant="h2">{labelOf(place)}</Typography>
                <Troubles label={`${w.demo.trouble}: ${labelOf(place)}`} items={troublesOf(world, place)} act={act} />
              </Stack>
              <Station world={world} place={place} hand={hand} act={act} onUsed={() => setHand(null)} />
            </Paper>
          ))}
        </Stack>
      </Box>
    </Stack>
  );
}
