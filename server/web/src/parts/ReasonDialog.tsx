// The dialog before a dangerous act: its effect in numbers and a reason, never a bare "Are you sure?".

import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";
import { w } from "../words";
import { buttonsInSight } from "./FormDialog";
import { Trouble } from "./Trouble";

type Props = {
  title: string;
  effect?: ReactNode;
  submit: string;
  label?: string;
  help?: string;
  danger?: boolean;
  /** Carries it out; the dialog closes when it has. */
  act: (reason: string) => Promise<unknown>;
  onClose: () => void;
  children?: ReactNode;
};

export function ReasonDialog({ title, effect, submit, label, help, danger = true, act, onClose, children }: Props) {
  const [reason, setReason] = useState("");
  const heading = useId();
  const carryOut = useMutation({ mutationFn: () => act(reason.trim()), onSuccess: onClose });
  return (
    <Dialog open onClose={onClose} aria-labelledby={heading}>
      <form
        style={buttonsInSight}
        onSubmit={(event) => {
          event.preventDefault();
          carryOut.mutate();
        }}
      >
        <DialogTitle id={heading}>{title}</DialogTitle>
        <DialogContent>
          <Stack spacing={2}>
            {effect && <Typography>{effect}</Typography>}
            {children}
            <TextField
              label={label ?? w.reason.label}
              helperText={help ?? w.reason.help}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
              slotProps={{ htmlInput: { maxLength: 500 } }}
              autoFocus
              required
              multiline
              onKeyDown={(event) => {
                // Enter sends, as in every one-line field; Shift + Enter makes a new line.
                if (event.key === "Enter" && !event.shiftKey) {
                  event.preventDefault();
                  if (reason.trim() !== "" && !carryOut.isPending) carryOut.mutate();
                }
              }}
            />
            <Trouble error={carryOut.error} />
          </Stack>
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose}>{w.act.cancel}</Button>
          <Button
            type="submit"
            variant="contained"
            color={danger ? "error" : "primary"}
            disabled={reason.trim() === ""}
            loading={carryOut.isPending}
          >
            {submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
