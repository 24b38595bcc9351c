// One thing that a person has, as a line: what it is, how it stands, what can be done.

import Box from "@mui/material/Box";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import type { ReactNode } from "react";
import type { PersonDetail } from "../../api/types";

export type OfPerson = { person: PersonDetail; onChanged: () => Promise<void> };

export function Thing({
  title,
  chips,
  children,
  action,
}: {
  title: ReactNode;
  chips?: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <Stack
      component="li"
      direction="row"
      useFlexGap
      sx={{
        flexWrap: "wrap",
        alignItems: "center",
        columnGap: 2,
        rowGap: 0.5,
        py: 1,
        borderTop: 1,
        borderColor: "divider",
        "&:first-of-type": { borderTop: 0 },
      }}
    >
      <Box sx={{ flex: "1 1 240px", minWidth: 0 }}>
        <Stack direction="row" useFlexGap spacing={1} sx={{ alignItems: "center", flexWrap: "wrap", rowGap: 0.5 }}>
          <Typography sx={{ fontWeight: 600, fontSize: "0.875rem" }}>{title}</Typography>
          {chips}
        </Stack>
        {children && (
          <Typography component="div" variant="body2" sx={{ color: "text.secondary" }}>
            {children}
          </Typography>
        )}
      </Box>
      {/* What does not fit beside it stands below, and takes no room from the text. */}
      {action && <Box sx={{ ml: "auto" }}>{action}</Box>}
    </Stack>
  );
}

export function Things({ children }: { children: ReactNode }) {
  return (
    <Box component="ul" sx={{ m: 0, p: 0, listStyle: "none" }}>
      {children}
    </Box>
  );
}
