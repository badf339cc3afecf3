/** Routes and rules for tests, with the fields that matter spelled out by the caller. */

import type { KernelRoute, KernelRule } from "../../agent/domain/kernel-net.ts";

export function bytesOf(...octets: number[]): Uint8Array {
  return Uint8Array.from(octets);
}

/** Our IPv4 default of policy slot 0 through interface 2. */
export function routeOf(fields: Partial<KernelRoute> = {}): KernelRoute {
  return {
    family: 4,
    table: 158,
    dst: null,
    dstLen: 0,
    srcLen: 0,
    gateway: bytesOf(10, 1, 0, 1),
    oif: 2,
    metric: 1,
    protocol: 158,
    scope: 0,
    type: 1,
    flags: 0,
    ...fields,
  };
}

/** Our rule for the default policy. */
export function ruleOf(fields: Partial<KernelRule> = {}): KernelRule {
  return {
    family: 4,
    priority: 32_000,
    table: 158,
    action: 1,
    protocol: 158,
    from: null,
    fromLen: 0,
    to: null,
    toLen: 0,
    iif: null,
    oif: null,
    fwmark: 0,
    fwmask: 0,
    suppressPrefixLen: null,
    ...fields,
  };
}
