// How devices are, as their agents reported them last: what does not work by name, the rest in a word.

import Typography from "@mui/material/Typography";
import type { DeviceHealth } from "../api/types";
import { text, w } from "../words";

/** A device by kind and side: "Card reader, in". */
function nameOf(device: DeviceHealth): string {
  const side = device.side ? text("Side", device.side) : "";
  return [text("Device", device.device), side].filter((part) => part !== "").join(", ");
}

export function Devices({ devices }: { devices: readonly DeviceHealth[] }) {
  const broken = devices.filter((device) => device.state !== "working");
  if (broken.length === 0) {
    return (
      <Typography variant="caption" sx={{ color: "text.secondary" }}>
        {devices.length === 0 ? w.devices.silent : w.devices.allWork(devices.length)}
      </Typography>
    );
  }
  return broken.map((device) => (
    <Typography
      key={`${device.door_id} ${device.device} ${device.side}`}
      variant="caption"
      component="div"
      sx={{ color: "error.main", fontWeight: 600 }}
    >
      {`${nameOf(device)}: ${text("DeviceState", device.state)}`}
    </Typography>
  ));
}
