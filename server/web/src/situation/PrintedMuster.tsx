// The list of who is inside as it is printed: whole, by site and area, each area by name, with a column to tick.

import Box from "@mui/material/Box";
import Typography from "@mui/material/Typography";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { api, bodyOf } from "../api/client";
import { queries, useDoorName } from "../api/queries";
import type { MusterPerson } from "../api/types";
import { useSession, useZone } from "../frame/session";
import { fullTime } from "../time";
import { text, w } from "../words";
import { rollCall } from "./rollCall";

/** The server gives no more at once. */
const PAGE_ROWS = 500;

/** Reads everybody of an area, or of all, to be printed. */
export function usePrint(area: string | undefined) {
  const [read, setRead] = useState<number | null>(null);
  const [printed, setPrinted] = useState<{ people: MusterPerson[]; at: Date } | null>(null);
  const reading = useMutation({
    mutationFn: async () => {
      const people: MusterPerson[] = [];
      let cursor: string | null | undefined;
      do {
        const query = { limit: PAGE_ROWS, ...(area && { area_id: area }), ...(cursor && { cursor }) };
        const page = await bodyOf(api.GET("/api/v1/muster/people", { params: { query } }));
        people.push(...page.items);
        setRead(people.length);
        cursor = page.next;
      } while (cursor);
      return people;
    },
    onMutate: () => setRead(0),
    onSuccess: (people) => setPrinted({ people, at: new Date() }),
    onSettled: () => setRead(null),
  });
  return {
    begin: () => reading.mutate(),
    read,
    error: reading.error,
    people: printed?.people ?? null,
    at: printed?.at ?? new Date(0),
    done: () => setPrinted(null),
  };
}

type Props = { people: MusterPerson[]; at: Date; onPrinted: () => void };

/** Stands outside the page, whose frame scrolls and would cut it, and prints itself. */
export function PrintedMuster({ people, at, onPrinted }: Props) {
  const { tenant } = useSession();
  const zone = useZone();
  const doorName = useDoorName();
  const { data: sites = [] } = useQuery(queries.sites);
  const { data: areas = [] } = useQuery(queries.areas);
  useEffect(() => {
    document.body.classList.add("printing");
    window.print();
    return () => document.body.classList.remove("printing");
  }, []);
  useEffect(() => {
    window.addEventListener("afterprint", onPrinted);
    return () => window.removeEventListener("afterprint", onPrinted);
  }, [onPrinted]);
  const parts = rollCall(people, sites, areas);
  return createPortal(
    <Box className="print-only" data-testid="printed-muster">
      <Typography variant="h1">{w.muster.printTitle(tenant.name)}</Typography>
      <Typography>
        {w.muster.asOf(`${fullTime(at.toISOString(), zone)} ${zone}`)} · {w.muster.count(people.length)}
      </Typography>
      {parts.map(({ key, site, area, persons }) => (
        <Box key={key} sx={{ mt: 2 }}>
          <Typography variant="h2">
            {site} › {area} · {w.muster.count(persons.length)}
          </Typography>
          <Box
            component="table"
            sx={{
              width: 1,
              borderCollapse: "collapse",
              fontSize: "9pt",
              "& th, & td": { textAlign: "left", borderBottom: "1px solid #999", py: 0.25, pr: 1 },
              "& tr": { breakInside: "avoid" },
            }}
          >
            <thead>
              <tr>
                <th>{w.muster.present}</th>
                <th>{w.muster.name}</th>
                <th>{w.muster.number}</th>
                <th>{w.muster.lastDoor}</th>
                <th>{w.muster.since}</th>
              </tr>
            </thead>
            <tbody>
              {persons.map((person) => (
                <tr key={person.person_id}>
                  <td>☐</td>
                  <td>{person.name ? `${person.name.family}, ${person.name.given}` : w.unnamed(person.person_id)}</td>
                  <td>{person.number}</td>
                  <td>
                    {doorName(person.door_id)}, {text("Side", person.side)}
                  </td>
                  <td>{fullTime(person.since, zone)}</td>
                </tr>
              ))}
            </tbody>
          </Box>
        </Box>
      ))}
    </Box>,
    document.body,
  );
}
