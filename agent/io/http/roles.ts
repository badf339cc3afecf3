/**
 * What a client may do: read; operate, which is everything that the next operator can take back;
 * admin, everything. A write that is not named here needs admin.
 */

import type { Role } from "../../domain/config.ts";

/** Least first. */
const ROLES = ["read", "operate", "admin"] as const satisfies readonly Role[];

const READS = new Set(["GET", "HEAD"]);
const OPERATIONS: readonly RegExp[] = [
  /^\/api\/v1\/failover\/policies\/[^/]+\/(enable|disable|switch|pin|unpin|hold|release)$/,
  /^\/api\/v1\/paths\/[^/]+\/maintenance$/,
  /^\/api\/v1\/alerts\/test$/,
];

export function neededRole(method: string, pathname: string): Role {
  if (READS.has(method)) return "read";
  return OPERATIONS.some((form) => form.test(pathname)) ? "operate" : "admin";
}

export function mayAct(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
