/**
 * IP addresses as text and as octets. Strict: what this accepts, the kernel accepts. IPv4 in four
 * decimal parts only (no 0177.1), IPv6 per RFC 4291 2.2 with an optional zone (RFC 4007 11).
 */

export interface ParsedAddress {
  readonly family: 4 | 6;
  /** 4 or 16 octets in network order. */
  readonly bytes: Uint8Array;
  /** Interface name or number behind %; IPv6 only. */
  readonly zone: string | null;
}

/** null: not an address (it may be a name). */
export function parseAddress(text: string): ParsedAddress | null {
  const percent = text.indexOf("%");
  const zone = percent < 0 ? null : text.slice(percent + 1);
  if (zone === "") return null;
  const body = percent < 0 ? text : text.slice(0, percent);
  if (body.includes(":")) {
    const bytes = parseIpv6(body);
    return bytes === null ? null : { family: 6, bytes, zone };
  }
  const bytes = parseIpv4(body);
  return bytes === null || zone !== null ? null : { family: 4, bytes, zone: null };
}

export function parseIpv4(text: string): Uint8Array | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  const bytes = new Uint8Array(4);
  for (const [i, part] of parts.entries()) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return null;
    bytes[i] = Number(part);
  }
  return bytes;
}

export function parseIpv6(text: string): Uint8Array | null {
  const gap = text.indexOf("::");
  if (gap !== text.lastIndexOf("::")) return null;
  const head = gap < 0 ? groupsOf(text, true) : groupsOf(text.slice(0, gap), false);
  const tail = gap < 0 ? [] : groupsOf(text.slice(gap + 2), true);
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (gap < 0 ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const bytes = new Uint8Array(16);
  for (const [i, group] of groups.entries()) {
    bytes[2 * i] = group >> 8;
    bytes[2 * i + 1] = group & 0xff;
  }
  return bytes;
}

/** The 16-bit groups of one side of `::`; at the very end an IPv4 address may stand. */
function groupsOf(text: string, atEnd: boolean): number[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [i, part] of parts.entries()) {
    const ipv4 = atEnd && i === parts.length - 1 && part.includes(".") ? parseIpv4(part) : null;
    if (ipv4 !== null) {
      const [a = 0, b = 0, c = 0, d = 0] = ipv4;
      groups.push((a << 8) | b, (c << 8) | d);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return null;
    }
  }
  return groups;
}

/** Text of an address; IPv6 per RFC 5952 (longest run of zeros shortened, lower case). */
export function formatAddress(address: ParsedAddress): string {
  if (address.family === 4) return address.bytes.join(".");
  const groups = Array.from(
    { length: 8 },
    (_, i) => ((address.bytes[2 * i] ?? 0) << 8) | (address.bytes[2 * i + 1] ?? 0),
  );
  const run = longestZeroRun(groups);
  const hex = (list: number[]) => list.map((group) => group.toString(16)).join(":");
  const body =
    run.length < 2
      ? hex(groups)
      : `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`;
  return address.zone === null ? body : `${body}%${address.zone}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let i = 0; i <= groups.length; i++) {
    if (i < groups.length && groups[i] === 0) continue;
    if (i - start > best.length) best = { start, length: i - start };
    start = i + 1;
  }
  return best;
}

/** 127.0.0.0/8 or ::1. */
export function isLoopback(address: ParsedAddress): boolean {
  if (address.family === 4) return address.bytes[0] === 127;
  return address.bytes.every((octet, i) => octet === (i === 15 ? 1 : 0));
}
