// Name, number, document seen and photo: the first step of registering, and the dialog that corrects it.

import Avatar from "@mui/material/Avatar";
import Checkbox from "@mui/material/Checkbox";
import FormControlLabel from "@mui/material/FormControlLabel";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useEffect, useMemo } from "react";
import type { Schema } from "../api/client";
import { Problem } from "../api/client";
import { PhotoChooser } from "../pages/photo";
import { text, type WordOf, w, wordsOf } from "../words";

export type Draft = {
  given: string;
  family: string;
  number: string;
  /** Which document; none until it is chosen. */
  document: WordOf<"DocumentKind"> | null;
  /** Whether the operator says that they saw it: an act of their own, never presumed. */
  wasSeen: boolean;
  picture: Blob | null;
};

export const emptyDraft: Draft = { given: "", family: "", number: "", document: null, wasSeen: false, picture: null };

/** The draft as the API wants it; the document was seen now. The form lets none go without one. */
export function identityOf(draft: Draft, seenAt: Date): Schema["Identity"] {
  if (draft.document === null || !draft.wasSeen) throw new Error("no document was seen");
  return {
    name: { given: draft.given.trim(), family: draft.family.trim() },
    number: draft.number.trim() || null,
    document: { kind: draft.document, seen_at: seenAt.toISOString() },
  };
}

/** An address of a picture in memory, for as long as it is shown. */
export function useAddress(picture: Blob | null): string | undefined {
  const address = useMemo(() => (picture ? URL.createObjectURL(picture) : undefined), [picture]);
  useEffect(
    () => () => {
      if (address) URL.revokeObjectURL(address);
    },
    [address],
  );
  return address;
}

type Props = {
  draft: Draft;
  onChange: (draft: Draft) => void;
  error: unknown;
  /** The document on record, which need not be seen again. */
  kept?: Draft["document"];
};

export function IdentityForm({ draft, onChange, error, kept }: Props) {
  const picture = useAddress(draft.picture);
  const wrong = (field: string) => (error instanceof Problem ? error.field(field) : undefined);
  const isTaken = error instanceof Problem && error.code === "number_taken";
  return (
    <Stack direction={{ xs: "column", md: "row" }} spacing={4}>
      <Stack spacing={2.5} sx={{ flex: 1, maxWidth: 520 }}>
        <TextField
          label={w.person.given}
          value={draft.given}
          onChange={(event) => onChange({ ...draft, given: event.target.value })}
          error={wrong("name.given") !== undefined}
          helperText={wrong("name.given")}
          autoFocus
          required
        />
        <TextField
          label={w.person.family}
          value={draft.family}
          onChange={(event) => onChange({ ...draft, family: event.target.value })}
          error={wrong("name.family") !== undefined}
          helperText={wrong("name.family")}
          required
        />
        <TextField
          label={w.person.number}
          value={draft.number}
          onChange={(event) => onChange({ ...draft, number: event.target.value })}
          error={wrong("number") !== undefined || isTaken}
          helperText={wrong("number") ?? (isTaken ? w.problems.number_taken : w.wizard.numberHelp)}
        />
        <TextField
          select
          label={w.wizard.documentSeen}
          value={draft.document ?? ""}
          // Whoever names another document has seen another one, or none yet.
          onChange={(event) =>
            onChange({ ...draft, document: event.target.value as Draft["document"], wasSeen: false })
          }
          required
        >
          {wordsOf("DocumentKind").map((kind) => (
            <MenuItem key={kind} value={kind}>
              {text("DocumentKind", kind)}
            </MenuItem>
          ))}
        </TextField>
        {draft.document !== kept && (
          <FormControlLabel
            required
            control={
              <Checkbox
                size="small"
                checked={draft.wasSeen}
                onChange={(_, isOn) => onChange({ ...draft, wasSeen: isOn })}
              />
            }
            label={w.wizard.documentAttest}
          />
        )}
      </Stack>
      <Stack spacing={1.5} sx={{ width: 260 }}>
        <Avatar
          src={picture}
          alt={picture ? w.person.photo : ""}
          variant="rounded"
          sx={{ width: 160, height: 160, bgcolor: "action.selected" }}
        >
          <Typography variant="body2" sx={{ color: "text.primary" }}>
            {w.person.noPhoto}
          </Typography>
        </Avatar>
        <PhotoChooser onPicture={(taken) => onChange({ ...draft, picture: taken })} />
        <Typography variant="caption" sx={{ color: "text.secondary" }}>
          {w.wizard.photoHelp}
        </Typography>
      </Stack>
    </Stack>
  );
}
