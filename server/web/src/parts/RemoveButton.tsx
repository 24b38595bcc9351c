// Removes something that nothing else uses: says what goes, and asks once more on the same spot.

import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { NotConfirmed } from "../preview/previewed";
import { w } from "../words";
import { troubleText } from "./Trouble";

type Props = { label: string; effect: string; act: () => Promise<unknown>; onDone: () => void };

export function RemoveButton({ label, effect, act, onDone }: Props) {
  const [isAsking, setAsking] = useState(false);
  const remove = useMutation({ mutationFn: act, onSuccess: onDone });
  // Who looked at what would come of it and went back has no trouble.
  const trouble = remove.error instanceof NotConfirmed ? null : remove.error;
  if (!isAsking) {
    return (
      <Button color="error" onClick={() => setAsking(true)} sx={{ mr: "auto" }}>
        {label}
      </Button>
    );
  }
  return (
    <Alert
      severity={trouble ? "error" : "warning"}
      sx={{ mr: "auto" }}
      action={
        <Button color="inherit" size="small" onClick={() => remove.mutate()} loading={remove.isPending} autoFocus>
          {w.act.remove}
        </Button>
      }
    >
      {trouble ? troubleText(trouble).text : effect}
    </Alert>
  );
}
