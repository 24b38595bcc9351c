// The page behind a one-time link: first operator, invited operator, or a new authenticator.

import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { QRCodeSVG } from "qrcode.react";
import { useState } from "react";
import { api, bodyOf, Problem } from "../api/client";
import { queries } from "../api/queries";
import type { SetupAnswer, SetupLook } from "../api/types";
import { Waiting } from "../parts/Page";
import { Trouble } from "../parts/Trouble";
import { w } from "../words";
import { Gate } from "./Gate";

const PASSWORD_CHARS = { min: 15, max: 128 };

export function SetUp() {
  // The token stands behind the #, so that it never reaches a server's log.
  const [token] = useState(() => window.location.hash.slice(1));
  const look = useQuery({
    queryKey: ["setup", token],
    queryFn: () => bodyOf(api.POST("/api/v1/setup/look", { body: { token } })),
    enabled: token !== "",
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
  const title = look.data?.purpose === "totp_reset" ? w.setUp.titleReset : w.setUp.title;
  return (
    <Gate title={title} width={560}>
      {token === "" && <Typography>{w.setUp.noToken}</Typography>}
      <Trouble error={look.error} />
      {look.isLoading && <Waiting />}
      {look.data && <SetUpForm token={token} look={look.data} />}
    </Gate>
  );
}

function SetUpForm({ token, look }: { token: string; look: SetupLook }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const isReset = look.purpose === "totp_reset";
  const asksName = !isReset && !look.name;
  const [name, setName] = useState("");
  const [displayName, setDisplayName] = useState(look.display_name ?? "");
  const [password, setPassword] = useState("");
  const [repeat, setRepeat] = useState("");
  const [totp, setTotp] = useState("");
  const finish = useMutation({
    mutationFn: () => {
      const account: Partial<SetupAnswer> = isReset ? { password } : { display_name: displayName.trim(), password };
      const named: Partial<SetupAnswer> = asksName ? { name: name.trim() } : {};
      return bodyOf(api.POST("/api/v1/setup", { body: { token, totp, ...account, ...named } }));
    },
    onSuccess: (session) => {
      client.setQueryData(queries.session.queryKey, session);
      void navigate({ to: "/", replace: true });
    },
  });
  const wrong = (field: string) => (finish.error instanceof Problem ? finish.error.field(field) : undefined);
  const length = [...password].length;
  const differs = repeat !== "" && repeat !== password;
  const canSend =
    totp.length === 6 &&
    (isReset ? length > 0 : length >= PASSWORD_CHARS.min && length <= PASSWORD_CHARS.max && repeat === password);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        finish.mutate();
      }}
    >
      <Stack spacing={2.5}>
        <Typography>
          {isReset
            ? w.setUp.introReset(look.display_name ?? look.name ?? "", look.tenant.name)
            : w.setUp.intro(look.tenant.name)}
        </Typography>
        {!isReset && (
          <>
            <TextField
              label={w.setUp.name}
              helperText={wrong("name") ?? w.setUp.nameHelp}
              error={wrong("name") !== undefined}
              value={look.name ?? name}
              onChange={(event) => setName(event.target.value)}
              slotProps={{ input: { readOnly: !asksName } }}
              autoComplete="username"
              autoCapitalize="none"
              autoFocus={asksName}
              required
            />
            <TextField
              label={w.setUp.displayName}
              helperText={wrong("display_name")}
              error={wrong("display_name") !== undefined}
              value={displayName}
              onChange={(event) => setDisplayName(event.target.value)}
              autoComplete="name"
              required
            />
            <TextField
              label={w.setUp.password}
              type="password"
              helperText={
                wrong("password") ??
                (length > 0 && length < PASSWORD_CHARS.min ? w.setUp.passwordCount(length) : w.setUp.passwordHelp)
              }
              error={wrong("password") !== undefined}
              value={password}
              onChange={(event) => setPassword(event.target.value)}
              autoComplete="new-password"
              required
            />
            <TextField
              label={w.setUp.repeat}
              type="password"
              helperText={differs ? w.setUp.repeatDiffers : " "}
              error={differs}
              value={repeat}
              onChange={(event) => setRepeat(event.target.value)}
              autoComplete="new-password"
              required
            />
          </>
        )}
        {isReset && (
          <TextField
            label={w.setUp.passwordOwn}
            type="password"
            helperText={wrong("password") ?? w.setUp.passwordOwnHelp}
            error={wrong("password") !== undefined}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            autoComplete="current-password"
            required
          />
        )}
        <Typography variant="h2">{w.setUp.authenticator}</Typography>
        <Stack direction="row" spacing={3} sx={{ alignItems: "center" }}>
          <Box sx={{ bgcolor: "#fff", p: 1.5, borderRadius: 2, lineHeight: 0 }}>
            <QRCodeSVG value={look.otpauth_url} size={152} title={w.setUp.scan} />
          </Box>
          <Stack spacing={1} sx={{ minWidth: 0 }}>
            <Typography variant="body2">{w.setUp.scan}</Typography>
            <Typography variant="caption" sx={{ color: "text.secondary" }}>
              {w.setUp.secret}
            </Typography>
            <Typography
              component="code"
              aria-label={w.setUp.secret}
              sx={{ overflowWrap: "anywhere", fontFamily: "monospace" }}
            >
              {look.totp_secret}
            </Typography>
          </Stack>
        </Stack>
        <TextField
          label={w.setUp.totp}
          helperText={wrong("totp")}
          error={wrong("totp") !== undefined}
          value={totp}
          onChange={(event) => setTotp(event.target.value.replaceAll(/\D/g, "").slice(0, 6))}
          autoComplete="one-time-code"
          slotProps={{ htmlInput: { inputMode: "numeric" } }}
          required
        />
        <Trouble error={finish.error} />
        <Button type="submit" variant="contained" size="large" disabled={!canSend} loading={finish.isPending}>
          {w.setUp.submit}
        </Button>
      </Stack>
    </form>
  );
}
