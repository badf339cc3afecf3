/**
 * How targets are probed: the `probe:` block of a path, and of a target over it. Where a target
 * changes the type, port and answers of the other type do not come along.
 */

import type { ProbeConfig, ProbeType } from "../domain/config.ts";
import { FILE_FORM } from "./host.ts";
import type { KeyOf } from "./keys.ts";
import type { Section } from "./section.ts";
import { has, readChoice, readFlag, readInteger, readText, rejectKey } from "./section.ts";

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
  key_file: null,
};

const TYPES = ["icmp", "udp", "stamp"] as const;
const FAMILIES = ["any", "ipv4", "ipv6"] as const;
/** The random token of a probe. */
const SIZE_MIN = 8;
/** UDP: token and sequence number; ICMP has the latter in its header. STAMP: the base packet. */
const SIZE_MIN_OF = { icmp: SIZE_MIN, udp: 16, stamp: 44 } as const;
/** With a key. */
const SIZE_MIN_SEALED = 112;
/** 1,500 octets less an IPv4 and an ICMP or UDP header: a probe is never fragmented on ethernet. */
const SIZE_MAX = 1_472;

/** Reads a probe block over `base`. */
export function readProbe(section: ProbeSection, base: ProbeDraft): ProbeDraft {
  const type = readChoice(section, "type", TYPES, base.type);
  const inherited = type === base.type ? base : DEFAULT_PROBE;
  rejectForeignKeys(section, type);
  const isSizeGiven = section.map.entries.has("size");
  const size = { min: SIZE_MIN_OF[type], max: SIZE_MAX, unit: "octets" };
  return {
    type,
    size: isSizeGiven ? readInteger(section, "size", size, size.min) : base.size,
    dscp: readInteger(section, "dscp", { min: 0, max: 63 }, base.dscp),
    ttl: readInteger(section, "ttl", { min: 0, max: 255 }, base.ttl),
    fwmark: readInteger(section, "fwmark", { min: 0, max: 0xffff_ffff }, base.fwmark),
    family: readChoice(section, "family", FAMILIES, base.family),
    port: readInteger(section, "port", { min: 1, max: 65_535 }, inherited.port),
    accept_unreachable: readFlag(section, "accept_unreachable", inherited.accept_unreachable),
    key_file: readText(section, "key_file", FILE_FORM, inherited.key_file),
  };
}

/** Settles the payload: `preset` octets unless given, and at least what the type needs. */
export function finishProbe(draft: ProbeDraft, preset: number): ProbeConfig {
  const least = draft.key_file === null ? SIZE_MIN_OF[draft.type] : SIZE_MIN_SEALED;
  return { ...draft, size: Math.max(draft.size ?? preset, least) };
}

function rejectForeignKeys(section: ProbeSection, type: ProbeType): void {
  if (type === "icmp" && has(section, "port")) {
    rejectKey(section, "port", "remove the port: icmp has none, want type: udp or stamp");
  }
  if (type !== "udp" && has(section, "accept_unreachable")) {
    rejectKey(section, "accept_unreachable", `remove it: the type is ${type}, want type: udp`);
  }
  if (type !== "stamp" && has(section, "key_file")) {
    rejectKey(section, "key_file", `remove it: the type is ${type}, want type: stamp`);
  }
}
