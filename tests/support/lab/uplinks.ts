/**
 * A box with two or three uplinks to one internet:
 *
 *   host -- box -- wanN ==== isp N ---- internet
 *
 * `box` runs the agent; uplink N is a veth pair or a TUN device whose cable can be cut; each
 * provider is a namespace that forwards; the internet answers probes by its kernel and receives
 * streams. A provider whose uplink is `shaped` sends everything through a wire that can lose,
 * delay and jitter. Uplink i has 10.(81+i).0.0/24 and fd(81+i)::/64, the box .2, the provider .1.
 */

import { monotonicNow } from "../../../agent/worker/libc.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Namespace } from "./namespace.ts";
import { createNamespace } from "./namespace.ts";
import { ShapedWire } from "./shaped-wire-pair.ts";
import type { Stream, StreamOptions } from "./stream.ts";
import { startStream } from "./stream.ts";

export type UplinkName = "a" | "b" | "c";
export const UPLINK_NAMES = ["a", "b", "c"] as const;

export interface UplinkOptions {
  /** Default veth: its gateway is .1 of its network. A TUN device has none. */
  readonly link?: "veth" | "tun";
  /** The way from the provider on is a wire that can be shaped; costs a process. */
  readonly shaped?: boolean;
}

export interface UplinksOptions {
  /** Part of the namespaces' names: lower-case letters, digits, hyphens; at most 20. */
  readonly purpose: string;
  /** In the order of the metrics of main's default routes. */
  readonly uplinks: readonly UplinkOptions[];
  /** A host behind the box, masqueraded on each uplink. */
  readonly host?: boolean;
}

/** Addresses of the internet, for probes and streams. */
export const TARGETS = {
  4: ["10.77.0.1", "10.77.0.2", "10.77.0.3"],
  6: ["fd77::1", "fd77::2", "fd77::3"],
} as const;
export const HOST_NET = { box: "10.9.0.1", host: "10.9.0.2", box6: "fd09::1", host6: "fd09::2" };

/** What a configuration of the agent names. */
export interface Uplink {
  readonly name: UplinkName;
  readonly kind: "veth" | "tun";
  /** Of the box. */
  readonly device: string;
  readonly address: string;
  readonly address6: string;
  /** null: point to point. */
  readonly gateway: string | null;
  readonly gateway6: string | null;
  readonly isp: Namespace;
  /** Of the provider, towards the box. */
  readonly far: string;
  /** Of the internet, towards the provider. */
  readonly behind: string;
}

interface Laid extends Uplink {
  readonly index: number;
  /** Towards the box; null: veth. */
  readonly cable: ShapedWire | null;
  /** Towards the internet; null: veth. */
  readonly shaped: ShapedWire | null;
}

const FAR_METRIC = 100;
/** Inside of ICMPv6 lives neighbour discovery: without it the link itself would look dead. */
const NEIGHBOURS = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept";

export class Uplinks {
  readonly box: Namespace;
  readonly internet: Namespace;
  /** null without `host`. */
  readonly host: Namespace | null;
  readonly #laid: Laid[] = [];
  readonly #namespaces: Namespace[] = [];
  readonly #streams: Stream[] = [];

  private constructor({ purpose, host }: UplinksOptions) {
    this.box = this.#made(`${purpose}-box`);
    this.internet = this.#made(`${purpose}-net`);
    this.host = host === true ? this.#made(`${purpose}-host`) : null;
  }

