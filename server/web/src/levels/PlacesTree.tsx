// Places to choose from: sites, their areas, the doors that lead into them. A site or area that is chosen holds its doors, those
// that come later as well. Searched, for nobody reads three hundred doors.

import ExpandIcon from "@mui/icons-material/ChevronRight";
import CollapseIcon from "@mui/icons-material/ExpandMore";
import Box from "@mui/material/Box";
import Checkbox from "@mui/material/Checkbox";
import FormControlLabel from "@mui/material/FormControlLabel";
import IconButton from "@mui/material/IconButton";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useDeferredValue, useMemo, useState } from "react";
import type { Place } from "../api/types";
import { w } from "../words";
import { everywhere, isChosen, isHeld, isPartly, type Plan, toggled } from "./places";

type Node = { place: Place; name: string; level: number; doors: number; isOpen: boolean; canOpen: boolean };

/** Most lines that are shown at once; a search that finds more is to be narrowed. */
const LINES_MAX = 200;

function plain(value: string): string {
  return value.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
}

/** The lines of the tree as they are open, or as far as they lead to what is looked for. */
function linesOf(plan: Plan, open: ReadonlySet<string>, wanted: string): Node[] {
  const words = plain(wanted).split(/\s+/).filter(Boolean);
  const fits = (name: string) => words.length > 0 && words.every((word) => plain(name).includes(word));
  const lines: Node[] = [];
  for (const site of plan.sites) {
    const areas: Node[] = [];
    let siteDoors = 0;
    for (const area of plan.areas.filter((candidate) => candidate.site_id === site.id)) {
      const doors = plan.doors.filter((door) => door.area_inside_id === area.id);
      siteDoors += doors.length;
      const found = doors.filter((door) => fits(door.name));
      if (words.length > 0 && found.length === 0 && !fits(area.name)) continue;
      const isOpen = words.length > 0 ? found.length > 0 : open.has(area.id);
      const shown = words.length > 0 ? found : doors;
      areas.push({
        place: { kind: "area", id: area.id },
        name: area.name,
        level: 1,
        doors: doors.length,
        isOpen,
        canOpen: doors.length > 0,
      });
      if (!isOpen) continue;
      for (const door of shown) {
        areas.push({
          place: { kind: "door", id: door.id },
          name: door.name,
          level: 2,
          doors: 1,
          isOpen: false,
          canOpen: false,
        });
      }
    }
    if (words.length > 0 && areas.length === 0 && !fits(site.name)) continue;
    const isOpen = words.length > 0 || open.has(site.id);
    lines.push({
      place: { kind: "site", id: site.id },
      name: site.name,
      level: 0,
      doors: siteDoors,
      isOpen,
      canOpen: areas.length > 0,
    });
    if (isOpen) lines.push(...areas);
  }
  return lines;
}

type Props = { label: string; plan: Plan; places: Place[]; onChange: (places: Place[]) => void };

export function PlacesTree({ label, plan, places, onChange }: Props) {
  const [query, setQuery] = useState("");
  const wanted = useDeferredValue(query.trim());
  // One site is opened at once; of many it is chosen which.
  const [open, setOpen] = useState<ReadonlySet<string>>(
    () => new Set(plan.sites.length === 1 ? plan.sites.map((site) => site.id) : []),
  );
  const lines = useMemo(() => linesOf(plan, open, wanted), [plan, open, wanted]);
  const flip = (id: string) =>
    setOpen((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  const box = (place: Place, name: string, doors: number) => {
    const held = isHeld(places, place, plan);
    const chosen = isChosen(places, place);
    return (
      <FormControlLabel
        control={
          <Checkbox
            size="small"
            checked={chosen || held}
            disabled={held}
            indeterminate={!chosen && !held && isPartly(places, place, plan)}
            onChange={() => onChange(toggled(places, place, plan))}
            sx={{ py: 0.25 }}
          />
        }
        label={
          <Typography component="span" variant="body2">
            {name}
            {place.kind !== "door" && (
              <Typography component="span" variant="caption" sx={{ color: "text.secondary", ml: 1 }}>
                {w.levels.doorCount(doors)}
              </Typography>
            )}
          </Typography>
        }
        sx={{ mr: 0 }}
      />
    );
  };
  return (
    <Box role="group" aria-label={label}>
      <TextField
        label={w.places.search}
        type="search"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        sx={{ maxWidth: 400, mb: 1 }}
      />
      <Box sx={{ maxHeight: 360, overflowY: "auto", border: 1, borderColor: "divider", borderRadius: 2, p: 1 }}>
        <Box component="ul" sx={{ listStyle: "none", m: 0, p: 0 }}>
          {wanted === "" && <li>{box(everywhere, w.places.tenant, plan.doors.length)}</li>}
          {lines.slice(0, LINES_MAX).map(({ place, name, level, doors, isOpen, canOpen }) => (
            <Box
              component="li"
              key={`${place.kind} ${place.id}`}
              sx={{ display: "flex", alignItems: "center", pl: level * 3 }}
            >
              {canOpen && wanted === "" ? (
                <IconButton
                  size="small"
                  onClick={() => flip(place.id ?? "")}
                  aria-expanded={isOpen}
                  aria-label={w.places.open(name)}
                  sx={{ p: 0.25 }}
                >
                  {isOpen ? <CollapseIcon fontSize="small" /> : <ExpandIcon fontSize="small" />}
                </IconButton>
              ) : (
                <Box sx={{ width: 24 }} />
              )}
              {box(place, name, doors)}
            </Box>
          ))}
        </Box>
        {lines.length > LINES_MAX && (
          <Typography variant="body2" sx={{ color: "text.secondary", p: 1 }}>
            {w.places.narrow(lines.length - LINES_MAX)}
          </Typography>
        )}
        {lines.length === 0 && (
          <Typography variant="body2" sx={{ color: "text.secondary", p: 1 }}>
            {wanted === "" ? w.places.none : w.top.nothingFound}
          </Typography>
        )}
      </Box>
    </Box>
  );
}
