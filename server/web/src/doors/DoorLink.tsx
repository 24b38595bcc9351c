// A door's name that leads to its page, with the mark of a door that people leave by this system.

import WarningIcon from "@mui/icons-material/WarningAmberOutlined";
import Chip from "@mui/material/Chip";
import Tooltip from "@mui/material/Tooltip";
import { useQuery } from "@tanstack/react-query";
import { queries, useDoorName } from "../api/queries";
import { LinkTo } from "../parts/LinkTo";
import { w } from "../words";

/** Says that a failure of this system can keep people inside. */
export function BySystemMark() {
  return (
    <Tooltip title={w.doors.bySystemHelp}>
      <Chip icon={<WarningIcon />} label={w.doors.bySystem} color="warning" variant="outlined" tabIndex={0} />
    </Tooltip>
  );
}

export function DoorLink({ id }: { id: string }) {
  const doorName = useDoorName();
  const { data: doors } = useQuery(queries.doors);
  const isBySystem = doors?.find((door) => door.id === id)?.exit === "by_system";
  return (
    <>
      <LinkTo to="/doors/$id" params={{ id }} sx={{ fontWeight: 600, mr: isBySystem ? 1 : 0 }}>
        {doorName(id)}
      </LinkTo>
      {isBySystem && <BySystemMark />}
    </>
  );
}
