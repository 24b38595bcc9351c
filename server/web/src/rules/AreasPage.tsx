// Areas as a map of boxes with the doors between them, and the rules of the one that is chosen. A large site is a list beside a map at
// a glance, and the chosen area among its neighbours.

import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { queries } from "../api/queries";
import type { Area, Door } from "../api/types";
import { DoorLink } from "../doors/DoorLink";
import { useIsAdministrator, useSite } from "../frame/session";
import { Lines } from "../parts/Lines";
import { ButtonTo } from "../parts/LinkTo";
import { Empty, Page, Section, Waiting } from "../parts/Page";
import { Trouble } from "../parts/Trouble";
import { text, w } from "../words";
import { AreaForm } from "./AreaForm";
import { AreaList } from "./AreaList";
import { around, layout } from "./layout";
import { MapOfAreas } from "./MapOfAreas";

/** As many areas are read on one map with all that is said of them. */
const AREAS_AT_ONCE = 12;
/** A map of more columns needs the page's whole width. */
const COLUMNS_BESIDE = 3;

/** How list, map and detail stand to each other. */
const shapes = {
  large: { columns: "300px minmax(0, 1fr)", areas: '"list map" "detail map"' },
  beside: { columns: "minmax(0, 1fr) 360px", areas: '"map detail"' },
  tall: { columns: "minmax(0, 1fr)", areas: '"map" "detail"' },
};

export type AreasSearch = { site?: string; area?: string; from?: string; to?: string; q?: string };

/** What holds in an area, as sentences. */
export function rulesOf(area: Area): string[] {
  const rules: string[] = [];
  if (area.anti_passback === "timed")
    rules.push(`${w.areas.antiPassback}: ${w.areas.timed(area.anti_passback_s ?? 0)}`);
  else if (area.anti_passback !== "off") {
    rules.push(`${w.areas.antiPassback}: ${text("AntiPassbackKind", area.anti_passback)}`);
  }
  if (area.persons_max) rules.push(w.areas.most(area.persons_max));
  if (area.two_person_s) rules.push(w.areas.pair(area.two_person_s));
  return rules;
}

function DoorList({ title, doors }: { title: string; doors: Door[] }) {
  if (doors.length === 0) return null;
  return (
    <Box>
      <Typography variant="h3">{title}</Typography>
      <Box component="ul" sx={{ m: 0, pl: 2.5, maxHeight: 260, overflowY: "auto" }}>
        {doors.map((door) => (
          <li key={door.id}>
            <DoorLink id={door.id} />
          </li>
        ))}
      </Box>
    </Box>
  );
}

function Chosen({ area, doors }: { area: Area; doors: Door[] }) {
  const isAdministrator = useIsAdministrator();
  const { data: muster } = useQuery(queries.muster);
  const [isEditing, setEditing] = useState(false);
  const inside = muster?.areas.find((candidate) => candidate.area_id === area.id);
  const rules = rulesOf(area);
  return (
    <Section
      title={area.name}
      action={
        isAdministrator && (
          <Button
            onClick={() => setEditing(true)}
            aria-label={w.areas.edit(area.name)}
            sx={{ whiteSpace: "nowrap", flexShrink: 0 }}
          >
            {w.areas.editShort}
          </Button>
        )
      }
    >
      <Stack spacing={2}>
        <Lines
          lines={[
            [w.areas.rules, rules.length === 0 ? w.areas.noRules : rules.join(". ")],
            [
              w.muster.title,
              inside ? (
                <ButtonTo key="inside" size="small" to="/inside" search={{ area: area.id }} sx={{ p: 0 }}>
                  {inside.persons_max
                    ? w.areas.insideOf(inside.persons, inside.persons_max)
                    : w.areas.inside(inside.persons)}
                </ButtonTo>
              ) : (
                w.areas.outside
              ),
            ],
          ]}
        />
        <DoorList title={w.areas.leadsHere} doors={doors.filter((door) => door.area_inside_id === area.id)} />
        <DoorList title={w.areas.leadsAway} doors={doors.filter((door) => door.area_outside_id === area.id)} />
      </Stack>
      {isEditing && <AreaForm key={area.version} area={area} onClose={() => setEditing(false)} />}
    </Section>
  );
}

