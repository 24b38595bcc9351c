// The map itself: boxes that are buttons, over lines that are doors. Everything is reachable by keyboard.

import Box from "@mui/material/Box";
import ButtonBase from "@mui/material/ButtonBase";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { queries } from "../api/queries";
import type { Area, Door } from "../api/types";
import { w } from "../words";
import { rulesOf } from "./AreasPage";
import { type Box as AreaBox, type Link, layout } from "./layout";

const BOX = { width: 176, height: 92 };
const GAP = { x: 152, y: 32 };
const EDGE = 16;
const SIGN = { width: 120, height: 28 };

type Props = {
  label: string;
  areas: Area[];
  doors: Door[];
  chosen: { area?: string; from?: string; to?: string };
  onArea: (id: string) => void;
  onLink: (from: string, to: string) => void;
};

const left = (box: AreaBox) => EDGE + box.column * (BOX.width + GAP.x);
const top = (box: AreaBox) => EDGE + box.row * (BOX.height + GAP.y);

/** A line between two boxes, and where its sign stands. */
function line(from: AreaBox, to: AreaBox, shift: number) {
  const isForward = to.column > from.column;
  const isBeside = to.column === from.column;
  const start = { x: left(from) + (isForward || isBeside ? BOX.width : 0), y: top(from) + BOX.height / 2 + shift };
  const end = { x: left(to) + (isForward ? 0 : BOX.width), y: top(to) + BOX.height / 2 + shift };
  const bend = isBeside ? GAP.x / 2 : (end.x - start.x) / 2;
  const path = isBeside
    ? `M ${start.x} ${start.y} C ${start.x + bend} ${start.y}, ${end.x + bend} ${end.y}, ${end.x} ${end.y}`
    : `M ${start.x} ${start.y} C ${start.x + bend} ${start.y}, ${end.x - bend} ${end.y}, ${end.x} ${end.y}`;
  const x = isBeside ? start.x + GAP.x / 2 - 20 : (start.x + end.x) / 2;
  return { path, x, y: (start.y + end.y) / 2 };
}

export function MapOfAreas({ label, areas, doors, chosen, onArea, onLink }: Props) {
  const { data: muster } = useQuery(queries.muster);
  const map = layout(areas, doors);
  const boxOf = (id: string) => map.boxes.find((box) => box.area.id === id);
  const width = EDGE * 2 + map.columns * BOX.width + Math.max(0, map.columns - 1) * GAP.x;
  const height = EDGE * 2 + map.rows * BOX.height + Math.max(0, map.rows - 1) * GAP.y;
  const insideOf = (area: Area) => {
    const here = muster?.areas.find((candidate) => candidate.area_id === area.id);
    if (!here) return w.areas.outside;
    return here.persons_max ? w.areas.insideOf(here.persons, here.persons_max) : w.areas.inside(here.persons);
  };
  const sign = (link: Link) =>
    link.doors.length === 1 ? (link.doors[0]?.name ?? "") : w.areas.doors(link.doors.length);
  const drawn = map.links.flatMap((link, place) => {
    const [from, to] = [boxOf(link.from), boxOf(link.to)];
    // Lines that would lie on each other stand a little apart.
    return from && to ? [{ link, ...line(from, to, ((place % 3) - 1) * 14) }] : [];
  });
  return (
    <Paper
      variant="outlined"
      component="section"
      aria-label={label}
      tabIndex={0}
      sx={{ overflow: "auto", maxHeight: "calc(100dvh - 260px)", minHeight: 320 }}
    >
      <Box sx={{ position: "relative", width: width + SIGN.width, height, minWidth: "100%" }}>
        <Box
          component="svg"
          aria-hidden
          sx={{ position: "absolute", inset: 0, width: 1, height: 1, color: "text.secondary" }}
        >
          <defs>
            <marker id="into" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">
              <path d="M 0 0 L 8 4 L 0 8 z" fill="currentColor" />
            </marker>
          </defs>
          {drawn.map(({ link, path }) => (
            <path
              key={`${link.from} ${link.to}`}
              d={path}
              fill="none"
              stroke="currentColor"
              strokeWidth={link.from === chosen.from && link.to === chosen.to ? 3 : 1.5}
              markerEnd="url(#into)"
            />
          ))}
        </Box>
        {map.boxes.map((box) => (
          <ButtonBase
            key={box.area.id}
            onClick={() => onArea(box.area.id)}
            aria-pressed={chosen.area === box.area.id}
            sx={{
              position: "absolute",
              left: left(box),
              top: top(box),
              width: BOX.width,
              height: BOX.height,
              p: 1.25,
              borderRadius: 2,
              border: chosen.area === box.area.id ? 2 : 1,
              borderStyle: box.isOutside ? "dashed" : "solid",
              borderColor: chosen.area === box.area.id ? "primary.main" : "text.secondary",
              bgcolor: "background.paper",
              flexDirection: "column",
              alignItems: "flex-start",
              textAlign: "left",
              "&:hover": { bgcolor: "action.hover" },
            }}
          >
            <Typography sx={{ fontWeight: 650, width: 1 }} noWrap>
              {box.area.name}
            </Typography>
            <Typography variant="body2" sx={{ color: "text.secondary" }}>
              {insideOf(box.area)}
            </Typography>
            <Typography variant="caption" sx={{ width: 1 }} noWrap>
              {rulesOf(box.area).join(" · ")}
            </Typography>
          </ButtonBase>
        ))}
        {drawn.map(({ link, x, y }) => (
          <ButtonBase
            key={`${link.from} ${link.to}`}
            onClick={() => onLink(link.from, link.to)}
            aria-pressed={link.from === chosen.from && link.to === chosen.to}
            aria-label={`${sign(link)}: ${w.areas.doorsBetween(boxOf(link.from)?.area.name ?? "", boxOf(link.to)?.area.name ?? "")}`}
            sx={{
              position: "absolute",
              left: x - SIGN.width / 2,
              top: y - SIGN.height / 2,
              width: SIGN.width,
              height: SIGN.height,
              px: 1,
              borderRadius: 4,
              border: 1,
              borderColor: "divider",
              bgcolor: "background.default",
              fontSize: "0.8125rem",
              fontWeight: 600,
              "&:hover": { bgcolor: "action.hover" },
            }}
          >
            <Box component="span" sx={{ overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }}>
              {sign(link)}
            </Box>
          </ButtonBase>
        ))}
      </Box>
    </Paper>
  );
}
