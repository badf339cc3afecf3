/** What the responder remembers: behaviours, records, names of namespaces. */

import { describe, expect, test } from "bun:test";
import { AddressBook, isForLab, isInLab, keyOf } from "../../support/lab/address-book.ts";
import { makerOf } from "../../support/lab/namespace.ts";
import { buildPacket, PROTOCOL, parsePacket } from "../../support/lab/packet.ts";
import { entryOf, rowOf } from "../../support/lab/protocol.ts";
import type { Entry } from "../../support/lab/record.ts";
import { PacketRecord, RECORD_MAX } from "../../support/lab/record.ts";
import { ROUTER, STRANGER } from "../../support/lab/reply.ts";

const ENTRY: Entry = {
  arrivedUs: 1.5,
  departedUs: null,
  protocol: 1,
  seq: 3,
  decision: "lost",
};

describe("AddressBook", () => {
  test("AddressBook answers at once where nothing was said, and counts per address", () => {
    const book = new AddressBook(1);
    book.behave("a", { loss: { kind: "nth", n: 2 } });
    const decisions = ["a", "b", "a", "b"].map((key) => book.decide(key, false).decision);
    expect(decisions).toEqual(["answered", "answered", "lost", "answered"]);
  });

  test("AddressBook.behave() begins counting anew", () => {
    const book = new AddressBook(1);
    const behaviour = { loss: { kind: "nth", n: 2 } } as const;
    book.behave("a", behaviour);
    book.decide("a", false);
    book.behave("a", behaviour);
    expect(book.decide("a", false).decision).toBe("answered");
  });

  test("AddressBook.decide() repeats an address from its seed, whatever the others are asked", () => {
    const run = (key: string, seed: number, others: number) => {
      const book = new AddressBook(seed);
      book.behave(key, { loss: { kind: "random", p: 0.5 } });
      return Array.from({ length: 40 }, () => {
        for (let i = 0; i < others; i++) book.decide("other", false);
        return book.decide(key, false).decision;
      });
    };
    expect(run("a", 5, 3)).toEqual(run("a", 5, 0));
    expect(run("a", 6, 0)).not.toEqual(run("a", 5, 0));
    expect(run("b", 5, 0)).not.toEqual(run("a", 5, 0));
  });
});

describe("isForLab", () => {
  const to = (target: Uint8Array, head: number) => {
    const envelope = { source: Uint8Array.of(10, 99, 0, 1), target, protocol: PROTOCOL.icmp };
    const packet = parsePacket(buildPacket(envelope, Uint8Array.of(head, 0, 0, 0, 0, 1, 0, 1)));
    return packet !== null && isForLab(packet);
  };

  test("isForLab() takes echo requests within the prefix only", () => {
    expect(to(Uint8Array.of(10, 99, 3, 4), 8)).toBe(true);
    expect(to(Uint8Array.of(10, 98, 3, 4), 8)).toBe(false);
    // The host's own answer to a mirrored request is no probe.
    expect(to(Uint8Array.of(10, 99, 3, 4), 0)).toBe(false);
  });

  test("isInLab() holds the router and the stranger of both families", () => {
    const all = [ROUTER[4], ROUTER[6], STRANGER[4], STRANGER[6]];
    expect(all.map((address) => address.byteLength)).toEqual([4, 16, 4, 16]);
    expect(all.every(isInLab)).toBe(true);
    expect(keyOf(ROUTER[4])).toBe("10.99.255.254");
  });
});

describe("PacketRecord", () => {
  test("PacketRecord stops at its bound, says so, and goes on after forget()", () => {
    const record = new PacketRecord();
    for (let i = 0; i < RECORD_MAX + 2; i++) record.add(i % 2 === 0 ? "a" : "b", ENTRY);
    expect([record.of("a").length, record.of("b").length]).toEqual([100_000, 100_000]);
    expect(record.unrecorded).toBe(2);
    record.forget("a");
    record.add("c", ENTRY);
    expect([record.of("a").length, record.of("c").length]).toEqual([0, 1]);
  });

  test("rowOf() and entryOf() are each other's inverse", () => {
    expect(entryOf(rowOf(ENTRY))).toEqual(ENTRY);
  });
});

describe("makerOf", () => {
  test("makerOf() knows names of its own kind only", () => {
    expect(makerOf("plab-accuracy-1234-0a1b2c3d")).toBe(1234);
    expect(makerOf("plab-two-words-7-0a1b2c3d")).toBe(7);
    for (const other of ["plab-x-1234", "pat-x-1234-0a1b2c3d", "plab--x-0a1b2c3d", ""]) {
      expect(makerOf(other)).toBeNull();
    }
  });
});
