// What is done with a person's card at a station, in a dialog over the person's page.

import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useId, useState } from "react";
import type { Schema } from "../../api/client";
import { Dialogue } from "../../enrol/Dialogue";
import { Leaving } from "../../enrol/leaving";
import { w } from "../../words";

type Props = {
  personId: string;
  title: string;
  effect: string;
  want: Schema["Want"];
  needsReason?: boolean;
  onDone: () => Promise<void>;
  onClose: () => void;
};

export function AtStation({ personId, title, effect, want, needsReason = false, onDone, onClose }: Props) {
  const heading = useId();
  const [reason, setReason] = useState("");
  const why = reason.trim();
  return (
    <Dialog open onClose={onClose} aria-labelledby={heading} maxWidth="sm" fullWidth>
      <DialogTitle id={heading}>{title}</DialogTitle>
      <DialogContent>
        <Leaving>
          <Stack spacing={2}>
            <Typography>{effect}</Typography>
            {needsReason && (
              <TextField
                label={w.reason.label}
                helperText={w.reason.help}
                value={reason}
                onChange={(event) => setReason(event.target.value)}
                slotProps={{ htmlInput: { maxLength: 500 } }}
                autoFocus
                required
              />
            )}
            <Dialogue
              personId={personId}
              want={want}
              start={w.person.atStation}
              disabled={needsReason && why === ""}
              {...(needsReason ? { reason: why } : {})}
              onDone={() => void onDone()}
            />
          </Stack>
        </Leaving>
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose}>{w.act.close}</Button>
      </DialogActions>
    </Dialog>
  );
}
