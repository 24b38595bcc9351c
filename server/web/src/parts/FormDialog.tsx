// A dialog with fields that are saved together.

import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import Stack from "@mui/material/Stack";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useId } from "react";
import { w } from "../words";
import { Trouble } from "./Trouble";

type Props = {
  title: string;
  submit: string;
  /** Saves; the dialog closes when it has. */
  act: () => Promise<unknown>;
  onClose: () => void;
  /** Beside the buttons, for what is more than cancelling. */
  extra?: ReactNode;
  width?: "sm" | "md" | "lg";
  canSubmit?: boolean;
  /** Marks what takes something away. */
  danger?: boolean;
  children: (error: unknown) => ReactNode;
};

/** However long the fields are, they scroll and the buttons stay. */
export const buttonsInSight = { display: "flex", flexDirection: "column", minHeight: 0 } as const;

export function FormDialog(props: Props) {
  const { title, submit, act, onClose, extra, width = "sm", canSubmit = true, danger = false, children } = props;
  const heading = useId();
  const save = useMutation({ mutationFn: act, onSuccess: onClose });
  return (
    <Dialog open onClose={onClose} maxWidth={width} aria-labelledby={heading}>
      <form
        style={buttonsInSight}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <DialogTitle id={heading}>{title}</DialogTitle>
        <DialogContent>
          <Stack spacing={2.5} sx={{ pt: 1 }}>
            {children(save.error)}
            <Trouble error={save.error} />
          </Stack>
        </DialogContent>
        <DialogActions>
          {extra}
          <Button onClick={onClose}>{w.act.cancel}</Button>
          <Button
            type="submit"
            variant="contained"
            color={danger ? "error" : "primary"}
            disabled={!canSubmit}
            loading={save.isPending}
          >
            {submit}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
