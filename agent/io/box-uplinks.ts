/**
 * Default routes, devices and addresses of this box from procfs and sysfs: enough to begin with and
 * readable without any privilege. Of a multipath route the kernel lists the first hop only there.
 */

import { existsSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { formatAddress, parseAddress } from "../domain/address.ts";
import type { BoxUplink, DefaultRoute, LinkKind } from "../domain/box-uplinks.ts";
import { byPreference } from "../domain/box-uplinks.ts";

/** linux/route.h */
const RTF_UP = 0x1;
const RTF_REJECT = 0x200;
/** linux/if_arp.h */
const ARPHRD_PPP = 512;
const ARPHRD_RAWIP = 519;
const ARPHRD_NONE = 65_534;

export function readBoxUplinks(proc = "/proc/net", sys = "/sys/class/net"): readonly BoxUplink[] {
  const ipv4 = parseRoutes4(textOf(join(proc, "route")));
  const ipv6 = parseRoutes6(textOf(join(proc, "ipv6_route")));
  const addresses = networkInterfaces();
  const devices = new Set([...ipv4.keys(), ...ipv6.keys()]);
  const uplinks = [...devices].map((device) => ({
    device,
    kind: kindOf(device, join(sys, device)),
    ipv4: ipv4.get(device) ?? null,
    ipv6: ipv6.get(device) ?? null,
    addresses: (addresses[device] ?? [])
      .map(({ address }) => address)
      .filter((address) => !/^fe[89ab]/i.test(address)),
  }));
  return byPreference(uplinks);
}

type Routes = ReadonlyMap<string, DefaultRoute>;

/** /proc/net/route: addresses are words in the order of the CPU, which is little-endian here. */
export function parseRoutes4(text: string): Routes {
  const routes = new Map<string, DefaultRoute>();
  for (const line of text.split("\n").slice(1)) {
    const [device = "", to, via = "", flags = "", , , metric = "", mask] = line.trim().split(/\s+/);
    if (to !== "00000000" || mask !== "00000000") continue;
    const octets = via.match(/../g)?.reverse() ?? [];
    const gateway = octets.map((octet) => Number.parseInt(octet, 16)).join(".");
    keepBest(routes, {
      device,
      gateway,
      flags: Number.parseInt(flags, 16),
      metric: Number(metric),
    });
  }
  return routes;
}

/** /proc/net/ipv6_route: everything in hexadecimal. */
export function parseRoutes6(text: string): Routes {
  const routes = new Map<string, DefaultRoute>();
  for (const line of text.split("\n")) {
    const [to = "", length, , , via = "", metric = "", , , flags = "", device = ""] = line
      .trim()
      .split(/\s+/);
    if (!/^0{32}$/.test(to) || length !== "00" || device === "lo") continue;
    const parsed = parseAddress(via.match(/.{4}/g)?.join(":") ?? "");
    const gateway = parsed === null ? "::" : formatAddress(parsed);
    const entry = { device, gateway, flags: Number.parseInt(flags, 16) };
    keepBest(routes, { ...entry, metric: Number.parseInt(metric, 16) });
  }
  return routes;
}

interface Row {
  readonly device: string;
  readonly gateway: string;
  readonly flags: number;
  readonly metric: number;
}

function keepBest(
  routes: Map<string, DefaultRoute>,
  { device, gateway, flags, metric }: Row,
): void {
  const isUsable = (flags & RTF_UP) !== 0 && (flags & RTF_REJECT) === 0;
  const known = routes.get(device);
  if (!isUsable || (known !== undefined && known.metric <= metric)) return;
  const isDirect = gateway === "0.0.0.0" || gateway === "::";
  routes.set(device, { gateway: isDirect ? null : gateway, metric });
}

/** `folder`: the device's in /sys/class/net. A modem that plays a network card is one for us too. */
export function kindOf(device: string, folder: string): LinkKind {
  const type = /^DEVTYPE=(.*)$/m.exec(textOf(join(folder, "uevent")))?.[1] ?? "";
  const number = Number(textOf(join(folder, "type")).trim() || Number.NaN);
  if (type === "wwan" || number === ARPHRD_RAWIP || /^(wwan|rmnet)/.test(device)) return "wwan";
  if (type === "wlan" || existsSync(join(folder, "phy80211"))) return "wireless";
  if (type === "ppp" || number === ARPHRD_PPP) return "ppp";
  if (type === "wireguard" || number === ARPHRD_NONE) return "tunnel";
  return "ethernet";
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // No IPv6, or no such attribute: nothing there.
    return "";
  }
}
