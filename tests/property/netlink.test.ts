/**
 * Fuzz of the netlink codec: random octets, damaged captures and random values. No decoder throws,
 * nothing cut short passes for a message, and what we write is what we read. FULL=1 runs longer.
 */

import { describe, expect, test } from "bun:test";
import type { Family, KernelRoute, KernelRule } from "../../agent/domain/kernel-net.ts";
import {
  readLinkChange,
  readNetOrder,
  readNetState,
  readNetWatch,
  readOrderOutcome,
} from "../../agent/wire/net-frames.ts";
import { netJson, rawOf, readRoute, readRule } from "../../agent/wire/net-json.ts";
import type { NetlinkMessage } from "../../agent/wire/netlink.ts";
import {
  message,
  readAttributes,
  readDone,
  readError,
  splitMessages,
} from "../../agent/wire/netlink.ts";
import { decodeFlow } from "../../agent/wire/netlink-conntrack.ts";
import { decodeAddress, decodeLink, decodeNetconf } from "../../agent/wire/netlink-link.ts";
import { decodeRoute, encodeRouteReplace } from "../../agent/wire/netlink-route.ts";
import { decodeRule, encodeRuleCreate } from "../../agent/wire/netlink-rule.ts";
import { eventOf } from "../../agent/worker/netlink/events.ts";
import { golden, goldenNames } from "../support/netlink-golden.ts";
import { fc } from "../support/property.ts";

const numRuns = process.env["FULL"] === "1" ? 200_000 : 2_000;
const DECODERS = [decodeRoute, decodeRule, decodeLink, decodeAddress, decodeNetconf, decodeFlow];
const TYPES = [2, 3, 16, 17, 20, 21, 24, 25, 32, 33, 80, 256];

const octets = fc.uint8Array({ maxLength: 300 });
const capture = fc.constantFrom(...goldenNames.filter((name) => name !== "error-datagram"));

function decodeAll(one: NetlinkMessage): unknown[] {
  readError(one);
  readDone(one);
  eventOf(one, [254]);
  return DECODERS.map((decode) => decode(one)).filter((value) => value !== null);
}

const family = fc.constantFrom<Family>(4, 6);
const word = fc.nat({ max: 0xffff_ffff });
const octet = fc.nat({ max: 255 });
const addressOf = (of: Family) =>
  fc.uint8Array({ minLength: of === 4 ? 4 : 16, maxLength: of === 4 ? 4 : 16 });
const prefixOf = (of: Family) =>
  fc.option(fc.tuple(addressOf(of), fc.integer({ min: 1, max: of === 4 ? 32 : 128 })));
const device = fc.option(fc.stringMatching(/^[a-z][a-z0-9.-]{0,14}$/));

const route: fc.Arbitrary<KernelRoute> = family.chain((of) =>
  fc
    .record({
      table: word,
      prefix: prefixOf(of),
      gateway: fc.option(addressOf(of)),
      oif: fc.option(fc.integer({ min: 1, max: 0x7fff_ffff })),
      metric: word,
      numbers: fc.tuple(octet, octet, octet),
      flags: fc.constantFrom(0, 1, 4, 16),
    })
    .map(({ prefix, numbers: [protocol, scope, type], ...rest }) => ({
      family: of,
      dst: prefix?.[0] ?? null,
      dstLen: prefix?.[1] ?? 0,
      srcLen: 0,
      protocol,
      scope,
      type,
      ...rest,
    })),
);

const rule: fc.Arbitrary<KernelRule> = family.chain((of) =>
  fc
    .record({
      priority: word,
      table: word,
      action: octet,
      protocol: octet,
      from: prefixOf(of),
      to: prefixOf(of),
      iif: device,
      oif: device,
      fwmark: word,
      fwmask: word,
      suppressPrefixLen: fc.option(fc.nat({ max: 128 })),
    })
    .map(({ from, to, ...rest }) => ({
      family: of,
      from: from?.[0] ?? null,
      fromLen: from?.[1] ?? 0,
      to: to?.[0] ?? null,
      toLen: to?.[1] ?? 0,
      flags: 0,
      ...rest,
    })),
);

function onlyMessage(request: Uint8Array): NetlinkMessage {
  const [one, ...others] = splitMessages(request);
  if (one === undefined || others.length > 0) throw new Error("not one message");
  return one;
}

describe("decoders", () => {
  test("take any octets as a datagram", () => {
    fc.assert(
      fc.property(octets, (datagram) => {
        for (const one of splitMessages(datagram)) decodeAll(one);
        readAttributes(datagram, 0);
      }),
      { numRuns },
    );
  });

  test("take any octets as the body of any type", () => {
    fc.assert(
      fc.property(octets, fc.constantFrom(...TYPES), octet, (body, type, flags) => {
        decodeAll({ type, flags: flags << 8, sequence: 0, body });
      }),
      { numRuns },
    );
  });

  test("take a capture with some octets changed", () => {
    const changes = fc.array(fc.tuple(fc.nat(), octet), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(capture, changes, (name, list) => {
        const one = golden(name);
        const body = one.body.slice();
        for (const [at, value] of list) body[at % body.byteLength] = value;
        decodeAll({ ...one, body });
      }),
      { numRuns },
    );
  });

  test("a datagram cut short holds no message that was cut", () => {
    fc.assert(
      fc.property(capture, fc.nat(), (name, cut) => {
        const one = golden(name);
        const whole = message(one.type, 0, [one.body]);
        expect(splitMessages(whole)).toHaveLength(1);
        expect(splitMessages(whole.subarray(0, cut % whole.byteLength))).toEqual([]);
      }),
      { numRuns },
    );
  });

  test("no capture is read as another kind of thing", () => {
    for (const name of goldenNames) {
      if (name !== "error-datagram") expect(decodeAll(golden(name))).toHaveLength(1);
    }
  });
});

describe("round trips", () => {
  test("of any route, over netlink and as JSON", () => {
    fc.assert(
      fc.property(route, (value) => {
        expect(decodeRoute(onlyMessage(encodeRouteReplace(value)))).toEqual(value);
        expect(readRoute(rawOf(JSON.parse(netJson(value))))).toEqual(value);
      }),
      { numRuns },
    );
  });

  test("of any rule, over netlink and as JSON", () => {
    fc.assert(
      fc.property(rule, (value) => {
        expect(decodeRule(onlyMessage(encodeRuleCreate(value)))).toEqual(value);
        expect(readRule(rawOf(JSON.parse(netJson(value))))).toEqual(value);
      }),
      { numRuns },
    );
  });
});

test("the readers of frames take any JSON", () => {
  const readers = [readNetOrder, readNetWatch, readNetState, readLinkChange, readOrderOutcome];
  const kind = fc.constantFrom("switch-route", "apply-rule", "set-link", "delete-flows", "done");
  const body = fc.oneof(fc.jsonValue(), fc.record({ kind, route: fc.jsonValue() }));
  fc.assert(
    fc.property(body, (value) => {
      for (const read of readers) read(value);
    }),
    { numRuns },
  );
});
