// A year to be painted with day types: by mouse and by finger from day to day, by keyboard one day in the tab order of each month.

import Box from "@mui/material/Box";
import { styled } from "@mui/material/styles";
import Typography from "@mui/material/Typography";
import { type KeyboardEvent, memo, useEffect, useRef, useState } from "react";
import { dayText, monthText } from "../time";
import { text, w, wordsOf } from "../words";
import { type Day, dayAfter, daysBetween, weeksOf } from "./year";

export type Types = ReadonlyMap<Day, number>;

/** Marks of the eight day types: colour, and a letter so that nothing hangs on colour alone. */
export const MARKS = ["A", "B", "C", "D", "E", "F", "G", "H"];
const HUES = [222, 152, 28, 275, 340, 190, 60, 0];

const Months = styled("div")(({ theme }) => {
  const { palette } = theme.vars ?? theme;
  return {
    display: "grid",
    gap: 24,
    alignItems: "start",
    gridTemplateColumns: "repeat(auto-fill, minmax(232px, 1fr))",
    userSelect: "none",
    "& table": { borderCollapse: "collapse", fontVariantNumeric: "tabular-nums", fontSize: "0.8125rem" },
    "& th": { fontWeight: 600, color: palette.text.secondary, fontSize: "0.75rem", padding: 2, width: 32 },
    "& td": { padding: 1 },
    "& button": {
      width: 30,
      height: 28,
      padding: 0,
      border: `1px solid transparent`,
      borderRadius: 6,
      background: "none",
      color: palette.text.primary,
      font: "inherit",
      fontSize: "0.8125rem",
      cursor: "pointer",
      touchAction: "none",
      position: "relative",
    },
    "& button:hover:not(:disabled)": { borderColor: palette.divider },
    "& button[data-type]": { fontWeight: 700, borderColor: palette.text.secondary },
    ...Object.fromEntries(
      HUES.map((hue, type) => [
        `& button[data-type="${type}"]`,
        { background: `light-dark(hsl(${hue} 70% 88%), hsl(${hue} 45% 26%))` },
      ]),
    ),
    "& button[data-type]::after": {
      content: "attr(data-mark)",
      position: "absolute",
      right: 2,
      top: 0,
      fontSize: "0.5625rem",
      fontWeight: 700,
    },
  };
});

type MonthProps = {
  year: number;
  month: number;
  types: Types;
  typeName: (type: number) => string;
  cursor: Day | null;
  isReadOnly: boolean;
};

const Month = memo(function Month({ year, month, types, typeName, cursor, isReadOnly }: MonthProps) {
  const name = monthText(year, month);
  const weeks = weeksOf(year, month);
  const days = weeks.flat().filter((day) => day !== null);
  // The month's one day in the tab order.
  const stop = cursor !== null && days.includes(cursor) ? cursor : days[0];
  return (
    <table aria-label={name}>
      <caption style={{ captionSide: "top", textAlign: "left" }}>
        <Typography component="span" variant="h3">
          {name}
        </Typography>
      </caption>
      <thead>
        <tr>
          {wordsOf("Weekday").map((weekday) => (
            <th key={weekday} scope="col">
              {text("Weekday", weekday).slice(0, 2)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {weeks.map((week) => (
          <tr key={week.find((day) => day !== null)}>
            {week.map((day, place) => {
              // biome-ignore lint/suspicious/noArrayIndexKey: an empty place is known by nothing else
              if (day === null) return <td key={place} />;
              const type = types.get(day);
              return (
                <td key={day}>
                  <button
                    type="button"
                    data-day={day}
                    data-type={type}
                    data-mark={type === undefined ? undefined : MARKS[type]}
                    disabled={isReadOnly}
                    tabIndex={day === stop ? 0 : -1}
                    aria-pressed={type !== undefined}
                    aria-label={w.calendars.day(dayText(day), type === undefined ? null : typeName(type))}
                  >
                    {Number(day.slice(8))}
                  </button>
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
});

const moves: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

function dayAt(element: Element | null): Day | null {
  return element?.closest<HTMLElement>("[data-day]")?.dataset.day ?? null;
}

type Stroke = { from: Day; to: Day; type: number | null };

function stroked(types: Types, { from, to, type }: Stroke): Types {
  const after = new Map(types);
  for (const day of daysBetween(from, to)) {
    if (type === null) after.delete(day);
    else after.set(day, type);
  }
  return after;
}

type Props = {
  year: number;
  types: Types;
  /** The type that is painted; none takes types away. */
  brush: number | null;
  typeName: (type: number) => string;
  onChange: (types: Types) => void;
  isReadOnly: boolean;
};

export function YearGrid({ year, types, brush, typeName, onChange, isReadOnly }: Props) {
  const [stroke, setStroke] = useState<Stroke | null>(null);
  const [cursor, setCursor] = useState<Day | null>(null);
  const months = useRef<HTMLDivElement>(null);
  const shown = stroke ? stroked(types, stroke) : types;
  /** A day that has the brush's type already loses it. */
  const paintOf = (day: Day) => (brush !== null && types.get(day) === brush ? null : brush);
  useEffect(() => {
    if (stroke === null) return;
    const move = (event: PointerEvent) => {
      const to = dayAt(document.elementFromPoint(event.clientX, event.clientY));
      if (to !== null && to !== stroke.to) setStroke({ ...stroke, to });
    };
    const end = () => {
      onChange(stroked(types, stroke));
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
  }, [stroke, types, onChange]);
  const onKey = (event: KeyboardEvent) => {
    const at = dayAt(event.target as Element);
    if (at === null || isReadOnly) return;
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      onChange(stroked(types, { from: at, to: at, type: paintOf(at) }));
      return;
    }
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const to = dayAfter(at, move);
    if (Number(to.slice(0, 4)) !== year) return;
    // Shift carries on what the day that one comes from is.
    if (event.shiftKey) onChange(stroked(types, { from: at, to, type: types.get(at) ?? null }));
    setCursor(to);
    months.current?.querySelector<HTMLElement>(`[data-day="${to}"]`)?.focus();
  };
  return (
    <Box>
      <Months
        ref={months}
        role="group"
        aria-label={w.calendars.yearOf(year)}
        onKeyDown={onKey}
        onPointerDown={(event) => {
          const day = dayAt(event.target as Element);
          if (day === null || event.button !== 0 || isReadOnly) return;
          setCursor(day);
          setStroke({ from: day, to: day, type: paintOf(day) });
        }}
      >
        {Array.from({ length: 12 }, (_, month) => (
          <Month
            // biome-ignore lint/suspicious/noArrayIndexKey: a month is its number
            key={month}
            year={year}
            month={month}
            types={shown}
            typeName={typeName}
            cursor={cursor}
            isReadOnly={isReadOnly}
          />
        ))}
      </Months>
    </Box>
  );
}
