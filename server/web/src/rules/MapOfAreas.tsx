// The map itself: boxes that are buttons, over lines that are doors. Everything is reachable by keyboard.

import Box from "@mui/material/Box";
import ButtonBase from "@mui/material/ButtonBase";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { queries } from "../api/queries";
import type { Area } from "../api/types";
import { w } from "../words";
import { rulesOf } from "./AreasPage";
import type { Box as AreaBox, AreaMap, Link } from "./layout";

/** How much is said on a map, and the room that it takes: all, one area with its neighbours, or many areas at a glance. */
const looks = {
  all: { box: { width: 128, height: 84 }, gap: { x: 128, y: 28 }, hasSigns: true, hasRules: true },
  near: { box: { width: 172, height: 64 }, gap: { x: 136, y: 16 }, hasSigns: true, hasRules: false },
  glance: { box: { width: 156, height: 48 }, gap: { x: 60, y: 8 }, hasSigns: false, hasRules: false },
} as const;

/** A rule goes on in a second line before it is cut. */
const twoLines = {
  display: "-webkit-box",
  WebkitLineClamp: 2,
  WebkitBoxOrient: "vertical",
  overflow: "hidden",
} as const;

const EDGE = 12;
const SIGN = { width: 106, height: 28 };
/** How far lines that would lie on each other stand apart. */
const APART = 15;

type Look = (typeof looks)[keyof typeof looks];

type Props = {
  label: string;
  map: AreaMap;
  look: keyof typeof looks;
  chosen: { area?: string; from?: string; to?: string };
  onArea: (id: string) => void;
  onLink: (from: string, to: string) => void;
};

const left = (box: AreaBox, { box: { width }, gap }: Look) => EDGE + box.column * (width + gap.x);
const top = (box: AreaBox, { box: { height }, gap }: Look) => EDGE + box.row * (height + gap.y);

/** A line between two boxes, and where its sign stands. */
function line(from: AreaBox, to: AreaBox, shift: number, look: Look) {
  const { box, gap } = look;
  const isForward = to.column > from.column;
  const isBeside = to.column === from.column;
  const middle = box.height / 2 + shift;
  const start = { x: left(from, look) + (isForward || isBeside ? box.width : 0), y: top(from, look) + middle };
  const end = { x: left(to, look) + (isForward ? 0 : box.width), y: top(to, look) + middle };
  const bend = isBeside ? gap.x / 2 : (end.x - start.x) / 2;
  const path = isBeside
    ? `M ${start.x} ${start.y} C ${start.x + bend} ${start.y}, ${end.x + bend} ${end.y}, ${end.x} ${end.y}`
    : `M ${start.x} ${start.y} C ${start.x + bend} ${start.y}, ${end.x - bend} ${end.y}, ${end.x} ${end.y}`;
  const x = isBeside ? start.x + gap.x / 2 - 20 : (start.x + end.x) / 2;
  return { path, x, y: (start.y + end.y) / 2 };
}

export function MapOfAreas({ label, map, look: name, chosen, onArea, onLink }: Props) {
  const { data: muster } = useQuery(queries.muster);
  const look: Look = looks[name];
  const { box: size, gap } = look;
  const boxOf = (id: string) => map.boxes.find((box) => box.area.id === id);
  const width = EDGE * 2 + map.columns * size.width + Math.max(0, map.columns - 1) * gap.x;
  const height = EDGE * 2 + map.rows * size.height + Math.max(0, map.rows - 1) * gap.y;
  const insideOf = (area: Area) => {
    const here = muster?.areas.find((candidate) => candidate.area_id === area.id);
    if (!here) return w.areas.outside;
    return here.persons_max ? w.areas.insideOf(here.persons, here.persons_max) : w.areas.inside(here.persons);
  };
  const sign = (link: Link) =>
    link.doors.length === 1 ? (link.doors[0]?.name ?? "") : w.areas.doors(link.doors.length);
  // Their signs stand beside the last column.
  const hasBeside = map.links.some(({ from, to }) => boxOf(from)?.column === boxOf(to)?.column);
  const isBothWays = ({ from, to }: Link) => map.links.some((other) => other.from === to && other.to === from);
  const drawn = map.links.flatMap((link, place) => {
    const [from, to] = [boxOf(link.from), boxOf(link.to)];
    const among = name === "all" ? ((place % 3) - 1) * APART : 0;
    const shift = isBothWays(link) ? (link.from < link.to ? -APART : APART) : among;
    return from && to ? [{ link, ...line(from, to, shift, look) }] : [];
  });
  const isChosen = ({ from, to }: Link) => from === chosen.from && to === chosen.to;
  return (
    <Paper
      variant="outlined"
      component="section"
      aria-label={label}
      tabIndex={0}
      sx={{ overflow: "auto", maxHeight: "calc(100dvh - 260px)", minHeight: 200 }}
    >
      <Box sx={{ position: "relative", width: width + (hasBeside ? SIGN.width : 0), height, minWidth: "100%" }}>
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
              strokeOpacity={look.hasSigns ? 1 : 0.45}
              strokeWidth={look.hasSigns ? (isChosen(link) ? 3 : 1.5) : 1}
              markerEnd={look.hasSigns ? "url(#into)" : undefined}
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
              left: left(box, look),
              top: top(box, look),
              width: size.width,
              height: size.height,
              px: 1.25,
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
            <Typography
              variant={name === "glance" ? "body2" : "body1"}
              sx={{ fontWeight: 650, width: 1, lineHeight: name === "glance" ? 1.2 : undefined }}
              noWrap
              title={box.area.name}
            >
              {box.area.name}
            </Typography>
            <Typography variant={name === "glance" ? "caption" : "body2"} sx={{ color: "text.secondary" }}>
              {insideOf(box.area)}
            </Typography>
            {look.hasRules && (
              <Typography
                variant="caption"
                sx={{ width: 1, lineHeight: 1.2, ...twoLines }}
                title={rulesOf(box.area).join(" · ")}
              >
                {rulesOf(box.area).join(" · ")}
              </Typography>
            )}
          </ButtonBase>
        ))}
        {(look.hasSigns ? drawn : []).map(({ link, x, y }) => (
          <ButtonBase
            key={`${link.from} ${link.to}`}
            onClick={() => onLink(link.from, link.to)}
            aria-pressed={isChosen(link)}
            aria-label={`${sign(link)}: ${w.areas.doorsBetween(boxOf(link.from)?.area.name ?? "", boxOf(link.to)?.area.name ?? "")}`}
            sx={{
              position: "absolute",
              left: x - SIGN.width / 2,
              top: y - SIGN.height / 2,
              width: SIGN.width,
              height: SIGN.height,
              px: 0.5,
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
