// The first step of registering: there is no person yet. A photo that can't be kept stops nothing and loses nothing: the
// person is registered, the picture stays here, and both ways on are offered.

import Alert from "@mui/material/Alert";
import Avatar from "@mui/material/Avatar";
import Button from "@mui/material/Button";
import Paper from "@mui/material/Paper";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, bodyOf, putPhoto } from "../api/client";
import { forgetPerson } from "../api/names";
import { queries } from "../api/queries";
import type { Person } from "../api/types";
import { PhotoChooser } from "../pages/photo";
import { Page } from "../parts/Page";
import { fullName } from "../parts/Portrait";
import { Trouble } from "../parts/Trouble";
import { w } from "../words";
import { emptyDraft, IdentityForm, identityOf, useAddress } from "./IdentityForm";
import { Progress } from "./Wizard";

const STATIONS_INTERVAL_MS = 5_000;

/** Says before the person sits down that no station is ready. */
function NoStation() {
  const { data: stations } = useQuery({ ...queries.stations, refetchInterval: STATIONS_INTERVAL_MS });
  if (stations === undefined || stations.some((station) => station.state !== "offline")) return null;
  return <Alert severity="warning">{stations.length === 0 ? w.wizard.noStation : w.wizard.stationsAway}</Alert>;
}

type PhotoProps = { person: Person; picture: Blob; onDone: () => void };

function PhotoAgain({ person, picture: first, onDone, error }: PhotoProps & { error: unknown }) {
  const [picture, setPicture] = useState(first);
  const address = useAddress(picture);
  const keep = useMutation({ mutationFn: (wanted: Blob) => putPhoto(person.id, wanted), onSuccess: onDone });
  const trouble = keep.error ?? (keep.isIdle ? error : null);
  return (
    <Stack spacing={2.5}>
      <Typography role="status">{w.person.photoKept(fullName(person) ?? w.unnamed(person.id))}</Typography>
      <Trouble error={trouble} />
      <Typography sx={{ color: "text.secondary" }}>{w.person.photoOther}</Typography>
      <Avatar src={address} alt={w.person.photo} variant="rounded" sx={{ width: 160, height: 160 }} />
      <PhotoChooser onPicture={setPicture} />
      <Stack direction="row" spacing={2} sx={{ justifyContent: "flex-end" }}>
        <Button onClick={onDone}>{w.person.photoWithout}</Button>
        <Button variant="contained" size="large" loading={keep.isPending} onClick={() => keep.mutate(picture)}>
          {w.person.photoRetry}
        </Button>
      </Stack>
    </Stack>
  );
}

export function RegisterNew() {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [draft, setDraft] = useState(emptyDraft);
  const [unkept, setUnkept] = useState<{ person: Person; error: unknown } | null>(null);
  const goOn = (person: Person) => {
    forgetPerson(person.id);
    void navigate({ to: "/people/$id/register", params: { id: person.id }, search: { step: "card" } });
  };
  const create = useMutation({
    mutationFn: () => bodyOf(api.POST("/api/v1/people", { body: identityOf(draft, new Date()) })),
    onSuccess: async (person) => {
      void client.invalidateQueries({ queryKey: ["people"] });
      try {
        if (draft.picture) await putPhoto(person.id, draft.picture);
        goOn(person);
      } catch (error) {
        setUnkept({ person, error });
      }
    },
  });
  return (
    <Page title={w.wizard.title} intro={w.wizard.saved}>
      <Progress step="person" />
      <NoStation />
      <Paper variant="outlined" sx={{ p: 3 }}>
        {unkept && draft.picture ? (
          <PhotoAgain
            person={unkept.person}
            picture={draft.picture}
            error={unkept.error}
            onDone={() => goOn(unkept.person)}
          />
        ) : (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              create.mutate();
            }}
          >
            <Stack spacing={3}>
              <IdentityForm draft={draft} onChange={setDraft} error={create.error} />
              <Trouble error={create.error} />
              <Button
                type="submit"
                variant="contained"
                size="large"
                loading={create.isPending}
                sx={{ alignSelf: "flex-end" }}
              >
                {w.act.next}
              </Button>
            </Stack>
          </form>
        )}
      </Paper>
    </Page>
  );
}
