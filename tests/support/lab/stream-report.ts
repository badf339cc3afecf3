/**
 * What a stream of numbered packets tells of the way it took: losses, duplicates, path changes and
 * the gap around a moment. Two measures of a gap: the outage between the sendings of what was
 * delivered, which no pause of the receiver lengthens, and the silence at the receiver, which also
 * sees packets that waited in a queue. All moments are CLOCK_MONOTONIC, us.
 */

export interface Arrival {
  readonly seq: number;
  readonly arrivedUs: number;
  /** The uplink it came by. */
  readonly path: string;
}

export interface StreamRun {
  /** When each number was offered to the kernel; NaN: skipped, its slot went by unused. */
  readonly sentUs: Float64Array;
  /** Numbers the kernel refused: no route, or its queue is full of what waits for a neighbour. */
  readonly refused: ReadonlySet<number>;
  /** errno of the refusals, and how often. */
  readonly errors: Readonly<Record<number, number>>;
  /** Slots of the schedule that went by while the sender was not run. */
  readonly skipped: number;
  /** In the order of arrival. */
  readonly arrivals: readonly Arrival[];
}

export interface Gap {
  /** Packets offered and never received. */
  readonly lost: number;
  /** Those of them that the kernel refused. */
  readonly refused: number;
  /** From the last delivered before the first loss to the first delivered after the last one. */
  readonly outageUs: number;
  /** The longest span between two delivered neighbours with losses between them. */
  readonly longestUs: number;
  /** The longest time without an arrival. */
  readonly silenceUs: number;
  /** The longest time without an offer around the moment: what the host itself added. */
  readonly senderPauseUs: number;
  /** When the last packet before the losses was sent; NaN: none was lost. */
  readonly fromUs: number;
}

/** A stretch of packets that came by one path, by the order of sending. */
export interface Stretch {
  readonly path: string;
  readonly firstSeq: number;
  readonly fromUs: number;
  readonly count: number;
}

export class StreamReport {
  readonly run: StreamRun;
  /** First arrival of each number. */
  readonly #first = new Map<number, Arrival>();
  readonly #repeated: number[] = [];

  constructor(run: StreamRun) {
    this.run = run;
    for (const arrival of run.arrivals) {
      if (this.#first.has(arrival.seq)) this.#repeated.push(arrival.seq);
      else this.#first.set(arrival.seq, arrival);
    }
  }

  /** Packets offered to the kernel, refused ones included. */
  get sent(): number {
    return this.run.sentUs.reduce((count, at) => (Number.isNaN(at) ? count : count + 1), 0);
  }

  get received(): number {
    return this.#first.size;
  }

  /** Numbers that came more than once, once per further copy. */
  get duplicates(): readonly number[] {
    return this.#repeated;
  }

  /** Numbers that overtook an earlier one. */
  get reordered(): number {
    let highest = -1;
    let count = 0;
    for (const { seq } of this.run.arrivals) {
      if (seq < highest) count++;
      highest = Math.max(highest, seq);
    }
    return count;
  }

  /** Numbers offered in a span and never received, ascending. */
  lost(fromUs = Number.NEGATIVE_INFINITY, toUs = Number.POSITIVE_INFINITY): number[] {
    const lost: number[] = [];
    this.run.sentUs.forEach((at, seq) => {
      if (at >= fromUs && at < toUs && !this.#first.has(seq)) lost.push(seq);
    });
    return lost;
  }

  /** What happened to packets offered, and to arrivals, from `atUs` on for `withinUs`. */
  gapAround(atUs: number, withinUs = 5_000_000): Gap {
    const lost = this.lost(atUs, atUs + withinUs);
    const silenceUs = this.#silence(atUs, atUs + withinUs);
    const refused = lost.filter((seq) => this.run.refused.has(seq)).length;
    const senderPauseUs = this.#pause(atUs, atUs + withinUs);
    const counts = { lost: lost.length, refused, silenceUs, senderPauseUs };
    const [first] = lost;
    const last = lost.at(-1);
    if (first === undefined || last === undefined) {
      return { ...counts, outageUs: 0, longestUs: 0, fromUs: Number.NaN };
    }
    const before = this.#delivered(first, -1);
    const after = this.#delivered(last, 1);
    const fromUs = this.#sentAt(before);
    const outageUs = this.#sentAt(after) - fromUs;
    return { ...counts, outageUs, longestUs: this.#longest(before, after), fromUs };
  }

  /** Paths in the order of sending: one entry per change. */
  stretches(): Stretch[] {
    const stretches: { path: string; firstSeq: number; fromUs: number; count: number }[] = [];
    for (const [seq, fromUs] of this.run.sentUs.entries()) {
      const path = this.#first.get(seq)?.path;
      if (path === undefined) continue;
      const last = stretches.at(-1);
      if (last?.path === path) last.count++;
      else stretches.push({ path, firstSeq: seq, fromUs, count: 1 });
    }
    return stretches;
  }

  /** The path of the packet sent last before a moment and delivered; null: none. */
  pathAt(atUs: number): string | null {
    let path: string | null = null;
    for (const [seq, sentUs] of this.run.sentUs.entries()) {
      if (sentUs > atUs) break;
      path = this.#first.get(seq)?.path ?? path;
    }
    return path;
  }

  /** us on the way, ascending. */
  delays(): number[] {
    return [...this.#first.values()]
      .map(({ seq, arrivedUs }) => arrivedUs - this.#sentAt(seq))
      .sort((a, b) => a - b);
  }

  /** NaN outside of the run: an outage that has no end is no number. */
  #sentAt(seq: number): number {
    return this.run.sentUs[seq] ?? Number.NaN;
  }

  #delivered(from: number, step: 1 | -1): number {
    let seq = from + step;
    while (seq >= 0 && seq < this.run.sentUs.length && !this.#first.has(seq)) seq += step;
    return seq;
  }

  #longest(before: number, after: number): number {
    let longest = Number.isNaN(this.#sentAt(before) + this.#sentAt(after)) ? Number.NaN : 0;
    let last = before;
    let hasLoss = false;
    for (let seq = before + 1; seq <= after; seq++) {
      if (!this.#first.has(seq)) {
        hasLoss ||= !Number.isNaN(this.#sentAt(seq));
        continue;
      }
      if (hasLoss) longest = Math.max(longest, this.#sentAt(seq) - this.#sentAt(last));
      last = seq;
      hasLoss = false;
    }
    return longest;
  }

  #silence(fromUs: number, toUs: number): number {
    let silence = 0;
    let last = Number.NaN;
    for (const { arrivedUs } of this.run.arrivals) {
      if (arrivedUs > fromUs && last < toUs) silence = Math.max(silence, arrivedUs - last);
      last = arrivedUs;
    }
    return silence;
  }

  #pause(fromUs: number, toUs: number): number {
    let pause = 0;
    let last = Number.NaN;
    for (const at of this.run.sentUs) {
      if (Number.isNaN(at)) continue;
      if (at > fromUs && last < toUs) pause = Math.max(pause, at - last);
      last = at;
    }
    return pause;
  }
}
