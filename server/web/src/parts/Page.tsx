// A page: a title that says what it is, at most one primary action, and what it shows.

import Box from "@mui/material/Box";
import Paper from "@mui/material/Paper";
import Skeleton from "@mui/material/Skeleton";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { type ReactNode, useEffect } from "react";
import { w } from "../words";

type PageProps = { title: string; intro?: ReactNode; action?: ReactNode; children: ReactNode; wide?: boolean };

/** What the browser calls a page. */
export function usePageTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · ${w.product}`;
  }, [title]);
}

export function Page({ title, intro, action, children, wide = false }: PageProps) {
  usePageTitle(title);
  return (
    <Stack spacing={3} sx={{ maxWidth: wide ? "none" : 1280, mx: "auto", width: "100%" }}>
      <Stack
        direction="row"
        spacing={2}
        sx={{ alignItems: "flex-end", justifyContent: "space-between", flexWrap: "wrap" }}
      >
        <Box sx={{ flex: "1 1 0", minWidth: 280 }}>
          <Typography variant="h1">{title}</Typography>
          {intro && <Typography sx={{ color: "text.secondary", mt: 0.5, maxWidth: 720 }}>{intro}</Typography>}
        </Box>
        {action}
      </Stack>
      {children}
    </Stack>
  );
}

/** A block of a page with its own heading. */
export function Section({ title, action, children }: { title: string; action?: ReactNode; children: ReactNode }) {
  return (
    <Paper variant="outlined" component="section" aria-label={title} sx={{ p: 2.5 }}>
      <Stack direction="row" sx={{ alignItems: "center", justifyContent: "space-between", mb: 1.5, minHeight: 32 }}>
        <Typography variant="h2">{title}</Typography>
        {action}
      </Stack>
      {children}
    </Paper>
  );
}

/** What an empty list says: the first step. */
export function Empty({ children }: { children: ReactNode }) {
  return (
    <Typography
      sx={{
        color: "text.secondary",
        py: 4,
        px: 2,
        textAlign: "center",
        maxWidth: 560,
        mx: "auto",
        alignSelf: "center",
      }}
    >
      {children}
    </Typography>
  );
}

/** Lines where content will stand. */
export function Waiting({ lines = 5 }: { lines?: number }) {
  return (
    <Stack spacing={1} role="status" aria-label={w.loading} sx={{ p: 2 }}>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines are all alike
        <Skeleton key={line} variant="rounded" height={28} />
      ))}
    </Stack>
  );
}
