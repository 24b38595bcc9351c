// The map itself: boxes that are buttons, over lines that are doors. Everything is reachable by keyboard.

import Box from "@mui/material/Box";
import ButtonBase from "@mui/material/ButtonBase";
import Paper from "@mui/material/Paper";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { queries } from "../api/queries";
import type { Area } from "../api/types";
import { w } from "../words";
import { rulesOf } from "./AreasPage";
import { type Box as AreaBox, type AreaMap, fitted, type Link } from "./layout";

/** How much is said on a map, and the room that it takes where there is enough, and at least: all, one area with its neighbours, or many areas at a glance. */
const looks = {
  all: {
    liked: { box: 128, gap: 128 },
    least: { box: 104, gap: 86 },
    height: { box: 84, gap: 28 },
    hasSigns: true,
    hasRules: true,
  },
  near: {
    liked: { box: 172, gap: 136 },
    least: { box: 120, gap: 86 },
    height: { box: 64, gap: 16 },
    hasSigns: true,
    hasRules: false,
  },
  glance: {
    liked: { box: 156, gap: 60 },
    least: { box: 112, gap: 20 },
    height: { box: 48, gap: 8 },
    hasSigns: false,
    hasRules: false,
  },
} as const;

const oneLine = { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" } as const;
/** What is said goes on in so many lines before it is cut. */
const lines = (count: number) =>
  ({
    display: "-webkit-box",
    WebkitLineClamp: count,
    WebkitBoxOrient: "vertical",
    overflow: "hidden",
  }) as const;

const EDGE = 12;
/** A sign takes two lines where its name does not fit in one. */
const SIGN = { width: 106, height: 28, heightOfTwo: 36 };
/** What a line needs on both sides of its sign, to be seen to lead from here to there. */
const SIGN_ROOM = 22;
/** A narrow box has one more line for its rules, so high. */
const MORE_LINE = 16;

/** The measures of a map in the room that it has. */
type Measures = {
  box: { width: number; height: number };
  gap: { x: number; y: number };
  sign: { width: number; height: number };
  /** How far lines that would lie on each other stand apart. */
  apart: number;
};

function measures(look: (typeof looks)[keyof typeof looks], columns: number, room: number): Measures {
  const { box, gap } = fitted(look.liked, look.least, columns, room - EDGE * 2);
  const width = Math.min(SIGN.width, gap - SIGN_ROOM);
  const height = width < SIGN.width ? SIGN.heightOfTwo : SIGN.height;
  return {
    box: { width: box, height: look.height.box + (look.hasRules && box < look.liked.box ? MORE_LINE : 0) },
    gap: { x: gap, y: look.height.gap },
    sign: { width, height },
    apart: height / 2 + 1,
  };
}

/** An element's width inside, as it is now. */
function useWidth() {
  const [width, setWidth] = useState(Number.POSITIVE_INFINITY);
  const measured = useCallback((element: HTMLElement | null) => {
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);
  return [measured, width] as const;
}

type Props = {
  label: string;
  map: AreaMap;
  look: keyof typeof looks;
  chosen: { area?: string; from?: string; to?: string };
  onArea: (id: string) => void;
  onLink: (from: string, to: string) => void;
};

const left = (box: AreaBox, { box: { width }, gap }: Measures) => EDGE + box.column * (width + gap.x);
const top = (box: AreaBox, { box: { height }, gap }: Measures) => EDGE + box.row * (height + gap.y);

/** A line between two boxes, and where its sign stands. */
function line(from: AreaBox, to: AreaBox, shift: number, by: Measures) {
  const { box, gap } = by;
  const isForward = to.column > from.column;
  const isBeside = to.column === from.column;
  const middle = box.height / 2 + shift;
  const start = { x: left(from, by) + (isForward || isBeside ? box.width : 0), y: top(from, by) + middle };
  const end = { x: left(to, by) + (isForward ? 0 : box.width), y: top(to, by) + middle };
  const bend = isBeside ? gap.x / 2 : (end.x - start.x) / 2;
  const path = isBeside
    ? `M ${start.x} ${start.y} C ${start.x + bend} ${start.y}, ${end.x + bend} ${end.y}, ${end.x} ${end.y}`
    : `M ${start.x} ${start.y} C ${start.x + bend} ${start.y}, ${end.x - bend} ${end.y}, ${end.x} ${end.y}`;
  const x = isBeside ? start.x + gap.x / 2 - 20 : (start.x + end.x) / 2;
  return { path, x, y: (start.y + end.y) / 2 };
}

export function MapOfAreas({ label, map, look: name, chosen, onArea, onLink }: Props) {
  const { data: muster } = useQuery(queries.muster);
  const [measured, room] = useWidth();
  const look = looks[name];
  const boxOf = (id: string) => map.boxes.find((box) => box.area.id === id);
  // Their signs stand beside the last column, or at least their bends.
  const hasBeside = map.links.some(({ from, to }) => boxOf(from)?.column === boxOf(to)?.column);
  const bend = look.hasSigns ? SIGN.width : look.liked.gap / 2;
  const beside = hasBeside ? bend : 0;
  const by = measures(look, map.columns, room - beside);
  const { box: size, gap, sign: signSize, apart } = by;
  const width = EDGE * 2 + map.columns * size.width + Math.max(0, map.columns - 1) * gap.x;
  const height = EDGE * 2 + map.rows * size.height + Math.max(0, map.rows - 1) * gap.y;
  const insideOf = (area: Area) => {
    const here = muster?.areas.find((candidate) => candidate.area_id === area.id);
    if (!here) return w.areas.outside;
    return here.persons_max ? w.areas.insideOf(here.persons, here.persons_max) : w.areas.inside(here.persons);
  };
  const sign = (link: Link) =>
    link.doors.length === 1 ? (link.doors[0]?.name ?? "") : w.areas.doors(link.doors.length);
  const isBothWays = ({ from, to }: Link) => map.links.some((other) => other.from === to && other.to === from);
  const drawn = map.links.flatMap((link, place) => {
    const [from, to] = [boxOf(link.from), boxOf(link.to)];
    const among = name === "all" ? ((place % 3) - 1) * apart : 0;
    const shift = isBothWays(link) ? (link.from < link.to ? -apart : apart) : among;
    return from && to ? [{ link, ...line(from, to, shift, by) }] : [];
  });
  const isChosen = ({ from, to }: Link) => from === chosen.from && to === chosen.to;
  return (
    <Paper
      variant="outlined"
      component="section"
      ref={measured}
      aria-label={label}
      tabIndex={0}
      sx={{ overflow: "auto", maxHeight: "calc(100dvh - 260px)", minHeight: 200 }}
    >
      <Box sx={{ position: "relative", width: width + beside, height, minWidth: "100%" }}>
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
              left: left(box, by),
              top: top(box, by),
              width: size.width,
              height: size.height,
              px: size.width < look.liked.box ? 0.75 : 1.25,
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
            <Typography
              variant={name === "glance" ? "caption" : "body2"}
              sx={{ width: 1, color: "text.secondary" }}
              noWrap
              title={insideOf(box.area)}
            >
              {insideOf(box.area)}
            </Typography>
            {look.hasRules && (
              <Typography
                variant="caption"
                sx={{ width: 1, lineHeight: 1.2, ...lines(size.height > look.height.box ? 3 : 2) }}
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
              left: x - signSize.width / 2,
              top: y - signSize.height / 2,
              width: signSize.width,
              height: signSize.height,
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
            <Box
              component="span"
              title={sign(link)}
              sx={{
                lineHeight: 1.15,
                overflowWrap: "anywhere",
                ...(signSize.height === SIGN.height ? oneLine : lines(2)),
              }}
            >
              {sign(link)}
            </Box>
          </ButtonBase>
        ))}
      </Box>
    </Paper>
  );
}
