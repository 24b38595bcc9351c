// Reader and sensor of a place: hold what is in the hand to them, or take it back.

import CardIcon from "@mui/icons-material/BadgeOutlined";
import ReaderIcon from "@mui/icons-material/ContactlessOutlined";
import FingerprintIcon from "@mui/icons-material/Fingerprint";
import Box from "@mui/material/Box";
import ButtonBase from "@mui/material/ButtonBase";
import Stack from "@mui/material/Stack";
import { type DragEvent, type ReactNode, useState } from "react";
import { w } from "../words";
import { Keypad } from "./Keypad";
import { type Command, labelOf, type Place, type World } from "./world";

/** A card or finger that was picked up. */
export type Hand = { kind: "card" | "finger"; name: string } | null;

type Act = (...commands: Command[]) => void;

type SpotProps = {
  label: string;
  what: string;
  icon: ReactNode;
  holds: string | null;
  isWanted: boolean;
  isBroken: boolean;
  onUse: () => void;
};

function Spot({ label, what, icon, holds, isWanted, isBroken, onUse }: SpotProps) {
  const [isOver, setOver] = useState(false);
  const drag = (event: DragEvent, over: boolean) => {
    event.preventDefault();
    setOver(over);
  };
  return (
    <ButtonBase
      aria-label={label}
      title={label}
      onClick={onUse}
      onDragOver={(event) => drag(event, true)}
      onDragLeave={(event) => drag(event, false)}
      onDrop={(event) => {
        drag(event, false);
        onUse();
      }}
      sx={{
        flex: 1,
        minWidth: 0,
        flexDirection: "column",
        gap: 0.5,
        px: 0.5,
        py: 0.5,
        minHeight: 56,
        borderRadius: 2,
        border: 2,
        borderStyle: isWanted && holds === null ? "dashed" : "solid",
        borderColor: isOver || isWanted ? "primary.main" : isBroken ? "error.main" : "divider",
        bgcolor: holds !== null || isOver ? "action.selected" : "background.default",
        fontSize: "0.75rem",
        fontWeight: 600,
        "&:hover": { borderColor: "primary.main" },
      }}
    >
      {icon}
      <Box
        component="span"
        sx={{ maxWidth: "100%", overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }}
      >
        {holds ?? what}
      </Box>
    </ButtonBase>
  );
}

type Props = { world: World; place: Place; what?: string; hand: Hand; act: Act; onUsed: () => void };

export function Station({ world, place, what = w.demo.reader, hand, act, onUsed }: Props) {
  const reader = world.readers.find((candidate) => candidate.name === place.reader);
  const sensor = world.sensors.find((candidate) => candidate.name === place.sensor);
  const card = world.cards.find((candidate) => candidate.name === reader?.card);
  const finger = world.fingers.find((candidate) => candidate.name === sensor?.finger);
  const name = labelOf(place);
  const hasCard = hand?.kind === "card";
  const hasFinger = hand?.kind === "finger";
  const remove = { do: "remove", at: place.name };
  const lift = { do: "lift", at: place.name };
  const useReader = () => {
    if (hasCard) {
      const tap = { do: "tap", at: place.name, card: hand.name };
      if (reader?.card) act(remove, tap);
      else act(tap);
      onUsed();
    } else if (reader?.card) act(remove);
  };
  const useSensor = () => {
    if (hasFinger) {
      const put = { do: "finger", at: place.name, finger: hand.name };
      if (sensor?.finger) act(lift, put);
      else act(put);
      onUsed();
    } else if (sensor?.finger) act(lift);
  };
  const keypad = world.keypads.find((candidate) => candidate.name === place.keypad);
  return (
    <Stack direction="row" useFlexGap spacing={1} sx={{ flexWrap: "wrap" }}>
      {reader && (
        <Spot
          label={reader.card && !hasCard ? w.demo.takeBack(name) : w.demo.holdTo(name)}
          what={what}
          icon={reader.card ? <CardIcon color="primary" /> : <ReaderIcon />}
          holds={reader.card && (card ? labelOf(card) : reader.card)}
          isWanted={hasCard}
          isBroken={!world.pcscd || (reader.fault ?? "none") !== "none"}
          onUse={useReader}
        />
      )}
      {sensor && (
        <Spot
          label={sensor.finger && !hasFinger ? w.demo.lift(name) : w.demo.placeOn(name)}
          what={w.demo.sensor}
          icon={<FingerprintIcon color={sensor.finger ? "primary" : "inherit"} />}
          holds={sensor.finger && (finger ? labelOf(finger) : sensor.finger)}
          isWanted={hasFinger}
          isBroken={!sensor.is_plugged || sensor.fault !== "none"}
          onUse={useSensor}
        />
      )}
      {keypad && (
        <Keypad name={name} isPlugged={keypad.is_plugged} press={(keys) => act({ do: "type", at: place.name, keys })} />
      )}
    </Stack>
  );
}

/** What can go wrong at a place, as commands with their names. */
export function troublesOf(world: World, place: Place): { label: string; command: Command }[] {
  const sensor = world.sensors.find((candidate) => candidate.name === place.sensor);
  const reader = world.readers.find((candidate) => candidate.name === place.reader);
  const at = place.name;
  const name = labelOf(place);
  const found: { label: string; command: Command }[] = [];
  if (sensor) {
    const fault = (word: string) => ({ do: "sensor", at, fault: word });
    if (!sensor.is_plugged) found.push({ label: w.demo.plugSensor(name), command: fault("plug") });
    else if (sensor.fault !== "none") found.push({ label: w.demo.healSensor(name), command: fault("none") });
    else {
      found.push({ label: w.demo.unplugSensor(name), command: fault("unplug") });
      found.push({ label: w.demo.hangSensor(name), command: fault("hang") });
      found.push({ label: w.demo.misreadSensor(name), command: fault("misread") });
    }
  }
  const keypad = world.keypads.find((candidate) => candidate.name === place.keypad);
  if (keypad) {
    const plug = (plugged: boolean) => ({ do: "keypad", at, plugged });
    if (keypad.is_plugged) found.push({ label: w.demo.unplugKeypad(name), command: plug(false) });
    else found.push({ label: w.demo.plugKeypad(name), command: plug(true) });
  }
  if (reader) {
    const isWell = (reader.fault ?? "none") === "none";
    const [label, fault] = isWell ? [w.demo.hangReader(name), "hang"] : [w.demo.healReader(name), "none"];
    found.push({ label, command: { do: "reader", at, fault } });
  }
  return found;
}
