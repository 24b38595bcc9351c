// Blocks in force or to come, and lifting them.

import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import { type ReactNode, useState } from "react";
import { api } from "../api/client";
import type { Block } from "../api/types";
import { useIsAdministrator } from "../frame/session";
import { placeName, usePlan } from "../levels/places";
import { ReasonDialog } from "../parts/ReasonDialog";
import { When } from "../parts/When";
import { previewed } from "../preview/previewed";
import { text, w } from "../words";
import { isOver } from "./Grants";

type Props = {
  blocks: Block[];
  onChanged: () => Promise<void>;
  /** Whom a block stops, where that is not plain. */
  subject?: (block: Block) => ReactNode;
};

export function StandingBlocks({ blocks, onChanged, subject }: Props) {
  const isAdministrator = useIsAdministrator();
  const plan = usePlan();
  const [lifting, setLifting] = useState<Block | null>(null);
  const standing = blocks.filter((block) => !isOver(block.state));
  if (standing.length === 0) return null;
  return (
    <Stack spacing={1}>
      {standing.map((block) => (
        <Alert
          key={block.id}
          severity="error"
          variant="outlined"
          action={
            isAdministrator && (
              <Button color="inherit" size="small" onClick={() => setLifting(block)}>
                {w.person.lift}
              </Button>
            )
          }
        >
          <strong>{block.state === "future" ? w.blocks.toCome : text("Reason", "blocked")}</strong>
          {subject && <> · {subject(block)}</>} · {placeName(block.place, plan)} · {block.reason} ·{" "}
          <When at={block.valid_from} />
          {block.valid_until && (
            <>
              {" – "}
              <When at={block.valid_until} />
            </>
          )}
        </Alert>
      ))}
      {lifting && (
        <ReasonDialog
          title={w.person.liftTitle}
          effect={w.person.liftEffect}
          submit={w.person.lift}
          danger={false}
          act={async (reason) => {
            const body = { reason };
            await previewed([{ kind: "block_lift", id: lifting.id, body }]);
            await api.POST("/api/v1/blocks/{id}/lift", { params: { path: { id: lifting.id } }, body });
            await onChanged();
          }}
          onClose={() => setLifting(null)}
        />
      )}
    </Stack>
  );
}
