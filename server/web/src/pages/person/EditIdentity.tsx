// Correcting a person's name, number, document or photo.

import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import Stack from "@mui/material/Stack";
import { useMutation } from "@tanstack/react-query";
import { useId, useRef, useState } from "react";
import { api, bodyOf, ifMatch, putPhoto } from "../../api/client";
import { type Draft, IdentityForm } from "../../enrol/IdentityForm";
import { Trouble } from "../../parts/Trouble";
import { w } from "../../words";
import type { OfPerson } from "./Thing";

export function EditIdentity({ person, onChanged, onClose }: OfPerson & { onClose: () => void }) {
  const heading = useId();
  const [draft, setDraft] = useState<Draft>({
    given: person.name?.given ?? "",
    family: person.name?.family ?? "",
    number: person.number ?? "",
    document: person.document?.kind ?? null,
    wasSeen: false,
    picture: null,
  });
  // What was saved stays saved when only the photo fails: trying again goes on from there.
  const version = useRef(person.version);
  const save = useMutation({
    mutationFn: async () => {
      const kind = draft.wasSeen && draft.document !== person.document?.kind ? draft.document : null;
      const change = api.PATCH("/api/v1/people/{id}", {
        params: { path: { id: person.id }, header: ifMatch(version.current) },
        body: {
          name: { given: draft.given.trim(), family: draft.family.trim() },
          number: draft.number.trim(),
          ...(kind !== null && { document: { kind, seen_at: new Date().toISOString() } }),
        },
      });
      version.current = (await bodyOf(change)).version;
      if (draft.picture) await putPhoto(person.id, draft.picture);
      await onChanged();
    },
    onSuccess: onClose,
  });
  return (
    <Dialog open onClose={onClose} maxWidth="md" aria-labelledby={heading}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <DialogTitle id={heading}>{w.person.editIdentity}</DialogTitle>
        <DialogContent>
          <Stack spacing={2} sx={{ pt: 1 }}>
            <IdentityForm draft={draft} onChange={setDraft} error={save.error} kept={person.document?.kind ?? null} />
            <Trouble error={save.error} />
          </Stack>
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose}>{w.act.cancel}</Button>
          <Button type="submit" variant="contained" loading={save.isPending}>
            {w.act.save}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
