// How a problem is told: what happened, what is still true, what to do, and a code to quote.

import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import { Problem } from "../api/client";
import { NotConfirmed } from "../preview/previewed";
import { w } from "../words";

/** The text for a problem. */
export function troubleText(error: unknown): { text: string; code: string } {
  if (!(error instanceof Problem)) return { text: w.problems.unknown ?? "", code: "page" };
  const known = w.problems[error.code];
  const detail = error.errors.map((wrong) => `${wrong.field}: ${wrong.message}`).join("; ") || error.detail;
  const text = known === undefined ? `${w.problems.unknown} ${detail}` : known;
  // These name what is meant.
  const fields = ["invalid", "in_use"].includes(error.code) && detail !== "" ? `${text} (${detail})` : text;
  return { text: fields, code: error.code };
}

export function Trouble({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  // Who looked at what would come of it and went back has no trouble.
  if (!error || error instanceof NotConfirmed) return null;
  const { text, code } = troubleText(error);
  const retry = onRetry && (
    <Button color="inherit" size="small" onClick={onRetry}>
      {w.act.retry}
    </Button>
  );
  return (
    <Alert severity="error" action={retry}>
      {text} <small>{w.code(code)}</small>
    </Alert>
  );
}
