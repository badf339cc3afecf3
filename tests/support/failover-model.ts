/**
 * A second, plain reading of the basic rules (1, 2, 3, 5, 8, 11 to 14), one second at a time: no
 * orders of operators, nothing unknown, cables that are cut instead of verdicts. Written from the
 * rules and not from the engine, to be compared with it step by step.
 */

export interface ModelPath {
  score: number;
  cut: boolean;
}

interface Memory {
  /** Seconds for which it has been at 80 or more; -1: it is not. */
  streak: number;
  /** Seconds since it first was, after it was last bad or dead; -1: not since. */
  penalty: number;
  failures: number;
  quiet: number;
}

const LEAVE = 50;
const RETURN = 80;
const MARGIN = 15;
const DELAY = 60;

export class FailoverModel {
  active = 0;
  readonly #memory: Memory[];
  readonly #soft: number[] = [];
  #holdUntil = 0;

  constructor(paths: number) {
    this.#memory = Array.from({ length: paths }, () => {
      return { streak: -1, penalty: -1, failures: 0, quiet: 0 };
    });
  }

  /** A second has passed since the last call, with the paths as they were told then. */
  tick(): void {
    for (const [i, one] of this.#memory.entries()) {
      if (one.streak >= 0) one.streak++;
      if (one.penalty >= 0) one.penalty++;
      if (i === this.active && one.streak >= 0 && ++one.quiet >= 3_600) one.failures = 0;
    }
  }

  tell(paths: readonly ModelPath[]): void {
    for (const [i, { score, cut }] of paths.entries()) {
      const one = this.#of(i);
      if (cut || score < LEAVE) one.penalty = -1;
      if (cut || score < RETURN) one.streak = -1;
      else {
        one.streak = Math.max(one.streak, 0);
        one.penalty = Math.max(one.penalty, 0);
      }
    }
  }

  #of(path: number): Memory {
    const one = this.#memory[path];
    if (one === undefined) throw new Error(`no path ${path}`);
    return one;
  }

  /** Moves until nothing more is to be done at this second. */
  decide(paths: readonly ModelPath[], now: number): void {
    for (let moves = 0; moves < 10 && this.#step(paths, now); moves++);
  }

  #step(paths: readonly ModelPath[], now: number): boolean {
    const at = (i: number) => paths[i] ?? { score: 0, cut: true };
    const others = paths.map((_, i) => i).filter((i) => i !== this.active && !at(i).cut);
    const best = (among: number[]) => among.toSorted((a, b) => at(b).score - at(a).score)[0];
    const here = at(this.active);
    if (here.cut) {
      const usable = others.find((i) => at(i).score >= LEAVE);
      const to = usable ?? best(others.filter((i) => at(i).score > 0));
      return to !== undefined && this.#move(to, { soft: false, failed: true }, now);
    }
    if (here.score < LEAVE) {
      const better = others.filter((i) => at(i).score >= here.score + MARGIN);
      const to = better.find((i) => at(i).score >= LEAVE) ?? best(better);
      if (to === undefined || now < this.#holdUntil) return false;
      return this.#move(to, { soft: true, failed: true }, now);
    }
    const to = others.find((i) => i < this.active && this.#isProved(i));
    if (to === undefined || now < this.#holdUntil) return false;
    return this.#move(to, { soft: true, failed: false }, now);
  }

  #isProved(path: number): boolean {
    const { streak, penalty, failures } = this.#of(path);
    const delay = Math.min(3_600, DELAY * 2 ** Math.max(0, failures - 1));
    return streak >= DELAY && penalty >= delay;
  }

  #move(to: number, how: { soft: boolean; failed: boolean }, now: number): true {
    const left = this.#of(this.active);
    if (left.streak >= 0) left.streak = 0;
    if (left.penalty >= 0) left.penalty = 0;
    if (how.failed) {
      left.failures++;
      left.quiet = 0;
    }
    if (how.soft) {
      const recent = this.#soft.filter((at) => now - at < 600).length;
      this.#soft.push(now);
      this.#holdUntil = now + Math.min(300, 10 * 2 ** recent);
    }
    this.active = to;
    return true;
  }
}
