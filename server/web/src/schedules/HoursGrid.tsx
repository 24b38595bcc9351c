// The hours to be painted: a row for every weekday and day type, a cell for every quarter of an hour. By mouse and by finger a
// rectangle is dragged; by keyboard one cell is in the tab order and arrows move it.

import Box from "@mui/material/Box";
import { styled } from "@mui/material/styles";
import Typography from "@mui/material/Typography";
import { type KeyboardEvent, memo, useEffect, useRef, useState } from "react";
import { w } from "../words";
import {
  CELL_MINUTES,
  CELLS_PER_DAY,
  clockOf,
  DAYS,
  fillOf,
  nightOf,
  painted,
  type RowKey,
  type Rows,
  type Span,
} from "./hours";

type Cell = { row: number; cell: number };
type Stroke = { from: Cell; to: Cell; isOn: boolean };
export type GridRow = { key: RowKey; label: string };

const CELLS_PER_HOUR = 60 / CELL_MINUTES;
/** Every this many hours there is a label. */
const LABEL_HOURS = 2;
const LABEL_WIDTH_PX = 120;

const Grid = styled("table")(({ theme }) => {
  const { palette } = theme.vars ?? theme;
  return {
    userSelect: "none",
    width: "100%",
    tableLayout: "fixed",
    borderCollapse: "separate",
    borderSpacing: "0 1px",
    "& th": {
      width: LABEL_WIDTH_PX,
      padding: "0 8px 0 0",
      textAlign: "left",
      fontSize: "0.8125rem",
      fontWeight: 600,
      overflow: "hidden",
      textOverflow: "ellipsis",
      whiteSpace: "nowrap",
    },
    "& td": {
      padding: 0,
      height: 30,
      cursor: "pointer",
      // A finger that paints does not scroll.
      touchAction: "none",
      borderTop: `1px solid ${palette.divider}`,
      borderBottom: `1px solid ${palette.divider}`,
      background: palette.background.default,
    },
    [`& td:nth-of-type(${CELLS_PER_HOUR}n + 1)`]: { borderLeft: `1px solid ${palette.divider}` },
    "& [data-night=true]": {
      backgroundImage: `repeating-linear-gradient(135deg, ${palette.primary.main} 0 2px, transparent 2px 6px)`,
    },
    "& [data-fill=some]": { background: `linear-gradient(90deg, transparent 40%, ${palette.primary.main} 40%)` },
    "& [data-fill=all]": { background: palette.primary.main },
    "& td:focus-visible": { outlineOffset: -2, outlineColor: palette.warning.main, zIndex: 1 },
    "& tr[data-new=true] > *": { borderTop: `3px solid ${palette.divider}` },
  };
});

type RowProps = {
  place: number;
  label: string;
  spans: readonly Span[];
  night: number;
  cursor: number | null;
  isFirstType: boolean;
};

const Row = memo(function Row({ place, label, spans, night, cursor, isFirstType }: RowProps) {
  return (
    <tr data-new={isFirstType}>
      <th scope="row" title={label}>
        {label}
      </th>
      {Array.from({ length: CELLS_PER_DAY }, (_, cell) => {
        const [from, to] = [clockOf(cell * CELL_MINUTES), clockOf((cell + 1) * CELL_MINUTES)];
        const fill = fillOf(spans, cell);
        return (
          // biome-ignore lint/a11y/useAriaPropsSupportedByRole: within a grid a td is a gridcell
          <td
            key={from}
            data-cell={`${place} ${cell}`}
            data-fill={fill}
            data-night={fill === "none" && cell * CELL_MINUTES < night}
            tabIndex={cursor === cell ? 0 : -1}
            aria-selected={fill === "all"}
            aria-label={w.schedules.cell(label, from, to, fill === "all")}
          />
        );
      })}
    </tr>
  );
});

