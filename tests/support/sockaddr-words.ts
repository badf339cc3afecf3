/** A sockaddr as the words that the reflector reads in place. */

import { parseAddress } from "../../agent/domain/address.ts";
import { SOCKADDR_SLOT, writeSockaddr } from "../../agent/wire/sockaddr.ts";

export function sockaddrWords(host: string, port = 40_000): Int32Array {
  const address = parseAddress(host);
  if (address === null) throw new Error(`not an address: ${host}`);
  const { family, bytes } = address;
  const slot = new Uint8Array(SOCKADDR_SLOT);
  writeSockaddr(slot, 0, { family, address: bytes, port, scopeId: 0 });
  return new Int32Array(slot.buffer);
}

export function familyOf(host: string): 4 | 6 {
  return host.includes(":") ? 6 : 4;
}
