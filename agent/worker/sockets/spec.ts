/** What one socket must be like; probes that agree in all of it share one. */

import type { TableRow } from "../../wire/frame.ts";
import { PROBE_TYPE } from "../../wire/frame.ts";

export interface SocketSpec {
  /** PROBE_TYPE. */
  readonly type: number;
  readonly family: 4 | 6;
  readonly device: string | null;
  /** 4 or 16 octets; null: the kernel chooses. */
  readonly source: Uint8Array | null;
  readonly scopeId: number;
  /** 0: none. */
  readonly mark: number;
  readonly dscp: number;
  /** 0: the kernel's default. */
  readonly ttl: number;
}

export function specOf(row: TableRow): SocketSpec {
  return {
    type: row.type,
    family: row.family,
    device: row.device,
    source: row.source,
    scopeId: row.source === null ? 0 : row.scopeId,
    mark: row.fwmark,
    dscp: row.dscp,
    ttl: row.ttl,
  };
}

/** Equal keys: one socket. */
export function specKey(spec: SocketSpec): string {
  const source = spec.source === null ? "" : spec.source.join(".");
  const parts = [spec.type, spec.family, spec.device ?? "", source, spec.scopeId];
  return [...parts, spec.mark, spec.dscp, spec.ttl].join("/");
}

/** STAMP travels over UDP too. */
export function isUdp(spec: SocketSpec): boolean {
  return spec.type === PROBE_TYPE.udp || spec.type === PROBE_TYPE.stamp;
}

const TYPE_TEXT: Readonly<Record<number, string>> = {
  [PROBE_TYPE.icmp]: "ICMP",
  [PROBE_TYPE.udp]: "UDP",
  [PROBE_TYPE.stamp]: "STAMP",
};

/** For messages: "ICMP over IPv4 on eth1". */
export function specText(spec: SocketSpec): string {
  const type = TYPE_TEXT[spec.type] ?? `type ${spec.type}`;
  const device = spec.device === null ? "" : ` on ${spec.device}`;
  return `${type} over IPv${spec.family}${device}`;
}
