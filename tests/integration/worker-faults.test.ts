/**
 * Every way an answer can be wrong, on real sockets: a namespace whose only responder is ours, once
 * with raw and once with datagram ICMP sockets.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Namespace } from "../support/lab/namespace.ts";
import { createNamespace, namespaceProblem } from "../support/lab/namespace.ts";

const SCRIPT = join(import.meta.dir, "../support/fault-matrix.ts");
/** Ten probes in 0.4 s, their timeout of 0.5 s, and the linger of 3 s. */
const RUN_MS = 4_200;
/** On a busy machine the run may stall, which rightly voids probes: then it proves nothing. */
const ATTEMPTS = 4;

interface Matrix {
  readonly results: Readonly<
    Record<
      string,
      {
        readonly counts: Readonly<Record<string, number>>;
        readonly codes: readonly number[];
        readonly rttMaxUs: number;
      }
    >
  >;
  readonly counters: { readonly stalls: number };
  readonly abilities: { readonly icmp4: string; readonly problems: readonly string[] };
}

const LOST = { expired: 10, lost: 10 };
const UNREACHABLE = { unreachable: 10 };

/** Fault of the responder -> outcomes of ten probes. */
const WANTED: readonly (readonly [string, Readonly<Record<string, number>>])[] = [
  ["none", { replied: 10 }],
  ["duplicate", { replied: 10, duplicate: 10 }],
  ["otherSource", { mismatched: 10, ...LOST }],
  ["flip", { corrupt: 10 }],
  ["truncate", { corrupt: 10 }],
  ["longer", { corrupt: 10 }],
  ["wrongId", LOST],
  ["wrongNumber", LOST],
  ["otherToken", LOST],
  ["options", { replied: 10 }],
  ["mirror", LOST],
  ["silent", LOST],
  ["late", { expired: 10, late: 10 }],
  ["swapPairs", { replied: 10, reordered: 5 }],
  ["hostUnreachable", UNREACHABLE],
  ["adminProhibited", UNREACHABLE],
  ["timeExceeded", UNREACHABLE],
  ["shortQuotation", UNREACHABLE],
  ["foreignQuotation", LOST],
];

const problem = namespaceProblem();

for (const mode of ["raw", "dgram"] as const) {
  describe.skipIf(problem !== null)(`${mode} ICMP sockets (${problem ?? "namespace"})`, () => {
    let namespace: Namespace;
    let matrix: Matrix;

    beforeAll(() => {
      namespace = createNamespace(`fault-${mode}`);
      namespace.sysctl("net.ipv4.icmp_echo_ignore_all", "1");
      if (mode === "dgram") namespace.sysctl("net.ipv4.ping_group_range", "0 2147483647");
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        matrix = JSON.parse(namespace.exec([process.execPath, SCRIPT, String(RUN_MS)]));
        if (matrix.counters.stalls === 0) return;
      }
    }, 30_000);
    afterAll(() => namespace.close());

    test("the socket is of the wanted kind", () => {
      expect(matrix.abilities).toMatchObject({ icmp4: mode, problems: [] });
    });

    test.each(WANTED)("a responder with fault %p", (fault, counts) => {
      expect(matrix.results[fault]?.counts).toEqual(counts);
    });

    test("a wrong checksum is corrupt where we check it, silence where the kernel does", () => {
      const wanted = mode === "raw" ? { corrupt: 10 } : LOST;
      expect(matrix.results["badChecksum"]?.counts).toEqual(wanted);
    });

    test("unreachable carries type and code", () => {
      expect(matrix.results["hostUnreachable"]?.codes).toEqual([0x0301]);
      expect(matrix.results["adminProhibited"]?.codes).toEqual([0x030d]);
      expect(matrix.results["timeExceeded"]?.codes).toEqual([0x0b00]);
    });

    test("a late reply has its real RTT", () => {
      expect(matrix.results["late"]?.rttMaxUs).toBeGreaterThan(800_000);
    });
  });
}
