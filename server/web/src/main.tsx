// Where the page begins.

import CssBaseline from "@mui/material/CssBaseline";
import { ThemeProvider } from "@mui/material/styles";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { onSignedOut } from "./api/client";
import { queries } from "./api/queries";
import "./fonts.css";
import { client } from "./frame/queryClient";
import { router } from "./router";
import { theme } from "./theme";

// The session has ended: whoever shows it asks again, and the frame leads to signing in.
onSignedOut(() => {
  if (client.getQueryData(queries.session.queryKey) !== undefined) {
    void client.resetQueries({ queryKey: queries.session.queryKey });
  }
});

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <ThemeProvider theme={theme} defaultMode="system">
        <CssBaseline enableColorScheme />
        <QueryClientProvider client={client}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </ThemeProvider>
    </StrictMode>,
  );
}
