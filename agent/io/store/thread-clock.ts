/** Time in a Worker thread: what its starter read, and what went by since. */

import type { Clock } from "../../controller/ports.ts";
import type { Instant, UnixMillis } from "../../domain/units.ts";
import { after, micros, unixMillis } from "../../domain/units.ts";

export interface ThreadStart {
  readonly monotonic: Instant;
  readonly wall: UnixMillis;
}

/** Without FFI: a thread would open libc once more for it. */
export function threadClock(start: ThreadStart, nanoseconds = Bun.nanoseconds): Clock {
  const from = nanoseconds();
  const elapsedUs = () => Math.floor((nanoseconds() - from) / 1_000);
  return {
    monotonic: () => after(start.monotonic, micros(elapsedUs())),
    wall: () => unixMillis(start.wall + Math.floor(elapsedUs() / 1_000)),
  };
}
