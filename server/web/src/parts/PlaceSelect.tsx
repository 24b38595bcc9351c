// One place to choose: everywhere, a site, an area or a door, found by typing.

import Autocomplete from "@mui/material/Autocomplete";
import TextField from "@mui/material/TextField";
import type { Place } from "../api/types";
import { everywhere, placeName, usePlan } from "../levels/places";
import { text, w } from "../words";

/** Most places that are offered at once. */
const OFFERED_MAX = 50;

type Props = { label: string; place: Place; onChange: (place: Place) => void; error?: string };

export function PlaceSelect({ label, place, onChange, error }: Props) {
  const plan = usePlan();
  const options: Place[] = [
    everywhere,
    ...plan.sites.map(({ id }): Place => ({ kind: "site", id })),
    ...plan.areas.map(({ id }): Place => ({ kind: "area", id })),
    ...plan.doors.map(({ id }): Place => ({ kind: "door", id })),
  ];
  return (
    <Autocomplete
      options={options}
      value={place}
      onChange={(_, chosen) => onChange(chosen)}
      disableClearable
      groupBy={(option) => text("PlaceKind", option.kind)}
      getOptionKey={(option) => `${option.kind} ${option.id}`}
      getOptionLabel={(option) => placeName(option, plan)}
      isOptionEqualToValue={(one, other) => one.kind === other.kind && (one.id ?? null) === (other.id ?? null)}
      filterOptions={(all, { inputValue }) => {
        const wanted = inputValue.toLowerCase();
        // What is chosen stands in the field: it is no search until it is typed over.
        const isSearch = inputValue !== placeName(place, plan);
        const found = isSearch ? all.filter((option) => placeName(option, plan).toLowerCase().includes(wanted)) : all;
        return found.slice(0, OFFERED_MAX);
      }}
      noOptionsText={w.top.nothingFound}
      renderInput={(params) => (
        <TextField {...params} label={label} error={error !== undefined} helperText={error ?? w.places.selectHelp} />
      )}
    />
  );
}
