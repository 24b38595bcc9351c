// The configuration file of an agent, as far as the server knows it, to be copied.

import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useQuery } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import { Copyable } from "../parts/Copyable";
import { Waiting } from "../parts/Page";
import { Trouble } from "../parts/Trouble";
import { w } from "../words";

export function ConfigurationOf({ agentId }: { agentId: string }) {
  const configuration = useQuery({
    queryKey: ["agents", agentId, "configuration"],
    queryFn: () => bodyOf(api.GET("/api/v1/agents/{id}/configuration", { params: { path: { id: agentId } } })),
  });
  return (
    <Stack spacing={2}>
      <Typography variant="body2" sx={{ color: "text.secondary", maxWidth: 720 }}>
        {w.agents.configurationHelp}
      </Typography>
      <Trouble error={configuration.error} onRetry={() => configuration.refetch()} />
      {configuration.isLoading && <Waiting />}
      {configuration.data && <Copyable label={w.agents.configurationText} text={configuration.data.toml} />}
      {configuration.data?.in_use && <Copyable label={w.agents.inUse} text={configuration.data.in_use} />}
    </Stack>
  );
}
