// An instant, by the clock of the site; relative time only beside it.

import { useZone } from "../frame/session";
import { fullTime, relativeTime, shortTime } from "../time";
import { w } from "../words";

export function When({ at, short = false }: { at: string | null | undefined; short?: boolean }) {
  const zone = useZone();
  if (!at) return <>{w.never}</>;
  return (
    <time
      dateTime={at}
      title={`${fullTime(at, zone)} ${zone}, ${relativeTime(at, new Date())}`}
      style={{ whiteSpace: "nowrap" }}
    >
      {short ? shortTime(at, zone) : fullTime(at, zone)}
    </time>
  );
}
