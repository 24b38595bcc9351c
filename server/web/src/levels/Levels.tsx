// Access levels and the schedules that they use.

import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { queries } from "../api/queries";
import type { AccessLevel, Schedule } from "../api/types";
import { Opens } from "../enrol/GrantForm";
import { useIsAdministrator } from "../frame/session";
import { type Column, DataTable } from "../parts/DataTable";
import { Page } from "../parts/Page";
import { w } from "../words";
import { LevelForm } from "./LevelForm";
import { ScheduleForm } from "./ScheduleForm";
import { weekSentence } from "./week";

export function Levels() {
  const isAdministrator = useIsAdministrator();
  const levels = useQuery(queries.levels);
  const schedules = useQuery(queries.schedules);
  const navigate = useNavigate();
  const { level: levelId, schedule: scheduleId } = useSearch({ from: "/signed-in/levels" });
  const [adding, setAdding] = useState<"level" | "schedule" | null>(null);
  const open = (search: { level?: string; schedule?: string }) =>
    void navigate({ to: "/levels", search, replace: true });
  const level = levels.data?.find((candidate) => candidate.id === levelId);
  const schedule = schedules.data?.find((candidate) => candidate.id === scheduleId);
  const usedBy = (schedule: Schedule) =>
    (levels.data ?? [])
      .filter((level) => level.lines.some((line) => line.schedule_id === schedule.id))
      .map((level) => level.name)
      .join(", ");
  const edit = (name: string, begin: () => void) =>
    isAdministrator && (
      <Button size="small" onClick={begin} aria-label={name}>
        {w.act.edit}
      </Button>
    );
  const levelColumns: Column<AccessLevel>[] = [
    { label: w.levels.name, cell: (level) => <strong>{level.name}</strong>, width: "24%" },
    { label: w.levels.opens, cell: (level) => <Opens level={level} /> },
    {
      label: w.act.actions,
      align: "right",
      cell: (level) => edit(w.levels.edit(level.name), () => open({ level: level.id })),
    },
  ];
  const scheduleColumns: Column<Schedule>[] = [
    { label: w.schedules.name, cell: (schedule) => <strong>{schedule.name}</strong>, width: "24%" },
    { label: w.schedules.grid, cell: (schedule) => weekSentence(schedule.windows) },
    {
      label: w.levels.title,
      cell: (schedule) => {
        const users = usedBy(schedule);
        return users === "" ? w.schedules.unused : w.schedules.usedBy(users);
      },
    },
    {
      label: w.act.actions,
      align: "right",
      cell: (schedule) => edit(w.schedules.edit(schedule.name), () => open({ schedule: schedule.id })),
    },
  ];
  const close = () => {
    setAdding(null);
    open({});
  };
  return (
    <Page
      title={w.levels.title}
      intro={w.levels.intro}
      action={
        isAdministrator && (
          <Button variant="contained" onClick={() => setAdding("level")}>
            {w.levels.add}
          </Button>
        )
      }
    >
      <DataTable
        label={w.levels.title}
        columns={levelColumns}
        rows={levels.data}
        keyOf={(level) => level.id}
        empty={w.levels.empty}
        error={levels.error}
        onRetry={() => levels.refetch()}
      />
      <Stack direction="row" sx={{ justifyContent: "space-between", alignItems: "center" }}>
        <Typography variant="h2">{w.schedules.title}</Typography>
        {isAdministrator && (
          <Button variant="outlined" onClick={() => setAdding("schedule")}>
            {w.schedules.add}
          </Button>
        )}
      </Stack>
      <DataTable
        label={w.schedules.title}
        columns={scheduleColumns}
        rows={schedules.data}
        keyOf={(schedule) => schedule.id}
        empty={w.schedules.empty}
        error={schedules.error}
        onRetry={() => schedules.refetch()}
      />
      {isAdministrator && (adding === "level" || level) && (
        <LevelForm key={level?.version} level={level ?? null} onClose={close} />
      )}
      {isAdministrator && (adding === "schedule" || schedule) && (
        <ScheduleForm key={schedule?.version} schedule={schedule ?? null} onClose={close} />
      )}
    </Page>
  );
}
