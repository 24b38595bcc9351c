// Every schedule, as a sentence, and what goes by it.

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { queries } from "../api/queries";
import type { Schedule } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { RulesTabs } from "../levels/RulesTabs";
import { type Column, DataTable } from "../parts/DataTable";
import { ButtonTo, LinkTo } from "../parts/LinkTo";
import { Page } from "../parts/Page";
import { w } from "../words";
import { scheduleSentence } from "./hours";

export function Schedules() {
  const isAdministrator = useIsAdministrator();
  const navigate = useNavigate();
  const schedules = useQuery(queries.schedules);
  const { data: levels = [] } = useQuery(queries.levels);
  const { data: types = [] } = useQuery(queries.dayTypes);
  const usedBy = (schedule: Schedule) =>
    levels
      .filter((level) => level.lines.some((line) => line.schedule_id === schedule.id))
      .map((level) => level.name)
      .join(", ");
  const columns: Column<Schedule>[] = [
    {
      label: w.schedules.name,
      width: "24%",
      cell: (schedule) => (
        <LinkTo to="/schedules/$id" params={{ id: schedule.id }} sx={{ fontWeight: 600 }} color="textPrimary">
          {schedule.name}
        </LinkTo>
      ),
    },
    { label: w.schedules.grid, cell: (schedule) => scheduleSentence(schedule, types) },
    {
      label: w.levels.title,
      width: "24%",
      cell: (schedule) => {
        const users = usedBy(schedule);
        return users === "" ? w.schedules.unused : users;
      },
    },
  ];
  return (
    <Page
      title={w.schedules.title}
      intro={w.schedules.intro}
      action={
        isAdministrator && (
          <ButtonTo variant="contained" to="/schedules/$id" params={{ id: "new" }}>
            {w.schedules.add}
          </ButtonTo>
        )
      }
    >
      <RulesTabs at="/schedules" />
      <DataTable
        label={w.schedules.title}
        columns={columns}
        rows={schedules.data}
        keyOf={(schedule) => schedule.id}
        empty={w.schedules.empty}
        error={schedules.error}
        onRetry={() => schedules.refetch()}
        onOpen={(schedule) => void navigate({ to: "/schedules/$id", params: { id: schedule.id } })}
      />
    </Page>
  );
}
