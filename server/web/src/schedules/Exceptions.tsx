// Days on which a schedule has other hours than on their like.

import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import type { ScheduleException } from "../api/types";
import { Section } from "../parts/Page";
import { dayText } from "../time";
import { w } from "../words";
import { clockOf, rowsOf, type Span } from "./hours";
import { SpansField } from "./SpansField";

function spansOfDay(exception: ScheduleException): readonly Span[] {
  return rowsOf(exception.windows.map((window) => ({ ...window, days: ["mon"] }))).get("mon") ?? [];
}

type Props = { exceptions: ScheduleException[]; onChange: (exceptions: ScheduleException[]) => void };

export function Exceptions({ exceptions, onChange }: Props) {
  const [day, setDay] = useState("");
  const isThere = exceptions.some((exception) => exception.day === day);
  const put = (changed: ScheduleException) =>
    onChange(
      [...exceptions.filter((exception) => exception.day !== changed.day), changed].toSorted((one, other) =>
        one.day.localeCompare(other.day),
      ),
    );
  return (
    <Section title={w.schedules.exceptions}>
      <Stack spacing={2}>
        <Typography variant="body2" sx={{ color: "text.secondary" }}>
          {w.schedules.exceptionsHelp}
        </Typography>
        {exceptions.map((exception) => (
          <Stack key={exception.day} direction="row" spacing={2} sx={{ alignItems: "flex-start" }}>
            <Typography variant="body2" sx={{ width: 160, pt: 1, fontWeight: 600, flexShrink: 0 }}>
              {dayText(exception.day)}
            </Typography>
            <SpansField
              label={w.schedules.hoursOn(dayText(exception.day))}
              spans={spansOfDay(exception)}
              onChange={(spans) =>
                put({
                  day: exception.day,
                  windows: spans.map(({ from, to }) => ({ from: clockOf(from), to: clockOf(to) })),
                })
              }
              help={exception.windows.length === 0 ? w.schedules.closedDay : undefined}
            />
            <Button
              color="error"
              onClick={() => onChange(exceptions.filter((other) => other.day !== exception.day))}
              aria-label={w.schedules.removeException(dayText(exception.day))}
            >
              {w.act.remove}
            </Button>
          </Stack>
        ))}
        <Stack direction="row" spacing={2} sx={{ alignItems: "flex-start" }}>
          <TextField
            label={w.schedules.exceptionDay}
            type="date"
            value={day}
            onChange={(event) => setDay(event.target.value)}
            error={isThere}
            helperText={isThere ? w.schedules.exceptionThere : undefined}
            slotProps={{ inputLabel: { shrink: true }, htmlInput: { min: "1970-01-01", max: "9999-12-31" } }}
            sx={{ maxWidth: 200 }}
          />
          <Button
            variant="outlined"
            disabled={day === "" || isThere}
            onClick={() => {
              put({ day, windows: [] });
              setDay("");
            }}
          >
            {w.schedules.addException}
          </Button>
        </Stack>
      </Stack>
    </Section>
  );
}
