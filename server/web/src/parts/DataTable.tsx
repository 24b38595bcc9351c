// A dense table with a name, in which a row may lead somewhere.

import Paper from "@mui/material/Paper";
import Table from "@mui/material/Table";
import TableBody from "@mui/material/TableBody";
import TableCell from "@mui/material/TableCell";
import TableContainer from "@mui/material/TableContainer";
import TableHead from "@mui/material/TableHead";
import TableRow from "@mui/material/TableRow";
import type { ReactNode } from "react";
import { Empty, Waiting } from "./Page";
import { Trouble } from "./Trouble";

/** A column; one that is `isWideOnly` gives way on a tablet, where the row's page or detail says it, or on one held upright (`md`). */
export type Column<T> = {
  label: string;
  cell: (row: T) => ReactNode;
  width?: number | string;
  align?: "right";
  isWideOnly?: boolean | "md";
};

type Props<T> = {
  label: string;
  columns: Column<T>[];
  rows: T[] | undefined;
  keyOf: (row: T) => string | number;
  empty: ReactNode;
  /** Why there are no rows, if they could not be read. */
  error?: unknown;
  onRetry?: () => void;
  onOpen?: (row: T) => void;
  isSelected?: (row: T) => boolean;
};

function shown<T>({ isWideOnly }: Column<T>) {
  if (!isWideOnly) return undefined;
  return { display: { xs: "none", [isWideOnly === "md" ? "md" : "lg"]: "table-cell" } };
}

export function DataTable<T>(props: Props<T>) {
  const { label, columns, rows, keyOf, empty, error, onRetry, onOpen, isSelected } = props;
  // Place holders would promise rows that do not come.
  if (rows === undefined && error) return <Trouble error={error} onRetry={onRetry} />;
  return (
    <TableContainer component={Paper} variant="outlined">
      <Trouble error={error} onRetry={onRetry} />
      {rows === undefined ? (
        <Waiting lines={8} />
      ) : rows.length === 0 ? (
        <Empty>{empty}</Empty>
      ) : (
        <Table aria-label={label}>
          <TableHead>
            <TableRow>
              {columns.map((column) => (
                <TableCell key={column.label} width={column.width} align={column.align} sx={shown(column)}>
                  {column.label}
                </TableCell>
              ))}
            </TableRow>
          </TableHead>
          <TableBody>
            {rows.map((row) => (
              <TableRow
                key={keyOf(row)}
                hover={onOpen !== undefined}
                selected={isSelected?.(row)}
                onClick={onOpen && (() => onOpen(row))}
                tabIndex={onOpen && 0}
                onKeyDown={(event) => {
                  if (onOpen && event.key === "Enter" && event.target === event.currentTarget) onOpen(row);
                }}
                sx={onOpen && { cursor: "pointer" }}
              >
                {columns.map((column) => (
                  <TableCell key={column.label} align={column.align} sx={shown(column)}>
                    {column.cell(row)}
                  </TableCell>
                ))}
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
    </TableContainer>
  );
}
