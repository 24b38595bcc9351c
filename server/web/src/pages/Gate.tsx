// The sheet on which one signs in or sets up an account.

import Box from "@mui/material/Box";
import Paper from "@mui/material/Paper";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { queries } from "../api/queries";
import { ModeBanner } from "../frame/Frame";
import { w } from "../words";

export function Gate({ title, children, width = 400 }: { title: string; children: ReactNode; width?: number }) {
  const { data: installation } = useQuery(queries.installation);
  useEffect(() => {
    document.title = `${title} · ${w.product}`;
  }, [title]);
  return (
    <Box sx={{ minHeight: "100dvh", display: "flex", flexDirection: "column" }}>
      <ModeBanner mode={installation?.mode} />
      <Stack component="main" sx={{ flex: 1, alignItems: "center", justifyContent: "center", p: 3 }} spacing={3}>
        <Stack direction="row" spacing={1.5} sx={{ alignItems: "center" }}>
          <Box component="img" src="/assets/icon.svg" alt="" sx={{ width: 36, height: 36 }} />
          <Typography sx={{ fontWeight: 700, fontSize: "1.375rem", letterSpacing: "-0.02em" }}>{w.product}</Typography>
        </Stack>
        <Paper variant="outlined" sx={{ p: 4, width: "100%", maxWidth: width }}>
          <Typography variant="h1" sx={{ mb: 3 }}>
            {title}
          </Typography>
          {children}
        </Paper>
        <Typography variant="caption" sx={{ color: "text.secondary" }}>
          {installation?.build}
        </Typography>
      </Stack>
    </Box>
  );
}