const moves: Record<string, [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

function cellAt(element: Element | null): Cell | null {
  const [row, cell] = (element?.closest<HTMLElement>("[data-cell]")?.dataset.cell ?? "").split(" ").map(Number);
  return row === undefined || cell === undefined ? null : { row, cell };
}

/** The rows after a rectangle was painted. */
function stroked(rows: Rows, order: readonly GridRow[], { from, to, isOn }: Stroke): Rows {
  const after = new Map(rows);
  const begin = Math.min(from.cell, to.cell) * CELL_MINUTES;
  const end = (Math.max(from.cell, to.cell) + 1) * CELL_MINUTES;
  for (const { key } of order.slice(Math.min(from.row, to.row), Math.max(from.row, to.row) + 1)) {
    after.set(key, painted(rows.get(key) ?? [], begin, end, isOn));
  }
  return after;
}

const none: readonly Span[] = [];

export function HoursGrid({
  order,
  rows,
  onChange,
}: {
  order: readonly GridRow[];
  rows: Rows;
  onChange: (rows: Rows) => void;
}) {
  const [stroke, setStroke] = useState<Stroke | null>(null);
  const [cursor, setCursor] = useState<Cell>({ row: 0, cell: 7 * CELLS_PER_HOUR });
  const grid = useRef<HTMLTableElement>(null);
  const shown = stroke ? stroked(rows, order, stroke) : rows;
  const spansOf = (row: number) => shown.get(order[row]?.key ?? "mon") ?? none;
  const isOnAt = ({ row, cell }: Cell) => fillOf(rows.get(order[row]?.key ?? "mon") ?? none, cell) === "all";
  useEffect(() => {
    if (stroke === null) return;
    const move = (event: PointerEvent) => {
      const to = cellAt(document.elementFromPoint(event.clientX, event.clientY));
      if (to && (to.row !== stroke.to.row || to.cell !== stroke.to.cell)) setStroke({ ...stroke, to });
    };
    const end = () => {
      onChange(stroked(rows, order, stroke));
      setStroke(null);
    };
    const drop = () => setStroke(null);
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", drop);
    return () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", drop);
    };
  }, [stroke, rows, order, onChange]);
  const focus = (cell: Cell) => {
    setCursor(cell);
    grid.current?.querySelector<HTMLElement>(`[data-cell="${cell.row} ${cell.cell}"]`)?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    const at = cellAt(event.target as Element);
    if (at === null) return;
    const isOn = isOnAt(at);
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      onChange(stroked(rows, order, { from: at, to: at, isOn: !isOn }));
      return;
    }
    const move = moves[event.key];
    const edge = { Home: 0, End: CELLS_PER_DAY - 1 }[event.key];
    if (!move && edge === undefined) return;
    event.preventDefault();
    // With Ctrl an hour at a time.
    const step = event.ctrlKey ? CELLS_PER_HOUR : 1;
    const to = {
      row: Math.min(Math.max(at.row + (move?.[0] ?? 0), 0), order.length - 1),
      cell: edge ?? Math.min(Math.max(at.cell + (move?.[1] ?? 0) * step, 0), CELLS_PER_DAY - 1),
    };
    // Shift carries on what the cell that one comes from is.
    if (event.shiftKey) onChange(stroked(rows, order, { from: at, to, isOn }));
    focus(to);
  };
  return (
    <Box>
      <Box
        aria-hidden
        sx={{ display: "flex", pl: `${LABEL_WIDTH_PX}px`, fontSize: "0.6875rem", color: "text.secondary" }}
      >
        {Array.from({ length: 24 / LABEL_HOURS }, (_, label) => (
          <Box key={clockOf(label * LABEL_HOURS * 60)} sx={{ flex: "1 1 0" }}>
            {clockOf(label * LABEL_HOURS * 60)}
          </Box>
        ))}
      </Box>
      <Grid
        ref={grid}
        role="grid"
        aria-label={w.schedules.grid}
        onKeyDown={onKey}
        onPointerDown={(event) => {
          const at = cellAt(event.target as Element);
          if (at === null || event.button !== 0) return;
          setCursor(at);
          setStroke({ from: at, to: at, isOn: !isOnAt(at) });
        }}
      >
        <tbody>
          {order.map(({ key, label }, place) => {
            // What a weekday's night takes of the next day is shown there; what follows a day type can be any day.
            const eve = typeof key === "number" ? null : DAYS[(DAYS.indexOf(key) + 6) % DAYS.length];
            return (
              <Row
                key={key}
                place={place}
                label={label}
                spans={spansOf(place)}
                night={eve ? nightOf(shown.get(eve) ?? none) : 0}
                cursor={cursor.row === place ? cursor.cell : null}
                isFirstType={typeof key === "number" && typeof order[place - 1]?.key === "string"}
              />
            );
          })}
        </tbody>
      </Grid>
      <Typography variant="caption" sx={{ color: "text.secondary" }}>
        {w.schedules.gridHelp}
      </Typography>
    </Box>
  );
}
