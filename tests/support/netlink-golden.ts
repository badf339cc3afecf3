/** Netlink messages captured from a kernel, by name: see tests/golden/netlink.hex. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { NetlinkMessage } from "../../agent/wire/netlink.ts";

const FILE = join(import.meta.dir, "../golden/netlink.hex");

const rows = readFileSync(FILE, "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" "));

export const goldenNames: readonly string[] = rows.map(([name = ""]) => name);

export function golden(name: string): NetlinkMessage {
  const row = rows.find(([other]) => other === name);
  if (row === undefined) throw new Error(`no message ${name}`);
  const [, type = "", hex = ""] = row;
  return { type: Number(type), flags: 0, sequence: 0, body: octets(hex) };
}

export function octets(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (octet) => octet.toString(16).padStart(2, "0")).join("");
}
