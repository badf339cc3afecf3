/**
 * Values of the kernel as JSON between our processes: addresses are text, so that a frame can be
 * read by an operator. Reading is strict: the worker does what these say with privileges that the
 * sender does not have.
 */

import { formatAddress, parseAddress } from "../domain/address.ts";
import type {
  Family,
  KernelAddress,
  KernelHop,
  KernelLink,
  KernelRoute,
  KernelRule,
} from "../domain/kernel-net.ts";

/** A record of unknown fields. */
export type Raw = Readonly<Record<string, unknown>>;

/** Thrown by the readers below, and turned into null by `readOrNull`. */
class Malformed extends Error {}

const UINT32_MAX = 0xffff_ffff;

export function netJson(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) =>
    field instanceof Uint8Array ? addressText(field) : field,
  );
}

function addressText(bytes: Uint8Array): string {
  return formatAddress({ family: bytes.byteLength === 4 ? 4 : 6, bytes, zone: null });
}

/** null when a reader inside meets a field of the wrong kind. */
export function readOrNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

// --- fields --------------------------------------------------------------------------------------

export function rawOf(value: unknown): Raw {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Malformed();
  return Object.fromEntries(Object.entries(value));
}

export function listAt<T>(raw: Raw, name: string, read: (item: Raw) => T): T[] {
  const list = raw[name];
  if (!Array.isArray(list)) throw new Malformed();
  return list.map((item: unknown) => read(rawOf(item)));
}

/** A whole number of 0..2^32-1. */
export function countAt(raw: Raw, name: string): number {
  const value = raw[name];
  if (typeof value !== "number" || !Number.isInteger(value)) throw new Malformed();
  if (value < 0 || value > UINT32_MAX) throw new Malformed();
  return value;
}

export function countsAt(raw: Raw, name: string): number[] {
  const list = raw[name];
  if (!Array.isArray(list)) throw new Malformed();
  return list.map((_, i) => countAt({ i: list[i] }, "i"));
}

/** A number of microseconds, or any other finite one. */
export function amountAt(raw: Raw, name: string): number {
  const value = raw[name];
  if (typeof value !== "number" || !Number.isFinite(value)) throw new Malformed();
  return value;
}

export function flagAt(raw: Raw, name: string): boolean {
  const value = raw[name];
  if (typeof value !== "boolean") throw new Malformed();
  return value;
}

export function textAt(raw: Raw, name: string): string {
  const value = raw[name];
  if (typeof value !== "string") throw new Malformed();
  return value;
}

export function textsAt(raw: Raw, name: string): string[] {
  const list = raw[name];
  if (!Array.isArray(list)) throw new Malformed();
  return list.map((_, i) => textAt({ i: list[i] }, "i"));
}

/** IFNAMSIZ with its NUL is 16; no slash, because it becomes part of a path. */
export function deviceAt(raw: Raw, name: string): string {
  const text = textAt(raw, name);
  if (!/^[^/\s\0]{1,15}$/.test(text) || text === "." || text === "..") throw new Malformed();
  return text;
}

export function familyAt(raw: Raw, name: string): Family {
  const value = raw[name];
  if (value !== 4 && value !== 6) throw new Malformed();
  return value;
}

export function addressAt(raw: Raw, name: string, family: Family): Uint8Array {
  const parsed = parseAddress(textAt(raw, name));
  if (parsed === null || parsed.family !== family || parsed.zone !== null) throw new Malformed();
  return parsed.bytes;
}

export function orNull<T>(raw: Raw, name: string, read: () => T): T | null {
  return raw[name] === null || raw[name] === undefined ? null : read();
}

/** The field when it is there, else nothing: for optional fields of a spread. */
function optional<K extends string, T>(raw: Raw, name: K, read: () => T): { [P in K]?: T } {
  const field: { [P in K]?: T } = {};
  if (raw[name] !== undefined) field[name] = read();
  return field;
}

// --- values --------------------------------------------------------------------------------------

