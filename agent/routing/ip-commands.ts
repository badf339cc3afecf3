/** Operations as commands of iproute2 and sysctl, for --dry-run and for a person at the box. */

import { formatAddress } from "../domain/address.ts";
import { unreachable } from "../domain/invariant.ts";
import type { KernelLink, KernelRoute, KernelRule } from "../domain/kernel-net.ts";
import { ROUTE_TYPE, RTNH_FLAG, TABLE_MAIN } from "../domain/kernel-net.ts";
import type { Prefix } from "../domain/prefix.ts";
import { familyOf, formatPrefix } from "../domain/prefix.ts";
import type { LinkSetting, RouteOperation } from "./operation.ts";
import { selectorOfRule } from "./rule-forms.ts";

/** `links` names the devices of the routes. */
export function asIpCommands(
  operations: readonly RouteOperation[],
  links: readonly KernelLink[],
): readonly string[] {
  const names = new Map(links.map(({ index, name }) => [index, name]));
  return operations.flatMap((operation) => commandsOf(operation, names));
}

type Names = ReadonlyMap<number, string>;

function commandsOf(operation: RouteOperation, names: Names): readonly string[] {
  switch (operation.kind) {
    case "set-link":
      return sysctlCommands(operation);
    case "apply-rule":
      return [ruleCommand("add", operation.rule)];
    case "delete-rule":
      return [ruleCommand("del", operation.rule)];
    case "apply-route":
      return [routeCommand("replace", operation.route, names)];
    case "delete-route":
      return [routeCommand("del", operation.route, names)];
    default:
      return unreachable(operation);
  }
}

/** With slashes: a dot in a device's name would end the name otherwise. */
function sysctlCommands({
  device,
  rpFilter,
  ignoreRoutesWithLinkdown,
}: LinkSetting): readonly string[] {
  const settings: readonly [string, number | boolean | null][] = [
    [`net/ipv4/conf/${device}/rp_filter`, rpFilter],
    [`net/ipv4/conf/${device}/ignore_routes_with_linkdown`, ignoreRoutesWithLinkdown],
  ];
  return settings.flatMap(([key, value]) =>
    value === null ? [] : [`sysctl -w ${key}=${Number(value)}`],
  );
}

function ruleCommand(verb: "add" | "del", rule: KernelRule): string {
  const { from, to } = selectorOfRule(rule);
  return words(
    `ip -${rule.family} rule ${verb} priority ${rule.priority}`,
    `from ${from === null ? "all" : textOf(from)}`,
    to === null ? null : `to ${textOf(to)}`,
    rule.fwmask === 0 ? null : `fwmark ${markOf(rule)}`,
    rule.iif === null ? null : `iif ${rule.iif}`,
    rule.oif === null ? null : `oif ${rule.oif}`,
    `lookup ${tableOf(rule.table)}`,
    rule.suppressPrefixLen === null ? null : `suppress_prefixlength ${rule.suppressPrefixLen}`,
    `protocol ${rule.protocol}`,
  );
}

function routeCommand(verb: "replace" | "del", route: KernelRoute, names: Names): string {
  const isUnicast = route.type === ROUTE_TYPE.unicast;
  const { gateway, oif } = route;
  return words(
    `ip -${route.family} route ${verb}`,
    isUnicast ? null : typeOf(route.type),
    route.dst === null ? "default" : destinationOf(route, route.dst),
    isUnicast && gateway !== null ? viaOf(route, gateway) : null,
    isUnicast && oif !== null ? `dev ${names.get(oif) ?? `if${oif}`}` : null,
    (route.flags & RTNH_FLAG.onlink) === 0 ? null : "onlink",
    `table ${tableOf(route.table)}`,
    `metric ${route.metric}`,
    `protocol ${route.protocol}`,
  );
}

function words(...parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null).join(" ");
}

function destinationOf({ family, dstLen }: KernelRoute, dst: Uint8Array): string {
  return formatPrefix({ family, bytes: dst, length: dstLen });
}

function viaOf({ family }: KernelRoute, gateway: Uint8Array): string {
  const text = formatAddress({ family: familyOf(gateway), bytes: gateway, zone: null });
  return familyOf(gateway) === family ? `via ${text}` : `via inet6 ${text}`;
}

/** Host routes and rules are shown without their length, as iproute2 does. */
function textOf(prefix: Prefix): string {
  const isHost = prefix.length === prefix.bytes.byteLength * 8;
  return isHost ? formatPrefix(prefix).replace(/\/\d+$/, "") : formatPrefix(prefix);
}

function markOf({ fwmark, fwmask }: KernelRule): string {
  const hex = (value: number) => `0x${value.toString(16)}`;
  return fwmask === 0xffff_ffff ? hex(fwmark) : `${hex(fwmark)}/${hex(fwmask)}`;
}

function tableOf(table: number): string {
  return table === TABLE_MAIN ? "main" : String(table);
}

function typeOf(type: number): string {
  if (type === ROUTE_TYPE.unreachable) return "unreachable";
  return type === ROUTE_TYPE.blackhole ? "blackhole" : `type ${type}`;
}
