// A schedule: the painted week, and the same as a sentence beside it.

import Box from "@mui/material/Box";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, ifMatch, Problem } from "../api/client";
import { queries } from "../api/queries";
import type { Schedule } from "../api/types";
import { FormDialog } from "../parts/FormDialog";
import { RemoveButton } from "../parts/RemoveButton";
import { w } from "../words";
import { WeekGrid } from "./WeekGrid";
import { isPaintable, weekOf, weekSentence, windowsOf } from "./week";

export function ScheduleForm({ schedule, onClose }: { schedule: Schedule | null; onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState(schedule?.name ?? "");
  const [windows, setWindows] = useState(schedule?.windows ?? []);
  // Windows finer than the grid stay as they are until the grid is painted.
  const week = useMemo(() => weekOf(windows), [windows]);
  const [isPainted, setPainted] = useState(isPaintable(windows));
  const changed = () => client.invalidateQueries({ queryKey: queries.schedules.queryKey });
  const save = async () => {
    const body = { name: name.trim(), windows };
    if (schedule === null) await api.POST("/api/v1/schedules", { body });
    else {
      const params = { path: { id: schedule.id }, header: ifMatch(schedule.version) };
      await api.PUT("/api/v1/schedules/{id}", { params, body });
    }
    await changed();
  };
  const remove = async (gone: Schedule) => {
    await api.DELETE("/api/v1/schedules/{id}", {
      params: { path: { id: gone.id }, header: ifMatch(gone.version) },
    });
    await changed();
  };
  return (
    <FormDialog
      title={schedule ? w.schedules.edit(schedule.name) : w.schedules.add}
      submit={w.act.save}
      act={save}
      onClose={onClose}
      width="lg"
      extra={
        schedule && (
          <RemoveButton
            label={w.schedules.deleteTitle(schedule.name)}
            effect={w.schedules.deleteEffect}
            act={() => remove(schedule)}
            onDone={onClose}
          />
        )
      }
    >
      {(error) => (
        <>
          <TextField
            label={w.schedules.name}
            value={name}
            onChange={(event) => setName(event.target.value)}
            error={error instanceof Problem && error.field("name") !== undefined}
            helperText={error instanceof Problem ? error.field("name") : undefined}
            sx={{ maxWidth: 400 }}
            autoFocus
            required
          />
          <WeekGrid
            week={week}
            onChange={(next) => {
              setPainted(true);
              setWindows(windowsOf(next));
            }}
          />
          <Box role="status" sx={{ p: 2, borderRadius: 2, bgcolor: "background.default" }}>
            <Typography sx={{ fontWeight: 650 }}>{weekSentence(windows)}</Typography>
            {!isPainted && (
              <Typography variant="body2" sx={{ color: "text.secondary" }}>
                {w.schedules.finer}
              </Typography>
            )}
          </Box>
        </>
      )}
    </FormDialog>
  );
}
