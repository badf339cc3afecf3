/** Listen addresses: "address:port" as the configuration has them. */

import { isLoopback, parseAddress } from "../../domain/address.ts";

export interface ListenAddress {
  /** Address or name, IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
}

const LISTEN = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/;
const PORT_MAX = 65_535;

/** null: not "address:port". Port 0 lets the kernel choose. */
export function parseListen(text: string): ListenAddress | null {
  const [, bracketed, plain, digits] = LISTEN.exec(text) ?? [];
  const hostname = bracketed ?? plain;
  const port = Number(digits);
  if (hostname === undefined || port > PORT_MAX) return null;
  return { hostname, port };
}

/** Only this machine can reach it. */
export function isLoopbackHost(hostname: string): boolean {
  if (hostname === "localhost") return true;
  const address = parseAddress(hostname);
  return address !== null && isLoopback(address);
}

/** 0.0.0.0 or ::, every address of the machine. */
export function isWildcardHost(hostname: string): boolean {
  return parseAddress(hostname)?.bytes.every((octet) => octet === 0) ?? false;
}
