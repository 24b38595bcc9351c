// An instant, by the clock of the site; relative time only beside it.

import { useZone } from "../frame/session";
import { fullTime, relativeTime, shortTime } from "../time";
import { w } from "../words";

type Props = {
  at: string | null | undefined;
  short?: boolean /** A sentence around the time. */;
  wrap?: (time: string) => string;
};

export function When({ at, short = false, wrap }: Props) {
  const zone = useZone();
  if (!at) return <>{w.never}</>;
  const shown = at && (short ? shortTime(at, zone) : fullTime(at, zone));
  return (
    <time
      dateTime={at}
      title={`${fullTime(at, zone)} ${zone}, ${relativeTime(at, new Date())}`}
      style={{ whiteSpace: wrap === undefined ? "nowrap" : undefined }}
    >
      {wrap ? wrap(shown) : shown}
    </time>
  );
}
