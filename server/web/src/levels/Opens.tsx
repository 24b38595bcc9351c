// What an access level opens, line by line.

import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { queries } from "../api/queries";
import type { AccessLevel } from "../api/types";
import { scheduleSentence } from "../schedules/hours";
import { text, w } from "../words";
import { placesSentence, usePlan } from "./places";

export function Opens({ level }: { level: AccessLevel }) {
  const plan = usePlan();
  const { data: schedules = [] } = useQuery(queries.schedules);
  const { data: types = [] } = useQuery(queries.dayTypes);
  const hoursOf = (id: string | null | undefined) => {
    if (!id) return w.levels.always;
    const schedule = schedules.find((candidate) => candidate.id === id);
    return schedule ? scheduleSentence(schedule, types) : "";
  };
  return (
    <Box component="ul" sx={{ m: 0, pl: 2.5 }}>
      {level.lines.map((line) => (
        <Typography component="li" variant="body2" key={JSON.stringify(line)}>
          <strong>{placesSentence(line.places, plan)}</strong>
          {` · ${text("Sides", line.side)} · ${hoursOf(line.schedule_id)}`}
          {line.factors && ` · ${w.levels.demands(text("FactorDemand", line.factors))}`}
        </Typography>
      ))}
    </Box>
  );
}
