import { describe, expect, test } from "bun:test";
import { isLinkAlive } from "../../../agent/domain/kernel-net.ts";
import { splitMessages } from "../../../agent/wire/netlink.ts";
import {
  decodeAddress,
  decodeLink,
  decodeNetconf,
  encodeAddressDump,
  encodeLinkDump,
  encodeLinkRequest,
  encodeLinkSettings,
  encodeNetconfRequest,
  NETCONF_ALL,
} from "../../../agent/wire/netlink-link.ts";
import { bytesOf } from "../../support/kernel-values.ts";
import { golden, hexOf } from "../../support/netlink-golden.ts";

describe("decodeLink()", () => {
  test("reads a veth that is up", () => {
    const link = decodeLink(golden("link-veth"));
    expect(link).toEqual({
      index: 2,
      name: "wan0",
      flags: 0x1_1043,
      hasCarrier: true,
      carrierUps: 1,
      carrierDowns: 1,
      operstate: 6,
      kind: "veth",
    });
    expect(link && isLinkAlive(link)).toBe(true);
  });

  test("reads a TUN device that nobody holds open", () => {
    const link = decodeLink(golden("link-tun"));
    expect(link).toMatchObject({ name: "tun0", hasCarrier: false, operstate: 2, kind: "tun" });
    expect(link && isLinkAlive(link)).toBe(false);
  });

  test("leaves out a bridge's own message, whose DELLINK deletes no device", () => {
    const body = golden("link-veth").body.slice();
    body[0] = 7;
    expect(decodeLink({ type: 17, flags: 0, sequence: 0, body })).toBeNull();
  });

  test("without a carrier attribute (wireless events) the flag counts", () => {
    const { body } = golden("link-veth");
    const short = body.slice(0, 16 + 12);
    const message = { type: 16, flags: 0, sequence: 0, body: short };
    expect(decodeLink(message)).toMatchObject({ name: "wan0", hasCarrier: true });
    new DataView(short.buffer).setUint32(8, 3, true);
    expect(decodeLink(message)).toMatchObject({ hasCarrier: false });
  });
});

describe("decodeAddress()", () => {
  test("reads an address, one with a far end, and an IPv6 one", () => {
    const base = { scope: 0, flags: 0x80 };
    expect(decodeAddress(golden("address4"))).toEqual({
      ...base,
      index: 2,
      family: 4,
      address: bytesOf(10, 1, 0, 2),
      prefixLen: 24,
    });
    expect(decodeAddress(golden("address4-peer"))).toEqual({
      ...base,
      index: 3,
      family: 4,
      address: bytesOf(10, 9, 0, 1),
      prefixLen: 32,
      peer: bytesOf(10, 9, 0, 2),
    });
    const six = decodeAddress(golden("address6"));
    expect(six).toMatchObject({ index: 2, family: 6, prefixLen: 64, flags: 0x82 });
    expect(six?.address[15]).toBe(2);
  });
});

describe("settings", () => {
  test("encodeLinkSettings() nests them as IFLA_AF_SPEC, AF_INET, IFLA_INET_CONF", () => {
    const request = encodeLinkSettings(5, { rpFilter: 2, ignoreRoutesWithLinkdown: true });
    expect(splitMessages(request)[0]).toMatchObject({ type: 16, flags: 5 });
    expect(hexOf(request.subarray(16))).toBe(
      "00000000050000000000000000000000" +
        "1c001a00" +
        "18000200" +
        "14000100" +
        "0800080002000000" +
        "08001d0001000000",
    );
  });

  test("encodeLinkSettings() leaves out what is not asked for", () => {
    const request = encodeLinkSettings(5, { rpFilter: 0 });
    expect(hexOf(request.subarray(32))).toBe("14001a00100002000c0001000800080000000000");
  });

  test("decodeNetconf() reads the settings of all devices", () => {
    expect(decodeNetconf(golden("netconf-all"))).toEqual({
      family: 4,
      index: NETCONF_ALL,
      rpFilter: 0,
      forwarding: false,
      ignoreRoutesWithLinkdown: false,
    });
  });

  test("decodeNetconf() says null for what an event leaves out", () => {
    const { body } = golden("netconf-all");
    const message = { type: 80, flags: 0, sequence: 0, body: body.subarray(0, 12) };
    expect(decodeNetconf(message)).toMatchObject({ rpFilter: null, forwarding: null });
    expect(decodeNetconf({ ...message, body: body.subarray(0, 11) })).toBeNull();
  });
});

test("requests name their device and family", () => {
  const heads = [encodeLinkDump(), encodeAddressDump(6), encodeLinkRequest(9)].map((request) => {
    const [message] = splitMessages(request);
    return [message?.type, message?.flags, hexOf(message?.body ?? new Uint8Array(0))];
  });
  expect(heads).toEqual([
    [18, 0x301, "00".repeat(16)],
    [22, 0x301, "0a00000000000000"],
    [18, 1, "00000000090000000000000000000000"],
  ]);
  expect(hexOf(encodeNetconfRequest(4, -1).subarray(16))).toBe("0200000008000100ffffffff");
});
