// Signing in: organisation, name, password and code, all at once; the answer never says which was wrong.

import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { api, bodyOf, Problem } from "../api/client";
import { queries } from "../api/queries";
import { Trouble } from "../parts/Trouble";
import { w } from "../words";
import { Gate } from "./Gate";

export function SignIn() {
  const { to } = useSearch({ from: "/sign-in" });
  const navigate = useNavigate();
  const client = useQueryClient();
  const { data: installation } = useQuery(queries.installation);
  const tenants = installation?.tenants ?? [];
  const [tenant, setTenant] = useState<string | null>(null);
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [totp, setTotp] = useState("");
  const slug = tenant ?? tenants[0]?.slug ?? "";
  const signIn = useMutation({
    mutationFn: () =>
      bodyOf(api.POST("/api/v1/session", { body: { tenant: slug.trim(), name: name.trim(), password, totp } })),
    onSuccess: (session) => {
      client.setQueryData(queries.session.queryKey, session);
      // Only addresses of this page; the router knows no others.
      void navigate({ href: to?.startsWith("/") && !to.startsWith("//") ? to : "/", replace: true });
    },
    onError: () => setTotp(""),
  });
  const waitSeconds = signIn.error instanceof Problem ? signIn.error.retryAfterSeconds : null;
  return (
    <Gate title={w.signIn.title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          signIn.mutate();
        }}
      >
        <Stack spacing={2.5}>
          {tenants.length > 0 ? (
            <TextField select label={w.signIn.tenant} value={slug} onChange={(event) => setTenant(event.target.value)}>
              {tenants.map((known) => (
                <MenuItem key={known.slug} value={known.slug}>
                  {known.name}
                </MenuItem>
              ))}
            </TextField>
          ) : (
            <TextField
              label={w.signIn.tenant}
              value={slug}
              onChange={(event) => setTenant(event.target.value)}
              autoComplete="organization"
              autoCapitalize="none"
              required
            />
          )}
          <TextField
            label={w.signIn.name}
            value={name}
            onChange={(event) => setName(event.target.value)}
            autoComplete="username"
            autoCapitalize="none"
            autoFocus
            required
          />
          <TextField
            label={w.signIn.password}
            type="password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            autoComplete="current-password"
            required
          />
          <TextField
            label={w.signIn.totp}
            helperText={w.signIn.totpHelp}
            value={totp}
            onChange={(event) => setTotp(event.target.value.replaceAll(/\D/g, "").slice(0, 6))}
            autoComplete="one-time-code"
            slotProps={{ htmlInput: { inputMode: "numeric" } }}
            required
          />
          <Trouble error={signIn.error} />
          {waitSeconds !== null && <Typography variant="body2">{w.signIn.wait(waitSeconds)}</Typography>}
          <Button type="submit" variant="contained" size="large" loading={signIn.isPending}>
            {w.signIn.submit}
          </Button>
          <Typography variant="caption" sx={{ color: "text.secondary" }}>
            {w.signIn.lost}
          </Typography>
        </Stack>
      </form>
    </Gate>
  );
}
