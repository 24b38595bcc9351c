// The areas of a large site as a list: found by name, and chosen to be looked at among their neighbours.

import Box from "@mui/material/Box";
import ButtonBase from "@mui/material/ButtonBase";
import Paper from "@mui/material/Paper";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { queries } from "../api/queries";
import type { Area, Door } from "../api/types";
import { fits } from "../frame/found";
import { Empty } from "../parts/Page";
import { w } from "../words";

type Props = {
  areas: Area[];
  doors: Door[];
  q: string;
  chosen: string | undefined;
  onSearch: (q: string) => void;
  onChoose: (id: string) => void;
};

export function AreaList({ areas, doors, q, chosen, onSearch, onChoose }: Props) {
  const { data: muster } = useQuery(queries.muster);
  const found = areas
    .filter((area) => fits(area.name, q))
    .toSorted((one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }));
  const said = (area: Area) => {
    const count = doors.filter((door) => door.area_inside_id === area.id || door.area_outside_id === area.id).length;
    const inside = muster?.areas.find((candidate) => candidate.area_id === area.id);
    return `${w.areas.doors(count)} · ${inside ? w.areas.inside(inside.persons) : w.areas.outside}`;
  };
  return (
    <Paper variant="outlined" component="section" aria-label={w.areas.list} sx={{ p: 1.5 }}>
      <TextField
        label={w.areas.search}
        type="search"
        value={q}
        onChange={(event) => onSearch(event.target.value)}
        fullWidth
      />
      {found.length === 0 && <Empty>{w.areas.emptySearch}</Empty>}
      <Box
        component="ul"
        sx={{
          m: 0,
          mt: 1,
          p: 0,
          listStyle: "none",
          display: "grid",
          gridTemplateColumns: "repeat(auto-fill, minmax(220px, 1fr))",
          maxHeight: { xs: 168, lg: "calc(50dvh - 160px)" },
          minHeight: { lg: 220 },
          alignContent: "start",
          overflowY: "auto",
        }}
      >
        {found.map((area) => (
          <li key={area.id}>
            <ButtonBase
              onClick={() => onChoose(area.id)}
              aria-pressed={area.id === chosen}
              sx={{
                width: 1,
                px: 1,
                py: 0.75,
                borderRadius: 1.5,
                flexDirection: "column",
                alignItems: "flex-start",
                textAlign: "left",
                bgcolor: area.id === chosen ? "action.selected" : undefined,
                "&:hover": { bgcolor: "action.hover" },
                "&.Mui-focusVisible": { outline: 2, outlineColor: "primary.main", outlineOffset: -2 },
              }}
            >
              <Typography variant="body2" sx={{ fontWeight: 650 }}>
                {area.name}
              </Typography>
              <Typography variant="caption" sx={{ color: "text.secondary" }}>
                {said(area)}
              </Typography>
            </ButtonBase>
          </li>
        ))}
      </Box>
    </Paper>
  );
}
