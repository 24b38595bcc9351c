// What saving would change: who gains and who loses which door, counted first, names behind a click; and the rules that differ, each as
// it was and as it is. Editors hand their changes to
// `previewed`, as they would send them; nothing is saved before it is confirmed here.

import GainIcon from "@mui/icons-material/AddCircleOutlined";
import LossIcon from "@mui/icons-material/RemoveCircleOutlined";
import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { AccessDiff } from "../api/types";
import { Trouble } from "../parts/Trouble";
import { AccessDiffView } from "../rules/AccessDiffView";
import { w } from "../words";
import { askPreview, type Pending, usePending } from "./previewed";

const DAYS = [7, 31, 366];

/** Shows what waits to be confirmed. Stands once, in the frame. */
export function PreviewBeforeSave() {
  const pending = usePending();
  return pending && <PreviewDialog pending={pending} />;
}

function PreviewDialog({ pending }: { pending: Pending }) {
  const heading = useId();
  const [days, setDays] = useState(7);
  const preview = useQuery({
    queryKey: ["preview", pending.changes, days],
    queryFn: () => askPreview(pending.changes, days),
    initialData: days === 7 ? pending.diff : undefined,
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  return (
    <Dialog open onClose={pending.back} maxWidth="md" fullWidth aria-labelledby={heading}>
      <DialogTitle id={heading}>{w.preview.title}</DialogTitle>
      <DialogContent>
        <Stack spacing={2.5} aria-busy={preview.isFetching} aria-live="polite">
          {preview.data && (
            <>
              <Counts diff={preview.data} />
              <TextField
                select
                label={w.preview.within}
                value={days}
                onChange={(event) => setDays(Number(event.target.value))}
                sx={{ width: 220, mt: 1 }}
              >
                {DAYS.map((count) => (
                  <MenuItem key={count} value={count}>
                    {w.preview.ahead[count]}
                  </MenuItem>
                ))}
              </TextField>
              <AccessDiffView diff={preview.data} isAhead />
            </>
          )}
          <Trouble error={preview.error} onRetry={() => preview.refetch()} />
        </Stack>
      </DialogContent>
      <DialogActions>
        <Typography variant="body2" sx={{ color: "text.secondary", mr: "auto", pl: 1 }}>
          {w.preview.saved}
        </Typography>
        <Button onClick={pending.back}>{w.preview.back}</Button>
        <Button variant="contained" onClick={pending.confirm} autoFocus>
          {w.preview.save}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** How many gain and how many lose. */
export function Counts({ diff }: { diff: AccessDiff }) {
  const { persons_gaining, persons_losing, gained, lost } = diff.counts;
  if (persons_gaining + persons_losing === 0) {
    // Nothing is gained or lost by grants and hours; what else is asked for at a door may still be otherwise.
    return <Alert severity="info">{diff.rules.length === 0 ? w.preview.nobody : w.preview.nobodyBut}</Alert>;
  }
  return (
    <Stack direction={{ xs: "column", sm: "row" }} spacing={2}>
      {persons_gaining > 0 && (
        <Alert severity="info" icon={<GainIcon />} sx={{ flex: 1 }}>
          <strong>{w.preview.gaining(persons_gaining)}</strong>
          <div>{w.preview.places(gained)}</div>
        </Alert>
      )}
      {persons_losing > 0 && (
        <Alert severity="warning" icon={<LossIcon />} sx={{ flex: 1 }}>
          <strong>{w.preview.losing(persons_losing)}</strong>
          <div>{w.preview.places(lost)}</div>
        </Alert>
      )}
    </Stack>
  );
}
