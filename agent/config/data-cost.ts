/**
 * What watching a path costs: the octets of its scheduled probes, for the page and for `status`.
 */

import { parseAddress } from "../domain/address.ts";
import type { PathConfig, TargetConfig } from "../domain/config.ts";

/** 30 days. */
const MONTH_SECONDS = 30 * 86_400;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
/** ICMP echo and UDP alike. */
const TRANSPORT_HEADER = 8;

/**
 * Octets per 30 days, both directions, with IP headers and without link layer. Every probe is taken
 * as answered in full; confirmation probes of an outage come on top.
 */
export function dataCostPerMonth(path: PathConfig): number {
  const { check_interval_secs: interval, probes_per_check: probes } = path.health;
  const probesPerMonth = (MONTH_SECONDS / interval) * probes;
  const octets = path.targets.reduce((sum, target) => sum + 2 * packetOctets(target), 0);
  return Math.round(probesPerMonth * octets);
}

function packetOctets({ host, probe }: TargetConfig): number {
  return (isIpv6(host, probe.family) ? IPV6_HEADER : IPV4_HEADER) + TRANSPORT_HEADER + probe.size;
}

/** A name that may resolve to either family counts as the larger one: an upper bound. */
function isIpv6(host: string, family: TargetConfig["probe"]["family"]): boolean {
  const address = parseAddress(host);
  return address === null ? family !== "ipv4" : address.family === 6;
}