export function AreasPage() {
  const search = useSearch({ from: "/signed-in/areas" });
  const navigate = useNavigate();
  const { site: siteHere } = useSite();
  const { data: sites = [] } = useQuery(queries.sites);
  const areas = useQuery(queries.areas);
  const doors = useQuery(queries.doors);
  const chosen = areas.data?.find((area) => area.id === search.area);
  const siteId = search.site ?? chosen?.site_id ?? siteHere?.id;
  const site = sites.find((candidate) => candidate.id === siteId);
  const here = areas.data?.filter((area) => area.site_id === siteId) ?? [];
  const between = (doors.data ?? []).filter(
    (door) => door.area_outside_id === search.from && door.area_inside_id === search.to,
  );
  const nameOf = (id?: string) => here.find((area) => area.id === id)?.name ?? "";
  const doorsHere = (doors.data ?? []).filter((door) => door.site_id === siteId);
  const isLarge = here.length > AREAS_AT_ONCE;
  const near = isLarge && chosen?.site_id === siteId ? chosen : undefined;
  const map = near ? around(here, doorsHere, near.id) : layout(here, doorsHere);
  const shape = isLarge ? shapes.large : map.columns > COLUMNS_BESIDE ? shapes.tall : shapes.beside;
  const show = ({ q = search.q ?? "", ...change }: AreasSearch) => {
    const kept = { ...(search.site && { site: search.site }), ...(q && { q }) };
    void navigate({ to: "/areas", search: { ...kept, ...change }, replace: true });
  };
  return (
    <Page
      title={w.areas.title}
      intro={w.areas.intro}
      wide
      action={
        sites.length > 1 && (
          <TextField
            select
            label={w.doors.site}
            value={siteId ?? ""}
            onChange={(event) => void navigate({ to: "/areas", search: { site: event.target.value } })}
            sx={{ width: 240 }}
          >
            {sites.map((candidate) => (
              <MenuItem key={candidate.id} value={candidate.id}>
                {candidate.name}
              </MenuItem>
            ))}
          </TextField>
        )
      }
    >
      <Trouble error={areas.error ?? doors.error} onRetry={() => Promise.all([areas.refetch(), doors.refetch()])} />
      {areas.data === undefined || doors.data === undefined ? (
        <Waiting lines={8} />
      ) : here.length === 0 ? (
        <Empty>{w.areas.empty}</Empty>
      ) : (
        <Box
          sx={{
            display: "grid",
            gridTemplateColumns: { xs: "minmax(0, 1fr)", lg: shape.columns },
            gridTemplateAreas: { xs: `${isLarge ? '"list" ' : ""}${shapes.tall.areas}`, lg: shape.areas },
            gridTemplateRows: { lg: isLarge ? "auto 1fr" : undefined },
            gap: 2,
            alignItems: "start",
          }}
        >
          {isLarge && (
            <Box sx={{ gridArea: "list" }}>
              <AreaList
                areas={here}
                doors={doorsHere}
                q={search.q ?? ""}
                chosen={chosen?.id}
                onSearch={(q) => show({ q, ...(chosen && { area: chosen.id }) })}
                onChoose={(area) => show({ area })}
              />
            </Box>
          )}
          <Stack spacing={1.5} sx={{ gridArea: "map", minWidth: 0 }}>
            {near && (
              <Stack direction="row" spacing={2} sx={{ alignItems: "center", justifyContent: "space-between" }}>
                <Typography variant="body2" sx={{ color: "text.secondary" }}>
                  {w.areas.near(near.name)}
                </Typography>
                <Button size="small" onClick={() => show({})}>
                  {w.areas.whole}
                </Button>
              </Stack>
            )}
            {!map.boxes.some((box) => box.isOutside) && !near && (
              <Typography variant="body2" sx={{ color: "text.secondary" }}>
                {w.areas.noOutside}
              </Typography>
            )}
            <MapOfAreas
              label={near ? w.areas.near(near.name) : w.areas.map(site?.name ?? "")}
              map={map}
              look={near ? "near" : isLarge ? "glance" : "all"}
              chosen={search}
              onArea={(id) => show({ area: id })}
              onLink={(from, to) => show(near ? { area: near.id, from, to } : { from, to })}
            />
          </Stack>
          <Stack spacing={2} sx={{ gridArea: "detail", minWidth: 0 }}>
            {between.length > 0 && (
              <Section title={w.areas.doorsBetween(nameOf(search.from), nameOf(search.to))}>
                <DoorList title={w.areas.doors(between.length)} doors={between} />
              </Section>
            )}
            {chosen ? (
              <Chosen area={chosen} doors={doors.data} />
            ) : (
              between.length === 0 && (
                <Section title={w.areas.rules}>
                  <Typography sx={{ color: "text.secondary" }}>{w.areas.pick}</Typography>
                </Section>
              )
            )}
          </Stack>
        </Box>
      )}
    </Page>
  );
}
