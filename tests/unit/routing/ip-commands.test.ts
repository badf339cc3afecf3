import { describe, expect, test } from "bun:test";
import type { KernelRoute, KernelRule } from "../../../agent/domain/kernel-net.ts";
import { OUR_PROTOCOL } from "../../../agent/domain/kernel-net.ts";
import { asIpCommands } from "../../../agent/routing/ip-commands.ts";
import { defaultRoute, unreachableRoute } from "../../../agent/routing/route-forms.ts";
import { lookupRule, mainRule, withSelector } from "../../../agent/routing/rule-forms.ts";
import { box, bytes, link, selector, towards } from "../../support/routing.ts";

const LINKS = [link(2, "wan0")];
const PLACE = { family: 4, table: 158, metric: 1 } as const;

const addRule = (rule: KernelRule) => asIpCommands([{ kind: "apply-rule", rule }], LINKS);
const apply = (route: KernelRoute) => asIpCommands([{ kind: "apply-route", route }], LINKS);

function via(family: 4 | 6, gateway: string): KernelRoute {
  const address = bytes(gateway);
  return defaultRoute({ ...PLACE, family }, link(2, "wan0"), { kind: "via", address }, box());
}

describe("asIpCommands()", () => {
  test("writes rules with all their conditions", () => {
    const match = selector({
      from: "10.0.0.0/8",
      to: "192.0.2.1",
      iif: "lan",
      fwmark: { mark: 0x100, mask: 0xff00 },
    });
    expect(addRule(withSelector(mainRule(4, 29_000, 32), match))).toEqual([
      "ip -4 rule add priority 29000 from 10.0.0.0/8 to 192.0.2.1 fwmark 0x100/0xff00 iif lan " +
        "lookup main suppress_prefixlength 32 protocol 158",
    ]);
    const marked = selector({ fwmark: { mark: 0x8000_0000, mask: 0xffff_ffff } });
    expect(addRule(withSelector(lookupRule(6, 31_000, 158), marked))).toEqual([
      "ip -6 rule add priority 31000 from all fwmark 0x80000000 lookup 158 protocol 158",
    ]);
    expect(addRule({ ...lookupRule(4, 1005, 1001), oif: "wan0" })).toEqual([
      "ip -4 rule add priority 1005 from all oif wan0 lookup 1001 protocol 158",
    ]);
  });

  test("writes routes in all their forms", () => {
    const device = defaultRoute(PLACE, link(2, "wan0"), { kind: "device" }, box());
    const rest = "table 158 metric 1 protocol 158";
    expect(apply(via(4, "10.1.0.1"))).toEqual([
      `ip -4 route replace default via 10.1.0.1 dev wan0 ${rest}`,
    ]);
    expect(apply(via(4, "10.2.0.1"))).toEqual([
      `ip -4 route replace default via 10.2.0.1 dev wan0 onlink ${rest}`,
    ]);
    expect(apply(via(4, "fe80::1"))).toEqual([
      `ip -4 route replace default via inet6 fe80::1 dev wan0 ${rest}`,
    ]);
    expect(apply(via(6, "fd11::1"))).toEqual([
      `ip -6 route replace default via fd11::1 dev wan0 ${rest}`,
    ]);
    expect(apply(device)).toEqual([`ip -4 route replace default dev wan0 ${rest}`]);
    expect(apply(unreachableRoute({ ...PLACE, family: 6, metric: 4000 }))).toEqual([
      "ip -6 route replace unreachable default table 158 metric 4000 protocol 158",
    ]);
  });

  test("writes what goes, also through a device without a name", () => {
    const route = { ...via(4, "10.1.0.1"), oif: 77 };
    const rule = lookupRule(4, 32_000, 158);
    const stray = towards("10.5.0.0/16", { oif: 2, table: 158, protocol: OUR_PROTOCOL });
    const operations = [
      { kind: "delete-rule", rule },
      { kind: "delete-route", route },
      { kind: "delete-route", route: stray },
    ] as const;
    expect(asIpCommands(operations, LINKS)).toEqual([
      "ip -4 rule del priority 32000 from all lookup 158 protocol 158",
      "ip -4 route del default via 10.1.0.1 dev if77 table 158 metric 1 protocol 158",
      "ip -4 route del 10.5.0.0/16 dev wan0 table 158 metric 0 protocol 158",
    ]);
  });

  test("writes settings with slashes, one command for each", () => {
    const setting = { device: "eth0.10", rpFilter: 2, ignoreRoutesWithLinkdown: true };
    expect(asIpCommands([{ kind: "set-link", ...setting }], [])).toEqual([
      "sysctl -w net/ipv4/conf/eth0.10/rp_filter=2",
      "sysctl -w net/ipv4/conf/eth0.10/ignore_routes_with_linkdown=1",
    ]);
    const nothing = { device: "eth0", rpFilter: null, ignoreRoutesWithLinkdown: null };
    expect(asIpCommands([{ kind: "set-link", ...nothing }], [])).toEqual([]);
  });
});
