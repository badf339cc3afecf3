/**
 * How targets are probed: the `probe:` block of a path, and of a target over it. Where a target
 * changes the type, port and answers of the other type do not come along.
 */

import type { ProbeConfig, ProbeType } from "../domain/config.ts";
import type { KeyOf } from "./keys.ts";
import type { Section } from "./section.ts";
import { has, readChoice, readFlag, readInteger, rejectKey } from "./section.ts";

export type ProbeSection = Section<KeyOf<"probe">>;

/** A block that may still be completed by a target: the payload is open until somebody gives it. */
export interface ProbeDraft extends Omit<ProbeConfig, "size"> {
  readonly size: number | null;
}

export const DEFAULT_PROBE: ProbeDraft = {
  type: "icmp",
  size: null,
  dscp: 0,
  ttl: 64,
  fwmark: 0,
  family: "any",
  port: 0,
  accept_unreachable: false,
};

const TYPES = ["icmp", "udp", "stamp"] as const;
const FAMILIES = ["any", "ipv4", "ipv6"] as const;
/** The random token of a probe. */
const SIZE_MIN = 8;
/** Token and sequence number; ICMP has the latter in its header. */
const SIZE_MIN_UDP = 16;
/** 1,500 octets less an IPv4 and an ICMP or UDP header: a probe is never fragmented on ethernet. */
const SIZE_MAX = 1_472;

/** Reads a probe block over `base`. */
export function readProbe(section: ProbeSection, base: ProbeDraft): ProbeDraft {
  const type = readType(section, base.type);
  const inherited = type === base.type ? base : DEFAULT_PROBE;
  rejectForeignKeys(section, type);
  const isSizeGiven = section.map.entries.has("size");
  const size = { min: type === "udp" ? SIZE_MIN_UDP : SIZE_MIN, max: SIZE_MAX, unit: "octets" };
  return {
    type,
    size: isSizeGiven ? readInteger(section, "size", size, size.min) : base.size,
    dscp: readInteger(section, "dscp", { min: 0, max: 63 }, base.dscp),
    ttl: readInteger(section, "ttl", { min: 0, max: 255 }, base.ttl),
    fwmark: readInteger(section, "fwmark", { min: 0, max: 0xffff_ffff }, base.fwmark),
    family: readChoice(section, "family", FAMILIES, base.family),
    port: readInteger(section, "port", { min: 1, max: 65_535 }, inherited.port),
    accept_unreachable: readFlag(section, "accept_unreachable", inherited.accept_unreachable),
  };
}

/** Settles the payload: `preset` octets unless given, and at least what the type needs. */
export function finishProbe(draft: ProbeDraft, preset: number): ProbeConfig {
  const least = draft.type === "udp" ? SIZE_MIN_UDP : SIZE_MIN;
  return { ...draft, size: Math.max(draft.size ?? preset, least) };
}

function readType(section: ProbeSection, fallback: ProbeType): ProbeType {
  const type = readChoice(section, "type", TYPES, fallback);
  if (type === "stamp" && has(section, "type")) {
    rejectKey(
      section,
      "type",
      `cannot use "stamp": not available in this version, want icmp or udp`,
    );
  }
  return type;
}

function rejectForeignKeys(section: ProbeSection, type: ProbeType): void {
  if (type === "icmp" && has(section, "port")) {
    rejectKey(section, "port", "remove the port: icmp has none, want type: udp");
  }
  if (type !== "udp" && has(section, "accept_unreachable")) {
    rejectKey(section, "accept_unreachable", `remove it: the type is ${type}, want type: udp`);
  }
}
