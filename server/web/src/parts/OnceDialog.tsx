// Something that is shown once and never again, such as a token.

import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import Stack from "@mui/material/Stack";
import { type ReactNode, useId } from "react";
import { w } from "../words";

type Props = { title: string; text: string; children: ReactNode; onClose: () => void };

export function OnceDialog({ title, text, children, onClose }: Props) {
  const heading = useId();
  return (
    // A click beside it must not lose what can't be shown again.
    <Dialog open maxWidth="md" aria-labelledby={heading}>
      <DialogTitle id={heading}>{title}</DialogTitle>
      <DialogContent>
        <Stack spacing={2.5}>
          <Alert severity="info">{text}</Alert>
          {children}
        </Stack>
      </DialogContent>
      <DialogActions>
        <Button variant="contained" onClick={onClose}>
          {w.act.close}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
