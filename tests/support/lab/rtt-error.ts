/** The agent's RTT of each probe held against a capture of the same packets. */

import { CABLE } from "./cable.ts";
import type { Namespace } from "./namespace.ts";
import type { Capture, CapturedPacket } from "./packet-capture.ts";
import { startCapture } from "./packet-capture.ts";

/** IPv4 without options. */
const IPV4_AT = { source: 12, target: 16, octets: 20 } as const;
const ICMP_SEQ_AT = IPV4_AT.octets + 6;

/** Both ends of the cable, each at its receiving side. */
export class EchoCapture {
  readonly #requests: Capture;
  readonly #replies: Capture;

  private constructor(requests: Capture, replies: Capture) {
    this.#requests = requests;
    this.#replies = replies;
  }

  static async start(near: Namespace, far: Namespace): Promise<EchoCapture> {
    const options = { direction: "in", filter: "icmp" } as const;
    return new EchoCapture(
      await startCapture(far, { ...options, device: CABLE.far.device }),
      await startCapture(near, { ...options, device: CABLE.near.device }),
    );
  }

  async stop(): Promise<EchoTruth> {
    return new EchoTruth(await this.#requests.stop(), await this.#replies.stop());
  }
}

export interface CapturedEcho {
  readonly number: number;
  readonly sentUs: number;
  /** us; null: no reply was captured. */
  readonly rttUs: number | null;
  readonly repliedUs: number;
}

/** Request and reply belong together by address and ICMP sequence: below 65,536 probes in all. */
export class EchoTruth {
  readonly #requests: readonly CapturedPacket[];
  readonly #replies: readonly CapturedPacket[];

  constructor(requests: readonly CapturedPacket[], replies: readonly CapturedPacket[]) {
    this.#requests = requests;
    this.#replies = replies;
  }

  /** In the order of sending. */
  of(address: string): CapturedEcho[] {
    const replies = new Map(
      this.#replies
        .filter((packet) => addressAt(packet, IPV4_AT.source) === address)
        .map((packet) => [numberOf(packet), packet.atUs]),
    );
    return this.#requests
      .filter((packet) => addressAt(packet, IPV4_AT.target) === address)
      .map((packet) => {
        const number = numberOf(packet);
        const repliedUs = replies.get(number) ?? Number.NaN;
        const rttUs = repliedUs - packet.atUs;
        return { number, sentUs: packet.atUs, repliedUs, rttUs: rttUs >= 0 ? rttUs : null };
      });
  }
}

function addressAt({ raw }: CapturedPacket, at: number): string {
  return raw.subarray(at, at + 4).join(".");
}

function numberOf({ raw }: CapturedPacket): number {
  return ((raw[ICMP_SEQ_AT] ?? 0) << 8) | (raw[ICMP_SEQ_AT + 1] ?? 0);
}

/** Nearest rank, as the agent's percentiles; NaN of nothing. `p` in 0..1. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}
