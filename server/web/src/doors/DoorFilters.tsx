// The fields by which doors are looked for.

import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import type { Area, Site } from "../api/types";
import { text, w, wordsOf } from "../words";
import { areasOf, type DoorFilter, stands } from "./filter";

type Props = { filter: DoorFilter; sites: Site[]; areas: Area[]; onChange: (change: DoorFilter) => void };

export function DoorFilters({ filter, sites, areas, onChange }: Props) {
  const choice = (name: keyof DoorFilter, label: string, options: { value: string; label: string }[]) => (
    <TextField
      select
      label={label}
      value={options.some((option) => option.value === filter[name]) ? filter[name] : ""}
      onChange={(event) => onChange({ [name]: event.target.value })}
      sx={{ width: { xs: 148, lg: 180 } }}
    >
      <MenuItem value="">{w.doors.any}</MenuItem>
      {options.map((option) => (
        <MenuItem key={option.value} value={option.value}>
          {option.label}
        </MenuItem>
      ))}
    </TextField>
  );
  const named = (things: { id: string; name: string }[]) => things.map(({ id, name }) => ({ value: id, label: name }));
  return (
    <Stack direction="row" useFlexGap spacing={2} sx={{ flexWrap: "wrap", alignItems: "center" }}>
      <TextField
        label={w.doors.search}
        type="search"
        value={filter.q ?? ""}
        onChange={(event) => onChange({ q: event.target.value })}
        sx={{ width: { xs: 220, lg: 280 } }}
      />
      {sites.length > 1 && choice("site", w.doors.site, named(sites))}
      {choice("area", w.doors.area, named(areasOf(areas, filter.site)))}
      {choice(
        "state",
        w.doors.state,
        stands.map((value) => ({ value, label: w.doors.stands[value] })),
      )}
      {choice(
        "mode",
        w.doors.mode,
        wordsOf("DoorMode").map((value) => ({ value, label: text("DoorMode", value) })),
      )}
      {Object.keys(filter).length > 0 && (
        <Button onClick={() => onChange({ q: "", site: "", area: "", state: "", mode: "" })}>{w.events.clear}</Button>
      )}
    </Stack>
  );
}
