// Operators: inviting, roles, putting out of use, a lost authenticator.

import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, bodyOf, ifMatch, Problem } from "../api/client";
import { queries } from "../api/queries";
import type { Invitation, Operator } from "../api/types";
import { useSession } from "../frame/session";
import { Copyable } from "../parts/Copyable";
import { type Column, DataTable } from "../parts/DataTable";
import { FormDialog } from "../parts/FormDialog";
import { OnceDialog } from "../parts/OnceDialog";
import { Page } from "../parts/Page";
import { ReasonDialog } from "../parts/ReasonDialog";
import { When } from "../parts/When";
import { named, text, type WordOf, w, wordsOf } from "../words";

function RoleChoice({ value, onChange }: { value: WordOf<"Role">; onChange: (role: WordOf<"Role">) => void }) {
  return (
    <TextField
      select
      label={w.operators.role}
      value={value}
      onChange={(event) => onChange(event.target.value as WordOf<"Role">)}
      helperText={named(w.operators.roleHelp, value)}
    >
      {wordsOf("Role").map((role) => (
        <MenuItem key={role} value={role}>
          {text("Role", role)}
        </MenuItem>
      ))}
    </TextField>
  );
}

function Invite({ onLink, onClose }: { onLink: (invitation: Invitation) => void; onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [displayName, setDisplayName] = useState("");
  const [role, setRole] = useState<WordOf<"Role">>("guard");
  const invite = async () => {
    const body = { name: name.trim(), display_name: displayName.trim(), role };
    onLink(await bodyOf(api.POST("/api/v1/operators", { body })));
    await client.invalidateQueries({ queryKey: queries.operators.queryKey });
  };
  return (
    <FormDialog title={w.operators.invite} submit={w.operators.invite} act={invite} onClose={onClose}>
      {(error) => {
        const wrong = (field: string) => (error instanceof Problem ? error.field(field) : undefined);
        return (
          <>
            <TextField
              label={w.operators.name}
              value={name}
              onChange={(event) => setName(event.target.value)}
              error={wrong("name") !== undefined}
              helperText={wrong("name") ?? w.setUp.nameHelp}
              autoCapitalize="none"
              autoFocus
              required
            />
            <TextField
              label={w.operators.displayName}
              value={displayName}
              onChange={(event) => setDisplayName(event.target.value)}
              error={wrong("display_name") !== undefined}
              helperText={wrong("display_name")}
              required
            />
            <RoleChoice value={role} onChange={setRole} />
          </>
        );
      }}
    </FormDialog>
  );
}

type What = "edit" | "disable" | "enable" | "reset" | "resetBoth" | "link";

export function Operators() {
  const me = useSession().operator.id;
  const client = useQueryClient();
  const operators = useQuery(queries.operators);
  const [isInviting, setInviting] = useState(false);
  const [link, setLink] = useState<Invitation | null>(null);
  const [doing, setDoing] = useState<{ what: What; operator: Operator } | null>(null);
  const [role, setRole] = useState<WordOf<"Role">>("guard");
  const [displayName, setDisplayName] = useState("");
  const changed = () => client.invalidateQueries({ queryKey: queries.operators.queryKey });
  const begin = (what: What, operator: Operator) => {
    setRole(operator.role);
    setDisplayName(operator.display_name);
    setDoing({ what, operator });
  };
  const button = (what: What, operator: Operator, label: string, name: string, isDangerous = false) => (
    <Button
      size="small"
      color={isDangerous ? "error" : "primary"}
      onClick={() => begin(what, operator)}
      aria-label={name}
    >
      {label}
    </Button>
  );
  const columns: Column<Operator>[] = [
    {
      label: w.operators.displayName,
      cell: (operator) => (
        <>
          <Typography variant="body2" sx={{ fontWeight: 650 }}>
            {operator.display_name} {operator.id === me && <Chip label={w.operators.you} variant="outlined" />}
          </Typography>
          <Typography variant="caption" sx={{ color: "text.secondary" }}>
            {operator.name}
          </Typography>
        </>
      ),
    },
    { label: w.operators.role, cell: (operator) => text("Role", operator.role) },
    {
      label: w.operators.state,
      cell: (operator) => (
        <Chip
          label={named(w.operators.states, operator.state)}
          color={operator.state === "active" ? "success" : "default"}
          variant="outlined"
        />
      ),
    },
    { label: w.operators.lastSignIn, cell: (operator) => <When at={operator.last_sign_in_at} /> },
    { label: w.operators.since, cell: (operator) => <When at={operator.created_at} /> },
    {
      label: w.act.actions,
      align: "right",
      cell: (operator) => {
        const name = operator.display_name;
        return (
          <Stack direction="row" spacing={0.5} sx={{ justifyContent: "flex-end" }}>
            {button("edit", operator, w.operators.edit, w.operators.editTitle(name))}
            {operator.state === "invited" &&
              button("link", operator, w.operators.newLink, w.operators.newLinkTitle(name))}
            {operator.id !== me &&
              operator.state === "active" &&
              button("reset", operator, w.operators.resetTotp, w.operators.resetTotpTitle(name))}
            {operator.id !== me &&
              operator.state !== "disabled" &&
              button("resetBoth", operator, w.operators.resetFactors, w.operators.resetFactorsTitle(name), true)}
            {operator.id !== me &&
              (operator.state === "disabled"
                ? button("enable", operator, w.operators.enable, w.operators.enableTitle(name))
                : button("disable", operator, w.operators.disable, w.operators.disableTitle(name), true))}
          </Stack>
        );
      },
    },
  ];
  const close = () => setDoing(null);
  const path = doing ? { id: doing.operator.id } : { id: "" };
  const name = doing?.operator.display_name ?? "";
  return (
    <Page
      title={w.operators.title}
      intro={w.operators.intro}
      action={
        <Button variant="contained" onClick={() => setInviting(true)}>
          {w.operators.invite}
        </Button>
      }
    >
      <DataTable
        label={w.operators.title}
        columns={columns}
        rows={operators.data}
        keyOf={(operator) => operator.id}
        empty={w.operators.intro}
        error={operators.error}
        onRetry={() => operators.refetch()}
      />
      {isInviting && <Invite onLink={setLink} onClose={() => setInviting(false)} />}
      {link && (
        <OnceDialog
          title={w.operators.linkTitle(link.operator.display_name)}
          text={w.operators.linkOnce}
          onClose={() => setLink(null)}
        >
          <Copyable label={w.operators.link} text={`${window.location.origin}${link.setup_path}`} />
          <Typography variant="body2">
            <When at={link.expires_at} wrap={w.operators.linkUntil} />
          </Typography>
        </OnceDialog>
      )}
      {doing?.what === "edit" && (
        <ReasonDialog
          title={w.operators.editTitle(name)}
          submit={w.act.save}
          danger={false}
          act={(reason) =>
            api
              .PATCH("/api/v1/operators/{id}", {
                params: { path, header: ifMatch(doing.operator.version) },
                body: { display_name: displayName.trim(), role, reason },
              })
              .then(changed)
          }
          onClose={close}
        >
          <TextField
            label={w.operators.displayName}
            value={displayName}
            onChange={(event) => setDisplayName(event.target.value)}
          />
          <RoleChoice value={role} onChange={setRole} />
        </ReasonDialog>
      )}
      {doing?.what === "disable" && (
        <ReasonDialog
          title={w.operators.disableTitle(name)}
          effect={w.operators.disableEffect}
          submit={w.operators.disable}
          act={(reason) =>
            api.POST("/api/v1/operators/{id}/disable", { params: { path }, body: { reason } }).then(changed)
          }
          onClose={close}
        />
      )}
      {doing?.what === "enable" && (
        <ReasonDialog
          title={w.operators.enableTitle(name)}
          effect={w.operators.enableEffect}
          submit={w.operators.enable}
          danger={false}
          act={(reason) =>
            api.POST("/api/v1/operators/{id}/enable", { params: { path }, body: { reason } }).then(changed)
          }
          onClose={close}
        />
      )}
      {doing?.what === "link" && (
        <ReasonDialog
          title={w.operators.newLinkTitle(name)}
          effect={w.operators.newLinkEffect}
          submit={w.operators.newLink}
          danger={false}
          act={async (reason) => {
            setLink(
              await bodyOf(api.POST("/api/v1/operators/{id}/setup-link", { params: { path }, body: { reason } })),
            );
            await changed();
          }}
          onClose={close}
        />
      )}
      {doing?.what === "reset" && (
        <ReasonDialog
          title={w.operators.resetTotpTitle(name)}
          effect={w.operators.resetTotpEffect}
          submit={w.operators.resetTotp}
          act={async (reason) => {
            setLink(
              await bodyOf(api.POST("/api/v1/operators/{id}/reset-totp", { params: { path }, body: { reason } })),
            );
            await changed();
          }}
          onClose={close}
        />
      )}
      {doing?.what === "resetBoth" && (
        <ReasonDialog
          title={w.operators.resetFactorsTitle(name)}
          effect={w.operators.resetFactorsEffect}
          submit={w.operators.resetFactors}
          act={async (reason) => {
            setLink(
              await bodyOf(api.POST("/api/v1/operators/{id}/reset-factors", { params: { path }, body: { reason } })),
            );
            await changed();
          }}
          onClose={close}
        />
      )}
    </Page>
  );
}
