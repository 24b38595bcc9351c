// What a guard watches: alarms, entries, and the selected one in detail.

import Box from "@mui/material/Box";
import Paper from "@mui/material/Paper";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { w } from "../words";
import { Alarms } from "./Alarms";
import { Entries } from "./Entries";
import { EventDetail } from "./EventDetail";

export function Live() {
  const { event } = useSearch({ from: "/signed-in/" });
  const navigate = useNavigate();
  const select = (position: number | null) =>
    void navigate({ to: "/", search: position === null ? {} : { event: position }, replace: true });
  useEffect(() => {
    document.title = `${w.live.title} · ${w.product}`;
  }, []);
  return (
    <Box
      sx={{
        display: "grid",
        gridTemplateColumns: {
          xs: "minmax(0, 1fr)",
          // A tablet gives the room to the rows until one of them is selected.
          md: event === undefined ? "minmax(0, 1fr)" : "minmax(0, 1fr) 300px",
          lg: "minmax(0, 1fr) 320px",
          xl: "minmax(0, 1fr) 420px",
        },
        gap: 2,
        height: { xs: "auto", md: "100%" },
      }}
    >
      <Stack spacing={2} sx={{ minHeight: 0, minWidth: 0 }}>
        <Typography variant="h1">{w.live.title}</Typography>
        <Alarms />
        <Entries selected={event ?? null} onSelect={select} />
      </Stack>
      <Paper
        variant="outlined"
        component="aside"
        aria-label={w.live.detail}
        sx={{
          p: 2.5,
          overflow: "auto",
          minHeight: 0,
          borderRadius: 2,
          order: { xs: -1, md: 0 },
          display: { xs: event === undefined ? "none" : "block", lg: "block" },
        }}
      >
        {event === undefined ? (
          <Typography sx={{ color: "text.secondary" }}>{w.live.detailEmpty}</Typography>
        ) : (
          <EventDetail key={event} position={event} />
        )}
      </Paper>
    </Box>
  );
}
