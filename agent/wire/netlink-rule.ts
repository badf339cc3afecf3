/**
 * Policy rules on the wire: struct fib_rule_hdr (u8 family, dst_len, src_len, tos, table, res1,
 * res2, action, u32 flags), linux/fib_rules.h. Priority, selector and protocol number together are
 * the identity of a rule: a delete with ours leaves a foreign one of the same selector.
 */

import type { Family, KernelRule } from "../domain/kernel-net.ts";
import type { Attributes, NetlinkMessage } from "./netlink.ts";
import {
  attribute,
  attribute8,
  attribute32,
  attributeText,
  message,
  NLM_F,
  read8,
  read32,
  readAttributes,
  readOctets,
  readText,
} from "./netlink.ts";
import { ADDRESS_OCTETS, AF, familyOf } from "./netlink-route.ts";

export const RTM_RULE = { create: 32, remove: 33, get: 34 } as const;

const RULE_HEADER = 12;
const FRA = {
  dst: 1,
  src: 2,
  iif: 3,
  priority: 6,
  fwmark: 10,
  suppressPrefixLen: 14,
  table: 15,
  fwmask: 16,
  oif: 17,
  protocol: 21,
} as const;
/** "Suppress nothing" as the kernel dumps it: -1. */
const NO_SUPPRESSION = 0xffff_ffff;

// --- writing -------------------------------------------------------------------------------------

/** EEXIST (17) when exactly this rule is there already. */
export function encodeRuleCreate(rule: KernelRule): Uint8Array {
  return message(RTM_RULE.create, NLM_F.ack | NLM_F.create | NLM_F.excl, ruleParts(rule));
}

export function encodeRuleDelete(rule: KernelRule): Uint8Array {
  return message(RTM_RULE.remove, NLM_F.ack, ruleParts(rule));
}

export function encodeRuleDump(family: Family): Uint8Array {
  const head = new Uint8Array(RULE_HEADER);
  head[0] = AF[family];
  return message(RTM_RULE.get, NLM_F.dump, [head]);
}

function ruleParts(rule: KernelRule): Uint8Array[] {
  const head = new Uint8Array(RULE_HEADER);
  head.set([AF[rule.family], rule.toLen, rule.fromLen, 0]);
  head[7] = rule.action;
  const parts = [head, attribute32(FRA.priority, rule.priority)];
  if (rule.table !== 0) parts.push(attribute32(FRA.table, rule.table));
  if (rule.to !== null && rule.toLen > 0) parts.push(attribute(FRA.dst, rule.to));
  if (rule.from !== null && rule.fromLen > 0) parts.push(attribute(FRA.src, rule.from));
  if (rule.iif !== null) parts.push(attributeText(FRA.iif, rule.iif));
  if (rule.oif !== null) parts.push(attributeText(FRA.oif, rule.oif));
  if (rule.fwmark !== 0 || rule.fwmask !== 0) {
    parts.push(attribute32(FRA.fwmark, rule.fwmark), attribute32(FRA.fwmask, rule.fwmask));
  }
  if (rule.suppressPrefixLen !== null) {
    parts.push(attribute32(FRA.suppressPrefixLen, rule.suppressPrefixLen));
  }
  parts.push(attribute8(FRA.protocol, rule.protocol));
  return parts;
}

// --- reading -------------------------------------------------------------------------------------

/** A NEWRULE or DELRULE message; null: malformed, or another family (IPv4 rules of multicast). */
export function decodeRule({ type, body }: NetlinkMessage): KernelRule | null {
  if (type !== RTM_RULE.create && type !== RTM_RULE.remove) return null;
  const family = familyOf(body[0]);
  if (body.byteLength < RULE_HEADER || family === null) return null;
  const attributes = readAttributes(body, RULE_HEADER);
  if (attributes === null) return null;
  const [, toLen = 0, fromLen = 0, , headTable = 0, , , action = 0] = body;
  const selector = readSelector(family, attributes);
  const numbers = readNumbers(attributes, headTable);
  if (selector === null || numbers === null) return null;
  if ((selector.to === null && toLen > 0) || (selector.from === null && fromLen > 0)) return null;
  if (Math.max(toLen, fromLen) > 8 * ADDRESS_OCTETS[family]) return null;
  const flags = new DataView(body.buffer, body.byteOffset).getUint32(8, true);
  return { family, action, toLen, fromLen, ...selector, ...numbers, flags };
}

type Selector = Pick<KernelRule, "from" | "to" | "iif" | "oif">;

function readSelector(family: Family, attributes: Attributes): Selector | null {
  const from = readOctets(attributes, FRA.src, ADDRESS_OCTETS[family]);
  const to = readOctets(attributes, FRA.dst, ADDRESS_OCTETS[family]);
  if (from === undefined || to === undefined) return null;
  return { from, to, iif: readText(attributes, FRA.iif), oif: readText(attributes, FRA.oif) };
}

type Numbers = Pick<
  KernelRule,
  "priority" | "table" | "protocol" | "fwmark" | "fwmask" | "suppressPrefixLen"
>;

function readNumbers(attributes: Attributes, headTable: number): Numbers | null {
  const priority = read32(attributes, FRA.priority, 0);
  const table = read32(attributes, FRA.table, headTable);
  const protocol = read8(attributes, FRA.protocol, 0);
  const fwmark = read32(attributes, FRA.fwmark, 0);
  const fwmask = read32(attributes, FRA.fwmask, 0);
  const suppressed = read32(attributes, FRA.suppressPrefixLen, NO_SUPPRESSION);
  if (priority === null || table === null || protocol === null) return null;
  if (fwmark === null || fwmask === null || suppressed === null) return null;
  const suppressPrefixLen = suppressed === NO_SUPPRESSION ? null : suppressed;
  return { priority, table, protocol, fwmark, fwmask, suppressPrefixLen };
}
