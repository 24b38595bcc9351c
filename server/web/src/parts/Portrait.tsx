// A person's face, or initials where there is none.

import Avatar from "@mui/material/Avatar";
import { useEffect, useRef, useState } from "react";
import { type Named, usePhoto } from "../api/names";

type Who = { id: string | null; name?: Named["name"] | null; hasPhoto?: boolean };

export function Portrait({ id, name, hasPhoto, size = 32 }: Who & { size?: number }) {
  const [isSeen, setSeen] = useState(false);
  const spot = useRef<HTMLDivElement>(null);
  // Every photo that is fetched is a recorded look at a person: only those that come into view are.
  useEffect(() => {
    const element = spot.current;
    if (element === null) return;
    const observer = new IntersectionObserver((seen) => {
      if (!seen.some((entry) => entry.isIntersecting)) return;
      setSeen(true);
      observer.disconnect();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const photo = usePhoto(id, isSeen && hasPhoto);
  const initials = name ? `${[...name.given][0] ?? ""}${[...name.family][0] ?? ""}`.toUpperCase() : "?";
  return (
    <Avatar
      ref={spot}
      src={photo ?? undefined}
      alt=""
      aria-hidden
      variant="rounded"
      sx={{
        width: size,
        height: size,
        fontSize: size * 0.4,
        fontWeight: 600,
        bgcolor: "action.selected",
        color: "text.primary",
      }}
    >
      {photo === null ? initials : null}
    </Avatar>
  );
}

/** A name as staff read it; a pseudonym until it is known. */
export function fullName(named: { name?: Named["name"] | null } | null | undefined): string | null {
  return named?.name ? `${named.name.given} ${named.name.family}` : null;
}
