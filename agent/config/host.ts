/** Texts that name something on the network: hosts, devices, listen addresses, prefixes. */

import type { ParsedAddress } from "../domain/address.ts";
import { isLoopback, parseAddress } from "../domain/address.ts";
import { parsePrefix } from "../domain/prefix.ts";
import type { TextForm } from "./section.ts";
import { textForm } from "./section.ts";

/** RFC 1035 2.3.4. */
const NAME_OCTETS_MAX = 253;
const LABEL = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

/** A name that a resolver takes; the last label is not a number, else it is a broken address. */
export function isHostName(text: string): boolean {
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  if (name.length === 0 || name.length > NAME_OCTETS_MAX) return false;
  const labels = name.split(".");
  return labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? "");
}

/** Why nothing can be probed at this address; null: it can. */
export function addressFault({ family, bytes, zone }: ParsedAddress): string | null {
  const [first = 0] = bytes;
  if (bytes.every((octet) => octet === 0)) return "want an address, not the unspecified one";
  if (family === 4) {
    if (first === 0) return "want an address outside of 0.0.0.0/8";
    if (first >= 224 && first < 240) return "want a unicast address, not a group";
    return first >= 240 ? "want an address below 240.0.0.0" : null;
  }
  if (first === 0xff) return "want a unicast address, not a group";
  const isMapped = bytes.subarray(0, 10).every((octet) => octet === 0) && bytes[10] === 0xff;
  if (isMapped) return "want the IPv4 address itself";
  return zone !== null && !isLinkLocal(bytes)
    ? "want a %zone with a link-local address only"
    : null;
}

/** fe80::/10. */
export function isLinkLocal(bytes: Uint8Array): boolean {
  const [first = 0, second = 0] = bytes;
  return bytes.byteLength === 16 && first === 0xfe && (second & 0xc0) === 0x80;
}

export interface ListenAddress {
  readonly port: number;
  readonly loopback: boolean;
}

/** "address:port", IPv6 in brackets; localhost is the only name. null: not of this form. */
export function parseListen(text: string): ListenAddress | null {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (match === null) return null;
  const [, ipv6, other = ""] = match;
  const port = Number(match[3]);
  if (port > 65_535) return null;
  if (ipv6 === undefined && other === "localhost") return { port, loopback: true };
  const address = parseAddress(ipv6 ?? other);
  if (address === null || (ipv6 === undefined) !== (address.family === 4)) return null;
  return { port, loopback: isLoopback(address) };
}

/** An address with its length in bits, such as 10.0.0.0/8. */
export function isPrefix(text: string): boolean {
  return parsePrefix(text) !== null;
}

/** IFNAMSIZ is 16 with the final zero; the kernel refuses "/", blanks, "." and "..". */
export const INTERFACE_FORM: TextForm = {
  want: "the name of a device: 1 to 15 characters, no blank, / or :",
  accepts: (text) => /^[!-~]{1,15}$/.test(text) && !/[/:%]/.test(text) && !/^\.\.?$/.test(text),
};

export const PREFIX_FORM: TextForm = {
  want: "an address or a prefix such as 10.0.0.0/8",
  accepts: isPrefix,
};

/** Absolute, because the agent's working directory is no place to rely on. */
export const FILE_FORM = textForm(/^\/[^\0\n]{1,4000}$/, "an absolute path");
