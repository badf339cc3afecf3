/**
 * Fuzz of the reflector's answer: whatever comes, nothing throws, and no octet beyond the request
 * is ever meant for the wire. FULL=1 runs a million packets.
 */

import { describe, expect, test } from "bun:test";
import { OPEN_FORM, SEALED_FORM } from "../../agent/wire/stamp.ts";
import { StampSeal } from "../../agent/wire/stamp-hmac.ts";
import { seededRandom } from "../../agent/worker/prng.ts";
import { Reflection } from "../../agent/worker/reflector/reflection.ts";

const RUNS = process.env["FULL"] === "1" ? 1_000_000 : 20_000;
const SEED = Number(process.env["SEED"] ?? 1);
const KEY = new TextEncoder().encode("sixteen octets!!");
const AT = 8;
const OCTETS_MAX = 400;
const GUARD = 0xc3;

/** Packets near the real ones: random octets rarely look like TLVs, or end where it matters. */
function fill(memory: Uint8Array, octets: number, random: () => number): void {
  const kind = Math.floor(random() * 4);
  for (let i = AT; i < AT + octets; i++) {
    memory[i] = kind === 0 ? random() * 256 : kind === 1 ? 0 : random() * 4;
  }
  if (kind !== 3) return;
  for (let at = AT + OPEN_FORM.octets; at + 4 <= AT + octets; ) {
    const length = Math.floor(random() * 24);
    memory.set([0x80, random() * 10, 0, length], at);
    at += 4 + length;
  }
}

function lengthOf(random: () => number): number {
  const edges = [0, 1, 13, 14, 15, 16, 43, 44, 45, 47, 48, 111, 112, 113];
  const edge = edges[Math.floor(random() * edges.length * 2)];
  return edge ?? Math.floor(random() * OCTETS_MAX);
}

describe.each([
  { name: "unauthenticated", key: null, form: OPEN_FORM },
  { name: "authenticated", key: KEY, form: SEALED_FORM },
])(`Reflection, $name, seed ${SEED}`, ({ key, form }) => {
  test(`${RUNS} packets never throw and leave their surroundings alone`, () => {
    const random = seededRandom(SEED);
    const memory = new Uint8Array(AT + OCTETS_MAX + 200).fill(GUARD);
    const reflection = new Reflection({ memory, baseSeconds: 1_700_000_000, key });
    const seal = new StampSeal(KEY);
    let reflected = 0;
    for (let run = 0; run < RUNS; run++) {
      const octets = lengthOf(random);
      fill(memory, octets, random);
      const isSealed = octets >= SEALED_FORM.octets && random() < 0.5;
      if (key !== null && isSealed) seal.write(memory, AT);
      const judgement = reflection.judge(AT, octets, random() < 0.1);
      if (judgement === "reflected") {
        const arrival = { receivedUs: random() * 1e12, hopLimit: 64, estimate: 1 };
        reflection.write(arrival, reflection.request.seq);
        reflection.finish(AT, random() * 1e12);
        reflected++;
      }
      if (octets < 14 && judgement !== "malformed") throw new Error(`run ${run}: ${judgement}`);
      if (key !== null && judgement === "reflected" && !isSealed) throw new Error(`run ${run}`);
      // A short request's slot is written up to the base packet's end; the packet itself is not.
      const touched = AT + Math.max(octets, form.octets);
      if (memory[touched] !== GUARD || memory[AT - 1] !== GUARD) throw new Error(`run ${run}`);
      memory.fill(GUARD, AT, touched);
    }
    expect(reflected).toBeGreaterThan(RUNS / 10);
    expect(memory.every((octet) => octet === GUARD)).toBe(true);
  }, 300_000);
});
