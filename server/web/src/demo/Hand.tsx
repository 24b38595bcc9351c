// What a visitor has at hand: cards and fingers, to be clicked or dragged.

import CardIcon from "@mui/icons-material/BadgeOutlined";
import FingerprintIcon from "@mui/icons-material/Fingerprint";
import Box from "@mui/material/Box";
import ButtonBase from "@mui/material/ButtonBase";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useQueries } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";
import type { Person } from "../api/types";
import { fullName, Portrait } from "../parts/Portrait";
import { w } from "../words";
import type { Hand as Held } from "./Station";
import { labelOf, shortLabelOf, type World } from "./world";

/** The person whose name begins a label, so that a card has a face. */
function usePersons(labels: string[]): Map<string, Person> {
  const names = labels.map((label) => (label.includes("'s ") ? (label.split("'s ")[0] ?? "") : ""));
  return useQueries({
    queries: names.map((name) => ({
      queryKey: ["search", name],
      queryFn: () => bodyOf(api.GET("/api/v1/people", { params: { query: { q: name, limit: 8 } } })),
      enabled: name !== "",
      staleTime: Number.POSITIVE_INFINITY,
    })),
    combine: (results) => {
      const found = new Map<string, Person>();
      for (const [place, result] of results.entries()) {
        const person = result.data?.items.find((candidate) => fullName(candidate) === names[place]);
        const label = labels[place];
        if (person && label !== undefined) found.set(label, person);
      }
      return found;
    },
  });
}

type Props = { world: World; hand: Held; onPick: (hand: Held) => void };

export function Hand({ world, hand, onPick }: Props) {
  const persons = usePersons([...world.cards, ...world.fingers].map(labelOf));
  const pick = (kind: "card" | "finger", name: string) =>
    onPick(hand?.kind === kind && hand.name === name ? null : { kind, name });
  const inHand = [...(hand?.kind === "card" ? world.cards : world.fingers)].find((thing) => thing.name === hand?.name);
  const things = [
    { kind: "card" as const, title: w.demo.cards, list: world.cards, say: w.demo.pickCard },
    { kind: "finger" as const, title: w.demo.fingers, list: world.fingers, say: w.demo.pickFinger },
  ];
  return (
    <Box
      component="section"
      aria-label={w.demo.hand}
      sx={{
        border: 1,
        borderColor: "divider",
        borderRadius: 2,
        bgcolor: "background.paper",
        px: 1.5,
        py: 1,
      }}
    >
      <Stack>
        <Typography variant="h2">{w.demo.hand}</Typography>
        <Typography
          variant="body2"
          role="status"
          sx={{ color: hand ? "primary.main" : "text.secondary", fontWeight: hand ? 650 : 400 }}
        >
          {hand && inHand ? w.demo.inHand(labelOf(inHand)) : w.demo.emptyHand}
        </Typography>
      </Stack>
      {things.map(({ kind, title, list, say }) => (
        <Box key={kind} sx={{ mt: 0.25 }}>
          <Typography variant="overline" sx={{ color: "text.secondary", lineHeight: 2 }}>
            {title}
          </Typography>
          <Stack direction="row" useFlexGap spacing={0.5} sx={{ flexWrap: "wrap" }}>
            {list.map((thing) => {
              const label = labelOf(thing);
              const person = persons.get(label);
              const isPicked = hand?.kind === kind && hand.name === thing.name;
              return (
                <ButtonBase
                  key={thing.name}
                  aria-label={say(label)}
                  aria-pressed={isPicked}
                  draggable
                  onDragStart={() => onPick({ kind, name: thing.name })}
                  onClick={() => pick(kind, thing.name)}
                  sx={{
                    gap: 0.5,
                    px: 0.75,
                    py: 0.25,
                    minHeight: 28,
                    borderRadius: 2,
                    border: 2,
                    borderColor: isPicked ? "primary.main" : "divider",
                    bgcolor: isPicked ? "action.selected" : "background.default",
                    fontSize: "0.75rem",
                    fontWeight: 600,
                    cursor: "grab",
                    transition: "transform 120ms",
                    "&:hover": { transform: "translateY(-2px)" },
                  }}
                >
                  {person ? (
                    <Portrait id={person.id} name={person.name} hasPhoto={person.has_photo} size={22} />
                  ) : kind === "card" ? (
                    <CardIcon fontSize="small" color="primary" />
                  ) : (
                    <FingerprintIcon fontSize="small" color="primary" />
                  )}
                  {shortLabelOf(thing)}
                </ButtonBase>
              );
            })}
          </Stack>
        </Box>
      ))}
    </Box>
  );
}
