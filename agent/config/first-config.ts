/** A first configuration from what the kernel knows, with the reason of each choice beside it. */

import { parseAddress } from "../domain/address.ts";
import type { BoxUplink, LinkKind } from "../domain/box-uplinks.ts";
import { INTERFACE_FORM, isHostName } from "./host.ts";

export type FirstConfig =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "failed"; readonly reason: string };

const KIND_NAMES: Readonly<Record<LinkKind, string>> = {
  ethernet: "Ethernet",
  wireless: "Wireless",
  ppp: "PPP",
  wwan: "Mobile",
  tunnel: "Tunnel",
};

/** Why a host cannot be a target; null: it can. */
export function targetFault(host: string): string | null {
  if (parseAddress(host) !== null || isHostName(host)) return null;
  return `cannot use ${JSON.stringify(host)}: want an address or a name`;
}

/** `targets`: what the operator named; empty: the gateways have to do. */
export function firstConfig(found: readonly BoxUplink[], targets: readonly string[]): FirstConfig {
  // The kernel takes names of devices that no configuration can name.
  const uplinks = found.filter(({ device }) => INTERFACE_FORM.accepts(device));
  if (uplinks.length === 0) {
    return { kind: "failed", reason: "cannot find an uplink: no default route is there" };
  }
  const planned = uplinks.map((uplink) => ({ uplink, ...targetsOf(uplink, targets) }));
  const bare = planned.filter(({ hosts }) => hosts.length === 0).map(({ uplink }) => uplink.device);
  if (bare.length > 0) {
    const reason = `cannot choose a target for ${bare.join(", ")}: name one with --target`;
    return { kind: "failed", reason };
  }
  const ids = uniqueIds(uplinks);
  const paths = planned.map(({ uplink, hosts, why }, i) =>
    pathText(uplink, { id: ids[i] ?? "", hosts, why }),
  );
  const text = [HEAD, "paths:", ...paths, ...policyText(ids), TAIL].join("\n");
  return { kind: "text", text: `${text}\n` };
}

const HEAD = `# patronus-agent: first configuration, written by init from the default routes of this box.
# Every key with its default: patronus-agent config example
# After a change: patronus-agent check-config, then reload.
version: 1

# The ways out of this box, the one that the kernel prefers first.`;

const TAIL = `
# History, listeners, reflector and the rest are at their defaults.`;

interface Chosen {
  readonly hosts: readonly string[];
  readonly why: string;
}

function targetsOf(uplink: BoxUplink, wanted: readonly string[]): Chosen {
  const reachable = wanted.filter((host) => {
    const family = parseAddress(host)?.family;
    if (family === undefined) return true;
    return (family === 4 ? uplink.ipv4 : uplink.ipv6) !== null;
  });
  if (reachable.length > 0) {
    const left = wanted.filter((host) => !reachable.includes(host));
    const without = left.length === 0 ? "" : `; no route of its family: ${left.join(", ")}`;
    return { hosts: reachable, why: `as named with --target${without}` };
  }
  const gateways = [uplink.ipv4?.gateway, uplink.ipv6?.gateway].flatMap((one) => one ?? []);
  const why = "the gateway proves the first hop only: better a host beyond it that always answers";
  return { hosts: gateways.slice(0, 1), why };
}

function pathText(uplink: BoxUplink, { id, hosts, why }: Chosen & { readonly id: string }): string {
  const { device, kind, ipv4, ipv6 } = uplink;
  const isDirect = (ipv4?.gateway ?? ipv6?.gateway ?? null) === null;
  return [
    `  # ${routesText(uplink)}`,
    `  - id: ${JSON.stringify(id)}`,
    `    name: ${JSON.stringify(`${KIND_NAMES[kind]} ${device}`)}`,
    `    interface: ${JSON.stringify(device)}`,
    isDirect
      ? "    gateway: none          # its default route has none: point to point"
      : "    gateway: auto          # followed when DHCP or PPP changes it",
    `    # ${why}`,
    `    targets: [${hosts.map((host) => JSON.stringify(host)).join(", ")}]`,
    ...profileText(kind),
  ].join("\n");
}

function routesText({ device, kind, ipv4, ipv6, addresses }: BoxUplink): string {
  const routes = [ipv4, ipv6].flatMap((route) =>
    route === null
      ? []
      : [`default route via ${route.gateway ?? "the link itself"}, metric ${route.metric}`],
  );
  const held = addresses.length === 0 ? "no address" : addresses.join(", ");
  return `${KIND_NAMES[kind]} device ${device}, ${held}; ${routes.join("; ")}.`;
}

function profileText(kind: LinkKind): readonly string[] {
  switch (kind) {
    case "wwan":
      return [
        "    profile: metered       # a mobile device: one small probe per 30 s",
        "    cost: 10               # traffic over it has its price",
      ];
    case "wireless":
      return ["    profile: balanced      # a burst of loss on the air is not an outage"];
    default:
      return ["    profile: balanced      # fast finds an outage in 0.4 s and sends 20 times more"];
  }
}

/** A letter or digit in front, and nothing that an id may not hold; devices differ, so do ids. */
function uniqueIds(uplinks: readonly BoxUplink[]): readonly string[] {
  const ids: string[] = [];
  for (const { device } of uplinks) {
    const plain = device
      .toLowerCase()
      .replace(/[^a-z0-9._-]/g, "-")
      .replace(/^[^a-z0-9]+/, "");
    let id = plain === "" ? "uplink" : plain;
    for (let n = 2; ids.includes(id); n++) id = `${plain || "uplink"}-${n}`;
    ids.push(id);
  }
  return ids;
}

function policyText(ids: readonly string[]): readonly string[] {
  const [primary = "", ...backups] = ids;
  if (backups.length === 0) return ["", "# With a second uplink a policy can choose between them."];
  return [
    "",
    "# The order is the kernel's. Without `route` the policy decides and reports, and moves nothing.",
    "policies:",
    "  - id: 1",
    "    name: default",
    `    primary: ${JSON.stringify(primary)}`,
    `    backups: [${backups.map((id) => JSON.stringify(id)).join(", ")}]`,
    "    # route: { match: [{ to: default }] }   # with it the agent moves all traffic",
  ];
}
