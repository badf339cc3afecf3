/**
 * Where a message may go. A name is looked up first and the request goes to the address that was
 * looked at, so that a name cannot turn into another one between. Refused are addresses that no
 * receiver has: link-local ones (clouds keep their credentials at 169.254.169.254), those of other
 * clouds' metadata, groups, and the unspecified one. Addresses of the own network are allowed: that
 * is where receivers of a site are.
 */

import { lookup } from "node:dns/promises";
import type { ParsedAddress } from "../../domain/address.ts";
import { formatAddress, parseAddress } from "../../domain/address.ts";

export type Place =
  /** At least one, in the system's order. */
  | { readonly kind: "found"; readonly addresses: readonly string[] }
  | { readonly kind: "refused"; readonly reason: string };

/** Beside the link-local ones. */
const METADATA = ["fd00:ec2::254", "100.100.100.200", "168.63.129.16"];

export type Lookup = (host: string) => Promise<readonly string[]>;

export async function placeOf(
  host: string,
  allowLinkLocal: boolean,
  resolve: Lookup = systemLookup,
): Promise<Place> {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  const literal = parseAddress(bare);
  let found: readonly string[];
  try {
    found = literal === null ? await resolve(bare) : [bare];
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "failed";
    return { kind: "refused", reason: `cannot look up ${host}: ${code}` };
  }
  const usable = found.filter((text) => {
    const address = parseAddress(text);
    return address !== null && faultOf(address, allowLinkLocal) === null;
  });
  if (usable.length > 0) return { kind: "found", addresses: usable };
  const [first = ""] = found;
  const address = parseAddress(first);
  const fault = address === null ? "no address" : faultOf(address, allowLinkLocal);
  return { kind: "refused", reason: `cannot send to ${host}: ${fault}` };
}

async function systemLookup(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function faultOf(address: ParsedAddress, allowLinkLocal: boolean): string | null {
  const { family, bytes } = address;
  const inner = family === 6 ? mappedIpv4(bytes) : null;
  if (inner !== null) return faultOf({ ...address, family: 4, bytes: inner }, allowLinkLocal);
  const [first = 0, second = 0] = bytes;
  if (bytes.every((octet) => octet === 0)) return "the address is unspecified";
  const isGroup = family === 4 ? first >= 224 : first === 0xff;
  if (isGroup || (family === 4 && first === 0)) return "the address is not of one receiver";
  const isLinkLocal =
    family === 4 ? first === 169 && second === 254 : first === 0xfe && (second & 0xc0) === 0x80;
  if (allowLinkLocal) return null;
  if (isLinkLocal) return "its address is link-local (allow_link_local permits it)";
  const isMetadata = METADATA.includes(formatAddress({ ...address, zone: null }));
  return isMetadata ? "its address is of cloud metadata (allow_link_local permits it)" : null;
}

/** ::ffff:a.b.c.d reaches the IPv4 address. */
function mappedIpv4(bytes: Uint8Array): Uint8Array | null {
  const isMapped =
    bytes.subarray(0, 10).every((octet) => octet === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return isMapped ? bytes.slice(12) : null;
}
