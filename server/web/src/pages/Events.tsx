// The log, newest first, by filters that stand in the address; a selected event in detail.

import HiddenIcon from "@mui/icons-material/VisibilityOffOutlined";
import ShownIcon from "@mui/icons-material/VisibilityOutlined";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import MenuItem from "@mui/material/MenuItem";
import Paper from "@mui/material/Paper";
import Stack from "@mui/material/Stack";
import type { Theme } from "@mui/material/styles";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import useMediaQuery from "@mui/material/useMediaQuery";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { api, bodyOf } from "../api/client";
import { useNames } from "../api/names";
import { queries, useAgentName, useDoorName } from "../api/queries";
import { useNamesKnown, useOperatorName } from "../api/subjects";
import type { EventsQuery, LogEvent } from "../api/types";
import { useZone } from "../frame/session";
import { EventDetail } from "../live/EventDetail";
import { personsOf } from "../live/log";
import { CopyableCard, Outcome } from "../live/Row";
import { because, headline, withoutOperator } from "../live/sentence";
import { type Column, DataTable } from "../parts/DataTable";
import { More } from "../parts/More";
import { Page } from "../parts/Page";
import { fullName } from "../parts/Portrait";
import { When } from "../parts/When";
import { WhyButton } from "../rules/Why";
import { instantOf } from "../time";
import { text, w, wordsOf } from "../words";

export type EventsSearch = {
  kind?: string;
  outcome?: string;
  reason?: string;
  door_id?: string;
  agent_id?: string;
  person_id?: string;
  operator_id?: string;
  /** Looks at personal data are many: they are left out unless this is `shown`. */
  looks?: string;
  from?: string;
  until?: string;
  event?: number;
};

const PAGE_ROWS = 50;

/** The address as the API asks; looks are left out unless the address says otherwise. */
export function queryOf(search: EventsSearch, zone: string): EventsQuery {
  const { event: _, looks, from, until, ...rest } = search;
  const fromInstant = from && instantOf(from, zone);
  const untilInstant = until && instantOf(until, zone);
  const instants = { ...(fromInstant && { from: fromInstant }), ...(untilInstant && { until: untilInstant }) };
  // Words of an address may be anything: the server names the one that it does not know.
  return { ...rest, ...instants, ...(looks !== "shown" && { looks: false }) } as EventsQuery;
}

/** Where it happened, or the door that an act is about. */
function doorOf(event: LogEvent): string | null {
  return event.door_id ?? (event.act?.subject_kind === "door" ? (event.act.subject_id ?? null) : null);
}

type Choice = { label: string; name: keyof EventsSearch; options: { value: string; label: string }[] };