  static async open(options: UplinksOptions): Promise<Uplinks> {
    const uplinks = new Uplinks(options);
    try {
      uplinks.#layInternet();
      if (uplinks.host !== null) layHost(uplinks.box, uplinks.host);
      for (const [index, wanted] of options.uplinks.entries()) {
        const isp = uplinks.#made(`${options.purpose}-isp${index}`);
        uplinks.#laid.push(await lay(uplinks, { index, isp, wanted }));
      }
      for (const { name } of uplinks.#laid) uplinks.#reach(name);
    } catch (error) {
      await uplinks.close();
      throw error;
    }
    return uplinks;
  }

  get all(): readonly Uplink[] {
    return this.#laid;
  }

  uplink(name: UplinkName): Uplink {
    return this.#of(name);
  }

  /** Pulls the plug: the box's device loses its carrier. Monotonic us just before. */
  async cut(name: UplinkName): Promise<number> {
    const { cable, isp, far } = this.#of(name);
    if (cable !== null) return cable.carrier(false);
    const beforeUs = monotonicNow();
    isp.exec(["ip", "link", "set", far, "down"]);
    return beforeUs;
  }

  /** Puts the plug back. */
  async mend(name: UplinkName): Promise<number> {
    const { cable, isp, far } = this.#of(name);
    if (cable !== null) return cable.carrier(true);
    const beforeUs = monotonicNow();
    isp.exec(["ip", "link", "set", far, "up"]);
    return beforeUs;
  }

  /** The provider drops everything without a word; the link stays. Monotonic us just before. */
  blackhole(name: UplinkName, family: 4 | 6 | "both" = "both"): number {
    const { isp } = this.#of(name);
    const beforeUs = monotonicNow();
    const kind = { 4: "ip", 6: "ip6", both: "inet" }[family];
    const keep = family === 4 ? "" : `${NEIGHBOURS};`;
    const chain = `type filter hook prerouting priority -300; policy drop; ${keep}`;
    nft(isp, `table ${kind} hole { chain drops { ${chain} } }`);
    return beforeUs;
  }

  /** Ends a black hole of any family. */
  unhole(name: UplinkName): void {
    nft(this.#of(name).isp, "flush ruleset");
  }

  /** One address of the internet no longer answers on any path. */
  silence(target: string): void {
    const [kind, word] = target.includes(":") ? ["ip6", "ip6"] : ["ip", "ip"];
    const chain = "type filter hook prerouting priority -300;";
    const rule = `${word} daddr ${target} drop`;
    nft(this.internet, `table ${kind} silent { chain drops { ${chain} ${rule}; } }`);
  }

  /** All addresses answer again. */
  unsilence(): void {
    nft(this.internet, "flush ruleset");
  }

  /** Of a `shaped` uplink; an empty behaviour passes everything at once. */
  async shape(name: UplinkName, up: Behaviour, down: Behaviour = up): Promise<void> {
    const { shaped } = this.#of(name);
    if (shaped === null) throw new Error(`uplink ${name} is not shaped`);
    await shaped.shape("up", up);
    await shaped.shape("down", down);
  }

  /** Takes the box's device down: the kernel drops its routes and IPv6 addresses. */
  lower(name: UplinkName): void {
    this.box.exec(["ip", "link", "set", this.#of(name).device, "down"]);
  }

  /** Device up, addresses and main's default routes again, as DHCP would. */
  raise(name: UplinkName): void {
    raise(this.box, this.#of(name));
  }

  /** Deletes a veth uplink; `replug` makes it anew, with another index. */
  unplug(name: UplinkName): void {
    this.box.exec(["ip", "link", "del", this.#of(name).device]);
  }

  replug(name: UplinkName): void {
    const uplink = this.#of(name);
    if (uplink.cable !== null) throw new Error(`uplink ${name} is no veth pair`);
    plugVeth(this.box, uplink);
    raiseFar(uplink);
    raise(this.box, uplink);
  }

  /** From the box, or from the host behind it, to an address of the internet. */
  async stream(
    options: Partial<Pick<StreamOptions, "from" | "family" | "perSecond" | "port" | "target">> = {},
  ): Promise<Stream> {
    const { family = 4, from = this.box, target = TARGETS[family][0] } = options;
    const devices = Object.fromEntries(this.#laid.map(({ name, behind }) => [name, behind]));
    const stream = await startStream({
      ...options,
      from,
      to: this.internet,
      devices,
      family,
      target,
    });
    this.#streams.push(stream);
    return stream;
  }

  /** Ends streams and wires, removes the namespaces; may be called again. */
  async close(): Promise<void> {
    await Promise.all(this.#streams.map((stream) => stream.close()));
    for (const { cable, shaped } of this.#laid) {
      await cable?.close();
      await shaped?.close();
    }
    for (const namespace of this.#namespaces) namespace.close();
  }

  #of(name: UplinkName): Laid {
    const found = this.#laid.find((one) => one.name === name);
    if (found === undefined) throw new Error(`there is no uplink ${name}`);
    return found;
  }

  #made(purpose: string): Namespace {
    const namespace = createNamespace(purpose);
    this.#namespaces.push(namespace);
    // Duplicate detection would keep addresses unusable for a second, and tell events of it.
    for (const which of ["default", "all"]) {
      namespace.sysctl(`net.ipv6.conf.${which}.accept_dad`, "0");
      namespace.sysctl(`net.ipv6.conf.${which}.dad_transmits`, "0");
    }
    return namespace;
  }

  #layInternet(): void {
    for (const [at, address] of TARGETS[4].entries()) {
      this.internet.exec(["ip", "addr", "add", `${address}/32`, "dev", "lo"]);
      this.internet.exec(["ip", "addr", "add", `${TARGETS[6][at]}/128`, "dev", "lo"]);
    }
    this.internet.sysctl("net.ipv4.icmp_ratelimit", "0");
    this.internet.sysctl("net.ipv6.icmp.ratelimit", "0");
  }

  /** The first packets would wait for the neighbours' answers. */
  #reach(name: UplinkName): void {
    const { device } = this.#of(name);
    for (const target of [TARGETS[4][0], TARGETS[6][0]]) {
      this.box.exec(["ping", "-q", "-c", "1", "-w", "5", "-I", device, target]);
    }
  }
}

function nft(namespace: Namespace, rules: string): void {
  namespace.exec(["nft", rules.replaceAll(/; ?/g, "\n").replaceAll("}", "\n}")]);
}

const net4 = (index: number) => `10.${81 + index}.0`;
const net6 = (index: number) => `fd${81 + index}:`;
const leg4 = (index: number) => `10.${91 + index}.0`;
const leg6 = (index: number) => `fd${91 + index}:`;

interface Order {
  readonly index: number;
  readonly isp: Namespace;
  readonly wanted: UplinkOptions;
}

async function lay({ box, internet }: Uplinks, { index, isp, wanted }: Order): Promise<Laid> {
  const kind = wanted.link ?? "veth";
  const base = {
    name: UPLINK_NAMES[index] ?? "a",
    index,
    kind,
    isp,
    device: `wan${index}`,
    address: `${net4(index)}.2`,
    address6: `${net6(index)}:2`,
    gateway: kind === "veth" ? `${net4(index)}.1` : null,
    gateway6: kind === "veth" ? `${net6(index)}:1` : null,
    far: `isp${index}`,
    behind: `net${index}`,
  };
  forward(isp);
  // A cable that is cut takes the addresses of the far end with it otherwise.
  isp.sysctl("net.ipv6.conf.default.keep_addr_on_down", "1");
  isp.sysctl("net.ipv6.conf.all.keep_addr_on_down", "1");
  const near = { namespace: box, device: base.device };
  const cable =
    kind === "tun" ? await ShapedWire.pull(near, { namespace: isp, device: base.far }) : null;
  const outer = { namespace: isp, device: `out${index}` };
  const inner = { namespace: internet, device: base.behind };
  const shaped = wanted.shaped === true ? await ShapedWire.pull(outer, inner) : null;
  const laid = { ...base, cable, shaped };
  if (cable === null) plugVeth(box, laid);
  if (shaped === null) {
    const peer = ["type", "veth", "peer", inner.device, "netns", internet.name];
    isp.exec(["ip", "link", "add", outer.device, ...peer]);
  }
  raiseFar(laid);
  layLeg(laid, outer.device, internet);
  raise(box, laid);
  return laid;
}

function plugVeth(box: Namespace, { device, far, isp }: Uplink): void {
  box.exec(["ip", "link", "add", device, "type", "veth", "peer", far, "netns", isp.name]);
}

/** The provider's end towards the box. */
function raiseFar({ isp, far, index }: Laid): void {
  address(isp, far, [`${net4(index)}.1/24`, `${net6(index)}:1/64`]);
}

/** From the provider to the internet and back. */
function layLeg({ index, isp, behind }: Laid, outer: string, internet: Namespace): void {
  address(isp, outer, [`${leg4(index)}.1/30`, `${leg6(index)}:1/64`]);
  address(internet, behind, [`${leg4(index)}.2/30`, `${leg6(index)}:2/64`]);
  isp.exec(["ip", "route", "add", "default", "via", `${leg4(index)}.2`]);
  isp.exec(["ip", "-6", "route", "add", "default", "via", `${leg6(index)}:2`]);
  internet.exec(["ip", "route", "add", `${net4(index)}.0/24`, "via", `${leg4(index)}.1`]);
  internet.exec(["ip", "-6", "route", "add", `${net6(index)}:/64`, "via", `${leg6(index)}:1`]);
}

/** The box's end, with defaults in main. */
function raise(box: Namespace, uplink: Laid): void {
  const { device, index } = uplink;
  address(box, device, [`${uplink.address}/24`, `${uplink.address6}/64`]);
  const at = ["dev", device, "metric", `${FAR_METRIC * (index + 1)}`];
  for (const [family, gateway] of [
    ["-4", uplink.gateway],
    ["-6", uplink.gateway6],
  ] as const) {
    const via = gateway === null ? [] : ["via", gateway];
    box.exec(["ip", family, "route", "replace", "default", ...via, ...at]);
  }
}

function address(namespace: Namespace, device: string, addresses: readonly string[]): void {
  for (const one of addresses) {
    const extra = one.includes(":") ? ["nodad"] : [];
    namespace.exec(["ip", "addr", "replace", one, "dev", device, ...extra]);
  }
  namespace.exec(["ip", "link", "set", device, "up"]);
}

function forward(namespace: Namespace): void {
  namespace.sysctl("net.ipv4.ip_forward", "1");
  namespace.sysctl("net.ipv6.conf.all.forwarding", "1");
}

function layHost(box: Namespace, host: Namespace): void {
  forward(box);
  box.exec(["ip", "link", "add", "lan0", "type", "veth", "peer", "eth0", "netns", host.name]);
  address(box, "lan0", [`${HOST_NET.box}/24`, `${HOST_NET.box6}/64`]);
  address(host, "eth0", [`${HOST_NET.host}/24`, `${HOST_NET.host6}/64`]);
  host.exec(["ip", "route", "add", "default", "via", HOST_NET.box]);
  host.exec(["ip", "-6", "route", "add", "default", "via", HOST_NET.box6]);
  const chain = 'type nat hook postrouting priority 100; oifname "wan*" masquerade;';
  nft(box, `table inet outward { chain out { ${chain} } }`);
}
