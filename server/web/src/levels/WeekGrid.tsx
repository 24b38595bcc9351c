// The week to be painted: by dragging, and by keyboard with one cell in the tab order.

import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { text, w } from "../words";
import { CELL_MINUTES, CELLS_PER_DAY, clockOf, DAYS, type Week } from "./week";

type Cell = { day: number; cell: number };

/** Every this many cells there is a label and a line. */
const LABEL_CELLS = 6;

function painted(week: Week, from: Cell, to: Cell, isOn: boolean): Week {
  const within = (value: number, one: number, other: number) =>
    value >= Math.min(one, other) && value <= Math.max(one, other);
  return week.map((row, day) =>
    row.map((was, cell) => (within(day, from.day, to.day) && within(cell, from.cell, to.cell) ? isOn : was)),
  );
}

const moves: Record<string, [number, number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

export function WeekGrid({ week, onChange }: { week: Week; onChange: (week: Week) => void }) {
  const [stroke, setStroke] = useState<{ from: Cell; to: Cell; isOn: boolean } | null>(null);
  const [cursor, setCursor] = useState<Cell>({ day: 0, cell: 14 });
  const grid = useRef<HTMLDivElement>(null);
  const shown = stroke ? painted(week, stroke.from, stroke.to, stroke.isOn) : week;
  useEffect(() => {
    if (stroke === null) return;
    const end = () => {
      onChange(painted(week, stroke.from, stroke.to, stroke.isOn));
      setStroke(null);
    };
    window.addEventListener("pointerup", end);
    return () => window.removeEventListener("pointerup", end);
  }, [stroke, week, onChange]);
  const focus = (cell: Cell) => {
    setCursor(cell);
    grid.current?.querySelector<HTMLElement>(`[data-cell="${cell.day}-${cell.cell}"]`)?.focus();
  };
  const onKey = (event: KeyboardEvent, at: Cell) => {
    const isOn = week[at.day]?.[at.cell] ?? false;
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      onChange(painted(week, at, at, !isOn));
      return;
    }
    const move = moves[event.key];
    const edge = { Home: 0, End: CELLS_PER_DAY - 1 }[event.key];
    if (!move && edge === undefined) return;
    event.preventDefault();
    const to = {
      day: Math.min(Math.max(at.day + (move?.[0] ?? 0), 0), DAYS.length - 1),
      cell: edge ?? Math.min(Math.max(at.cell + (move?.[1] ?? 0), 0), CELLS_PER_DAY - 1),
    };
    // Shift carries on what the cell that one comes from is.
    if (event.shiftKey) onChange(painted(week, at, to, isOn));
    focus(to);
  };
  return (
    <Box>
      <Box
        ref={grid}
        role="grid"
        aria-label={w.schedules.grid}
        sx={{ userSelect: "none", touchAction: "none", overflowX: "auto", pb: 0.5 }}
      >
        <Box aria-hidden sx={{ display: "flex", pl: 6, fontSize: "0.6875rem", color: "text.secondary" }}>
          {Array.from({ length: CELLS_PER_DAY / LABEL_CELLS }, (_, label) => (
            <Box key={clockOf(label * LABEL_CELLS * CELL_MINUTES)} sx={{ flex: 1 }}>
              {clockOf(label * LABEL_CELLS * CELL_MINUTES)}
            </Box>
          ))}
        </Box>
        {shown.map((row, day) => (
          <Box key={DAYS[day]} role="row" sx={{ display: "flex", alignItems: "center" }}>
            <Box role="rowheader" sx={{ width: 48, fontSize: "0.8125rem", fontWeight: 600, flexShrink: 0 }}>
              {text("Weekday", DAYS[day])}
            </Box>
            {row.map((isOn, cell) => {
              const from = clockOf(cell * CELL_MINUTES);
              const to = clockOf((cell + 1) * CELL_MINUTES);
              const isCursor = cursor.day === day && cursor.cell === cell;
              return (
                <Box
                  key={from}
                  role="gridcell"
                  data-cell={`${day}-${cell}`}
                  tabIndex={isCursor ? 0 : -1}
                  aria-selected={isOn}
                  aria-label={w.schedules.cell(text("Weekday", DAYS[day]), from, to, isOn)}
                  onPointerDown={(event) => {
                    event.currentTarget.releasePointerCapture(event.pointerId);
                    setCursor({ day, cell });
                    setStroke({ from: { day, cell }, to: { day, cell }, isOn: !isOn });
                  }}
                  onPointerEnter={() => setStroke((before) => before && { ...before, to: { day, cell } })}
                  onKeyDown={(event) => onKey(event, { day, cell })}
                  sx={{
                    flex: 1,
                    minWidth: 10,
                    height: 28,
                    cursor: "pointer",
                    bgcolor: isOn ? "primary.main" : "background.default",
                    borderTop: 1,
                    borderBottom: 1,
                    borderLeft: 1,
                    borderColor: cell % LABEL_CELLS === 0 ? "text.secondary" : "divider",
                    borderTopColor: "divider",
                    borderBottomColor: "divider",
                    "&:focus-visible": {
                      outlineOffset: -2,
                      outlineColor: isOn ? "primary.contrastText" : undefined,
                      zIndex: 1,
                    },
                  }}
                />
              );
            })}
          </Box>
        ))}
      </Box>
      <Typography variant="caption" sx={{ color: "text.secondary" }}>
        {w.schedules.gridHelp}
      </Typography>
    </Box>
  );
}