export function Events() {
  const search = useSearch({ from: "/signed-in/events" });
  const navigate = useNavigate();
  const zone = useZone();
  const doorName = useDoorName();
  const agentName = useAgentName();
  const operatorName = useOperatorName();
  const { data: operators = [] } = useQuery(queries.operators);
  const { data: doors = [] } = useQuery(queries.doors);
  const { data: agents = [] } = useQuery(queries.agents);
  const query = queryOf(search, zone);
  const events = useInfiniteQuery({
    queryKey: ["events", query],
    queryFn: ({ pageParam }) =>
      bodyOf(
        api.GET("/api/v1/events", {
          params: { query: { ...query, limit: PAGE_ROWS, ...(pageParam && { before: pageParam }) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
  });
  const rows = events.data?.pages.flatMap((page) => page.items);
  const nameOf = useNames([
    ...(rows ?? []).flatMap((event) => personsOf(event).slice(0, 1)),
    ...(search.person_id ? [search.person_id] : []),
  ]);
  // The operator has a place of their own: a column, or a line where there is no room for one.
  const isWide = useMediaQuery((theme: Theme) => theme.breakpoints.up("lg"));
  const inTable = { ...useNamesKnown(nameOf), operator: () => "" };
  const filter = (change: Partial<EventsSearch>) => {
    const next = Object.fromEntries(
      Object.entries({ ...search, ...change }).filter(([, value]) => value !== undefined && value !== ""),
    );
    void navigate({ to: "/events", search: next, replace: true });
  };
  const words = (vocabulary: "EventKind" | "Reason") =>
    wordsOf(vocabulary).map((value) => ({ value, label: text(vocabulary, value) }));
  const choices: Choice[] = [
    { label: w.events.kind, name: "kind", options: words("EventKind") },
    {
      label: w.events.outcome,
      name: "outcome",
      options: [
        { value: "granted", label: w.outcome.granted },
        { value: "refused", label: w.outcome.refused },
      ],
    },
    { label: w.events.reason, name: "reason", options: words("Reason") },
    { label: w.events.door, name: "door_id", options: doors.map((door) => ({ value: door.id, label: door.name })) },
    {
      label: w.events.agent,
      name: "agent_id",
      options: agents.map((agent) => ({ value: agent.id, label: agent.name })),
    },
    {
      label: w.events.operator,
      name: "operator_id",
      options: operators.map((operator) => ({ value: operator.id, label: operator.display_name })),
    },
  ];
  const columns: Column<LogEvent>[] = [
    { label: w.event.at, cell: (event) => <When at={event.at} /> },
    {
      label: w.event.what,
      cell: (event) => (
        <>
          <Outcome entry={{ event, sequel: null }} say={headline(event, inTable)} />
          {!isWide && operatorOf(event) !== w.none && (
            <Typography variant="caption" component="div" sx={{ color: "text.secondary" }}>
              {operatorOf(event)}
            </Typography>
          )}
        </>
      ),
    },
    {
      label: w.event.person,
      cell: (event) => {
        const person = personsOf(event)[0];
        if (!person) return w.none;
        return (
          <>
            {fullName(nameOf(person)) ?? w.unnamed(person)}
            <CopyableCard event={event} />
          </>
        );
      },
    },
    {
      label: w.event.door,
      cell: (event) =>
        [doorName(doorOf(event)), event.side ? text("Side", event.side) : ""]
          .filter((part) => part !== "")
          .join(" · ") || w.none,
    },
    {
      label: w.event.reason,
      cell: (event) => (
        <>
          {because(event) || w.none}{" "}
          <WhyButton
            event={event}
            who={fullName(nameOf(event.person_id ?? "")) ?? w.event.unknownPerson}
            place={doorName(event.door_id)}
          />
        </>
      ),
    },
    { label: w.events.operator, cell: (event) => operatorOf(event), isWideOnly: true },
    { label: w.event.agent, cell: (event) => agentName(event.agent_id) || w.system, isWideOnly: true },
  ];
  const operatorOf = (event: LogEvent) => {
    if (event.operator_id) return operatorName(event.operator_id) || event.operator_id.slice(0, 8);
    return event.act ? withoutOperator(event.act.kind) : w.none;
  };
  const showsLooks = search.looks === "shown";
  const person = search.person_id;
  return (
    <Page title={w.events.title} wide>
      <Stack
        component="section"
        aria-label={w.events.filters}
        direction="row"
        useFlexGap
        spacing={1.5}
        sx={{ flexWrap: "wrap", alignItems: "center" }}
      >
        {choices.map((choice) => (
          <TextField
            key={choice.name}
            select
            label={choice.label}
            value={search[choice.name] ?? ""}
            onChange={(event) => filter({ [choice.name]: event.target.value })}
            sx={{ width: 168 }}
          >
            <MenuItem value="">{w.events.any}</MenuItem>
            {choice.options.map((option) => (
              <MenuItem key={option.value} value={option.value}>
                {option.label}
              </MenuItem>
            ))}
          </TextField>
        ))}
        {(["from", "until"] as const).map((name) => (
          <TextField
            key={name}
            label={w.events[name]}
            type="datetime-local"
            value={search[name] ?? ""}
            onChange={(event) => filter({ [name]: event.target.value })}
            slotProps={{ inputLabel: { shrink: true } }}
            sx={{ width: 200 }}
          />
        ))}
        <Chip
          label={showsLooks ? w.events.looksShown : w.events.looksHidden}
          icon={showsLooks ? <ShownIcon /> : <HiddenIcon />}
          variant={showsLooks ? "filled" : "outlined"}
          color={showsLooks ? "primary" : "default"}
          clickable
          component="button"
          sx={{ px: 0.5 }}
          type="button"
          aria-pressed={showsLooks}
          aria-label={showsLooks ? w.events.looksHide : w.events.looksShow}
          onClick={() => filter({ looks: showsLooks ? undefined : "shown" })}
        />
        {person && (
          <Typography variant="body2">
            {w.events.person}: <strong>{fullName(nameOf(person)) ?? w.unnamed(person)}</strong>
          </Typography>
        )}
        {Object.keys(search).some((name) => name !== "event") && (
          <Button onClick={() => void navigate({ to: "/events", search: {}, replace: true })}>{w.events.clear}</Button>
        )}
      </Stack>
      <Box
        sx={{
          display: "grid",
          gridTemplateColumns:
            search.event === undefined ? "minmax(0, 1fr)" : { xs: "minmax(0, 1fr)", lg: "minmax(0, 1fr) 380px" },
          gap: 2,
          alignItems: "start",
        }}
      >
        <Stack spacing={2}>
          <DataTable
            label={w.events.title}
            columns={columns}
            rows={rows}
            keyOf={(event) => event.position}
            empty={w.events.empty}
            error={events.error}
            onRetry={() => events.refetch()}
            onOpen={(event) => filter({ event: event.position === search.event ? undefined : event.position })}
            isSelected={(event) => event.position === search.event}
          />
          <More of={events} />
        </Stack>
        {search.event !== undefined && (
          <Paper
            variant="outlined"
            component="aside"
            aria-label={w.events.detail}
            sx={{ p: 2.5, position: { lg: "sticky" }, top: 0, order: { xs: -1, lg: 0 } }}
          >
            <EventDetail key={search.event} position={search.event} />
          </Paper>
        )}
      </Box>
    </Page>
  );
}
