/** "address:port" as an operator writes it, IPv6 in brackets. */

import type { ParsedAddress } from "./address.ts";
import { parseAddress } from "./address.ts";

export interface SocketAddress {
  readonly address: ParsedAddress;
  /** 1 to 65535. */
  readonly port: number;
}

/** null: not of this form, a name, a %zone, or no port that a peer could know beforehand. */
export function parseSocketAddress(text: string): SocketAddress | null {
  const [, ipv6, ipv4, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  const address = parseAddress(ipv6 ?? ipv4 ?? "");
  if (address === null || address.zone !== null || !(port > 0 && port < 65_536)) return null;
  return (ipv6 === undefined) === (address.family === 4) ? { address, port } : null;
}
