// Who is inside, by area: for a roll call on screen or on paper.

import PrintIcon from "@mui/icons-material/PrintOutlined";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import List from "@mui/material/List";
import ListItemButton from "@mui/material/ListItemButton";
import ListItemText from "@mui/material/ListItemText";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useDeferredValue, useState } from "react";
import { api, bodyOf } from "../api/client";
import { queries } from "../api/queries";
import type { MusterArea, MusterPerson } from "../api/types";
import { DoorLink } from "../doors/DoorLink";
import { type Column, DataTable } from "../parts/DataTable";
import { LinkTo } from "../parts/LinkTo";
import { More } from "../parts/More";
import { Empty, Page, Section, Waiting } from "../parts/Page";
import { fullName, Portrait } from "../parts/Portrait";
import { ReasonDialog } from "../parts/ReasonDialog";
import { Trouble } from "../parts/Trouble";
import { When } from "../parts/When";
import { text, w } from "../words";
import { PrintedMuster, usePrint } from "./PrintedMuster";

const PAGE_ROWS = 50;

/** Areas with how many are in each, under their sites. */
function AreaList({ areas, chosen, choose }: { areas: MusterArea[]; chosen?: string; choose: (id?: string) => void }) {
  const { data: sites = [] } = useQuery(queries.sites);
  const { data: names = [] } = useQuery(queries.areas);
  const nameOf = (id: string) => names.find((area) => area.id === id)?.name ?? "";
  const total = areas.reduce((sum, area) => sum + area.persons, 0);
  const entry = (key: string | undefined, name: string, count: string, isEmpty = false) => (
    <ListItemButton
      key={key ?? "all"}
      dense
      selected={chosen === key}
      aria-current={chosen === key ? "true" : undefined}
      onClick={() => choose(key)}
      sx={{ borderRadius: 1 }}
    >
      <ListItemText
        primary={name}
        slotProps={{ primary: { sx: isEmpty ? { color: "text.secondary" } : { fontWeight: 600 } } }}
      />
      <Typography
        variant="body2"
        sx={{ whiteSpace: "nowrap", ml: 1, ...(isEmpty ? { color: "text.secondary" } : { fontWeight: 600 }) }}
      >
        {count}
      </Typography>
    </ListItemButton>
  );
  return (
    // Who is inside stands below on a tablet: many areas must not push it out of sight.
    <List
      component="nav"
      aria-label={w.muster.areas}
      disablePadding
      sx={{ maxHeight: { xs: 260, lg: "calc(100dvh - 320px)" }, minHeight: { lg: 240 }, overflowY: "auto" }}
    >
      {entry(undefined, w.muster.all, w.muster.count(total))}
      {sites.map((site) => {
        const here = areas.filter((area) => area.site_id === site.id);
        if (here.length === 0) return null;
        return (
          <Box key={site.id} sx={{ mt: 1 }}>
            <Typography variant="overline" sx={{ color: "text.secondary", px: 2 }}>
              {site.name}
            </Typography>
            {here
              .toSorted((one, other) => nameOf(one.area_id).localeCompare(nameOf(other.area_id)))
              .map((area) => {
                const most = area.persons_max;
                const count = most ? w.muster.of(area.persons, most) : w.muster.count(area.persons);
                return entry(area.area_id, nameOf(area.area_id), count, area.persons === 0);
              })}
          </Box>
        );
      })}
    </List>
  );
}

