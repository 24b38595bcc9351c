// Granting in a dialog, where there is no wizard around it.

import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import { useId } from "react";
import { GrantForm, type GrantTo } from "../enrol/GrantForm";
import { w } from "../words";

type Props = { title: string; to: GrantTo; onGranted: () => Promise<void>; onClose: () => void };

export function GrantDialog({ title, to, onGranted, onClose }: Props) {
  const heading = useId();
  return (
    <Dialog open onClose={onClose} maxWidth="md" aria-labelledby={heading}>
      <DialogTitle id={heading}>{title}</DialogTitle>
      <DialogContent>
        <Box sx={{ pt: 1 }}>
          <GrantForm to={to} onGranted={() => void onGranted().then(onClose)} />
        </Box>
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose}>{w.act.close}</Button>
      </DialogActions>
    </Dialog>
  );
}
