// Removes something that nothing else uses: says what goes, and asks once more on the same spot.

import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { w } from "../words";
import { troubleText } from "./Trouble";

type Props = { label: string; effect: string; act: () => Promise<unknown>; onDone: () => void };

export function RemoveButton({ label, effect, act, onDone }: Props) {
  const [isAsking, setAsking] = useState(false);
  const remove = useMutation({ mutationFn: act, onSuccess: onDone });
  if (!isAsking) {
    return (
      <Button color="error" onClick={() => setAsking(true)} sx={{ mr: "auto" }}>
        {label}
      </Button>
    );
  }
  return (
    <Alert
      severity={remove.error ? "error" : "warning"}
      sx={{ mr: "auto" }}
      action={
        <Button color="inherit" size="small" onClick={() => remove.mutate()} loading={remove.isPending} autoFocus>
          {w.act.remove}
        </Button>
      }
    >
      {remove.error ? troubleText(remove.error).text : effect}
    </Alert>
  );
}