function Reset({ area, name }: { area: MusterArea; name: string }) {
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <Button color="error" onClick={() => setAsking(true)} aria-label={w.muster.resetOf(name)}>
        {w.muster.reset}
      </Button>
      {isAsking && (
        <ReasonDialog
          title={w.muster.resetOf(name)}
          effect={w.muster.resetEffect(name, area.persons)}
          submit={w.muster.reset}
          act={async (reason) => {
            await api.POST("/api/v1/areas/{id}/reset", { params: { path: { id: area.area_id } }, body: { reason } });
            await client.invalidateQueries({ queryKey: ["muster"] });
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

function Forgive({ person }: { person: MusterPerson }) {
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const name = fullName(person) ?? w.unnamed(person.person_id);
  return (
    <>
      <Button size="small" onClick={() => setAsking(true)} aria-label={w.muster.forgiveOf(name)}>
        {w.muster.forgive}
      </Button>
      {isAsking && (
        <ReasonDialog
          title={w.muster.forgiveOf(name)}
          effect={w.muster.forgiveEffect}
          submit={w.muster.forgive}
          act={async (reason) => {
            const params = { path: { id: person.person_id } };
            await api.POST("/api/v1/people/{id}/forgive", { params, body: { reason } });
            await client.invalidateQueries({ queryKey: ["muster"] });
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

function Persons({ area, q }: { area?: string; q: string }) {
  const { data: areas = [] } = useQuery(queries.areas);
  const people = useInfiniteQuery({
    queryKey: ["muster", "people", area, q],
    queryFn: ({ pageParam }) => {
      const query = {
        limit: PAGE_ROWS,
        ...(area && { area_id: area }),
        ...(q && { q }),
        ...(pageParam && { cursor: pageParam }),
      };
      return bodyOf(api.GET("/api/v1/muster/people", { params: { query } }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next || undefined,
    placeholderData: keepPreviousData,
  });
  const columns: Column<MusterPerson>[] = [
    {
      label: w.muster.name,
      cell: (person) => (
        <Stack direction="row" spacing={1.5} sx={{ alignItems: "center" }}>
          <Portrait id={person.person_id} name={person.name} hasPhoto={person.has_photo} />
          <LinkTo to="/people/$id" params={{ id: person.person_id }} sx={{ fontWeight: 600 }} color="textPrimary">
            {fullName(person) ?? w.unnamed(person.person_id)}
          </LinkTo>
        </Stack>
      ),
    },
    { label: w.muster.number, cell: (person) => person.number ?? w.none },
    { label: w.muster.area, cell: (person) => areas.find((one) => one.id === person.area_id)?.name ?? "" },
    {
      label: w.muster.lastDoor,
      cell: (person) => (
        <>
          <DoorLink id={person.door_id} />
          {`, ${text("Side", person.side)}`}
        </>
      ),
    },
    { label: w.muster.since, cell: (person) => <When at={person.since} /> },
    { label: w.act.actions, align: "right", cell: (person) => <Forgive person={person} /> },
  ];
  return (
    <Stack spacing={2}>
      <DataTable
        label={w.muster.persons}
        columns={columns}
        rows={people.data?.pages.flatMap((page) => page.items)}
        keyOf={(person) => person.person_id}
        empty={w.muster.empty}
        error={people.error}
        onRetry={() => people.refetch()}
      />
      <More of={people} />
    </Stack>
  );
}

export function Muster() {
  const { area, q = "" } = useSearch({ from: "/signed-in/inside" });
  const navigate = useNavigate();
  const muster = useQuery(queries.muster);
  const { data: names = [] } = useQuery(queries.areas);
  const wanted = useDeferredValue(q.trim());
  const print = usePrint(area);
  const show = (change: { area?: string; q?: string }) => {
    const next = { area, q, ...change };
    void navigate({
      to: "/inside",
      search: { ...(next.area && { area: next.area }), ...(next.q && { q: next.q }) },
      replace: true,
    });
  };
  const chosen = muster.data?.areas.find((candidate) => candidate.area_id === area);
  const chosenName = names.find((candidate) => candidate.id === area)?.name ?? "";
  const count = chosen?.persons ?? muster.data?.persons ?? 0;
  return (
    <>
      <Box className="no-print">
        <Page
          title={w.muster.title}
          intro={w.muster.intro}
          wide
          action={
            <Button
              variant="contained"
              startIcon={<PrintIcon />}
              onClick={print.begin}
              loading={print.read !== null}
              disabled={!muster.data}
            >
              {w.muster.print}
            </Button>
          }
        >
          <Trouble error={muster.error ?? print.error} onRetry={() => muster.refetch()} />
          {print.read !== null && <Typography role="status">{w.muster.preparing(print.read, count)}</Typography>}
          {muster.data?.areas.length === 0 ? (
            <Empty>{w.muster.noAreas}</Empty>
          ) : (
            <Box
              sx={{
                display: "grid",
                gridTemplateColumns: { xs: "minmax(0, 1fr)", lg: "280px minmax(0, 1fr)" },
                gap: 3,
                alignItems: "start",
              }}
            >
              <Section title={w.muster.total(muster.data?.persons ?? 0)}>
                {muster.data ? (
                  <AreaList areas={muster.data.areas} chosen={area} choose={(id) => show({ area: id })} />
                ) : (
                  <Waiting />
                )}
              </Section>
              <Stack spacing={2}>
                <Stack direction="row" spacing={2} sx={{ alignItems: "center" }}>
                  <TextField
                    label={w.muster.search}
                    type="search"
                    value={q}
                    onChange={(event) => show({ q: event.target.value })}
                    sx={{ maxWidth: 400 }}
                  />
                  <Box sx={{ flex: 1 }} />
                  {chosen && <Reset area={chosen} name={chosenName} />}
                </Stack>
                <Persons area={area} q={wanted} />
              </Stack>
            </Box>
          )}
        </Page>
      </Box>
      {print.people && <PrintedMuster people={print.people} at={print.at} onPrinted={print.done} />}
    </>
  );
}