/** A length in bits that fits the family. */
export function lengthAt(raw: Raw, name: string, family: Family): number {
  const length = countAt(raw, name);
  if (length > (family === 4 ? 32 : 128)) throw new Malformed();
  return length;
}

export function readRoute(raw: Raw): KernelRoute {
  const family = familyAt(raw, "family");
  const via = optional(raw, "viaFamily", () => familyAt(raw, "viaFamily"));
  const gatewayFamily = via.viaFamily ?? family;
  return {
    family,
    table: countAt(raw, "table"),
    dst: orNull(raw, "dst", () => addressAt(raw, "dst", family)),
    dstLen: lengthAt(raw, "dstLen", family),
    srcLen: lengthAt(raw, "srcLen", family),
    ...optional(raw, "src", () => addressAt(raw, "src", family)),
    gateway: orNull(raw, "gateway", () => addressAt(raw, "gateway", gatewayFamily)),
    ...via,
    oif: orNull(raw, "oif", () => countAt(raw, "oif")),
    metric: countAt(raw, "metric"),
    protocol: countAt(raw, "protocol"),
    scope: countAt(raw, "scope"),
    type: countAt(raw, "type"),
    flags: countAt(raw, "flags"),
    ...optional(raw, "preference", () => countAt(raw, "preference")),
    ...optional(raw, "nextHopId", () => countAt(raw, "nextHopId")),
    ...optional(raw, "hops", () => listAt(raw, "hops", readHop)),
    ...optional(raw, "preferredSource", () => addressAt(raw, "preferredSource", family)),
  };
}

function readHop(raw: Raw): KernelHop {
  const viaFamily = familyAt(raw, "viaFamily");
  return {
    viaFamily,
    gateway: orNull(raw, "gateway", () => addressAt(raw, "gateway", viaFamily)),
    oif: orNull(raw, "oif", () => countAt(raw, "oif")),
    flags: countAt(raw, "flags"),
  };
}

export function readRule(raw: Raw): KernelRule {
  const family = familyAt(raw, "family");
  return {
    family,
    priority: countAt(raw, "priority"),
    table: countAt(raw, "table"),
    action: countAt(raw, "action"),
    protocol: countAt(raw, "protocol"),
    from: orNull(raw, "from", () => addressAt(raw, "from", family)),
    fromLen: lengthAt(raw, "fromLen", family),
    to: orNull(raw, "to", () => addressAt(raw, "to", family)),
    toLen: lengthAt(raw, "toLen", family),
    iif: orNull(raw, "iif", () => deviceAt(raw, "iif")),
    oif: orNull(raw, "oif", () => deviceAt(raw, "oif")),
    fwmark: countAt(raw, "fwmark"),
    fwmask: countAt(raw, "fwmask"),
    suppressPrefixLen: orNull(raw, "suppressPrefixLen", () => countAt(raw, "suppressPrefixLen")),
    ...optional(raw, "flags", () => countAt(raw, "flags")),
  };
}

export function readLink(raw: Raw): KernelLink {
  return {
    index: countAt(raw, "index"),
    name: textAt(raw, "name"),
    flags: countAt(raw, "flags"),
    hasCarrier: flagAt(raw, "hasCarrier"),
    carrierUps: countAt(raw, "carrierUps"),
    carrierDowns: countAt(raw, "carrierDowns"),
    operstate: countAt(raw, "operstate"),
    kind: orNull(raw, "kind", () => textAt(raw, "kind")),
  };
}

export function readAddress(raw: Raw): KernelAddress {
  const family = familyAt(raw, "family");
  return {
    index: countAt(raw, "index"),
    family,
    address: addressAt(raw, "address", family),
    prefixLen: lengthAt(raw, "prefixLen", family),
    scope: countAt(raw, "scope"),
    flags: countAt(raw, "flags"),
    ...optional(raw, "peer", () => addressAt(raw, "peer", family)),
  };
}
