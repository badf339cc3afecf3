/** What this process can send, and what keeps it from more, in sentences for the operator. */

import type { SocketMode, WorkerAbilities } from "../../wire/frame.ts";
import { PROBE_TYPE } from "../../wire/frame.ts";
import { ERRNO } from "../kernel.ts";
import type { StampKind } from "./open.ts";
import { socketModeOf } from "./open.ts";
import type { SocketGroup } from "./socket-group.ts";
import { isUdp } from "./spec.ts";

/** A table may name a thousand missing devices; the frame and the operator need a few. */
const PROBLEMS_MAX = 16;
const STAMPS_BEST_FIRST = ["kernel", "kernel-rx", "userland"] as const satisfies StampKind[];

/** Modes by type and family where no socket of the table tells; found out once. */
export class Abilities {
  readonly #trials = new Map<string, SocketMode>();

  of(groups: readonly SocketGroup[]): WorkerAbilities {
    const stamps = STAMPS_BEST_FIRST.find((kind) =>
      groups.some((g) => g.isOpen && g.stamps === kind),
    );
    return {
      icmp4: this.#mode(groups, PROBE_TYPE.icmp, 4),
      icmp6: this.#mode(groups, PROBE_TYPE.icmp, 6),
      udp4: this.#mode(groups, PROBE_TYPE.udp, 4),
      udp6: this.#mode(groups, PROBE_TYPE.udp, 6),
      stamps: stamps ?? "userland",
      problems: [...new Set(groups.flatMap(problemOf))].slice(0, PROBLEMS_MAX),
    };
  }

  #mode(groups: readonly SocketGroup[], type: number, family: 4 | 6): SocketMode {
    const open = groups.find((g) => g.isOpen && g.spec.type === type && g.spec.family === family);
    if (open !== undefined) return open.mode;
    const key = `${type}/${family}`;
    const mode = this.#trials.get(key) ?? socketModeOf(type, family);
    this.#trials.set(key, mode);
    return mode;
  }
}

function problemOf(group: SocketGroup): string[] {
  if (group.problem === null) return [];
  const isRefused = group.errno === ERRNO.EACCES || group.errno === ERRNO.EPERM;
  if (!isRefused) return [group.problem];
  if (isUdp(group.spec) || group.spec.mark !== 0) {
    return [`${group.problem}; it needs CAP_NET_ADMIN or CAP_NET_RAW`];
  }
  return [
    `ICMP over IPv${group.spec.family} is not available: ping_group_range is closed and ` +
      "CAP_NET_RAW is missing; use UDP probes",
  ];
}
