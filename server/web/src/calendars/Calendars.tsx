// Every calendar, the sites that go by it, and what the tenant calls its day types.

import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { queries } from "../api/queries";
import type { CalendarSummary } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { RulesTabs } from "../levels/RulesTabs";
import { type Column, DataTable } from "../parts/DataTable";
import { ButtonTo, LinkTo } from "../parts/LinkTo";
import { Page } from "../parts/Page";
import { w } from "../words";
import { DayTypes } from "./DayTypes";

const columns: Column<CalendarSummary>[] = [
  {
    label: w.calendars.name,
    cell: (calendar) => (
      <LinkTo to="/calendars/$id" params={{ id: calendar.id }} sx={{ fontWeight: 600 }} color="textPrimary">
        {calendar.name}
      </LinkTo>
    ),
  },
  { label: w.calendars.days, cell: (calendar) => calendar.day_count, align: "right", width: 120 },
  {
    label: w.calendars.sites,
    cell: (calendar) => (calendar.sites.length === 0 ? w.calendars.noSites : calendar.sites.join(", ")),
  },
];

export function Calendars() {
  const isAdministrator = useIsAdministrator();
  const navigate = useNavigate();
  const calendars = useQuery(queries.calendars);
  return (
    <Page
      title={w.calendars.title}
      intro={w.calendars.intro}
      action={
        isAdministrator && (
          <ButtonTo variant="contained" to="/calendars/$id" params={{ id: "new" }}>
            {w.calendars.add}
          </ButtonTo>
        )
      }
    >
      <RulesTabs at="/calendars" />
      <DataTable
        label={w.calendars.title}
        columns={columns}
        rows={calendars.data}
        keyOf={(calendar) => calendar.id}
        empty={w.calendars.empty}
        error={calendars.error}
        onRetry={() => calendars.refetch()}
        onOpen={(calendar) => void navigate({ to: "/calendars/$id", params: { id: calendar.id } })}
      />
      <DayTypes />
    </Page>
  );
}
