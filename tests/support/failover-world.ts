/**
 * A seeded world around the failover engine: scores that wander, cables that are cut, a kernel that
 * refuses, operators, stalls, restarts and reboots. It keeps what the kernel would have, and checks
 * after every call what must hold whatever happens.
 */

import type { PolicyConfig } from "../../agent/domain/config.ts";
import { pathId } from "../../agent/domain/ids.ts";
import type { Instant } from "../../agent/domain/units.ts";
import { instant, micros, US_PER_S } from "../../agent/domain/units.ts";
import type { FailoverEffect, FailoverEvent } from "../../agent/engine/failover/effect.ts";
import { FailoverEngine } from "../../agent/engine/failover/engine.ts";
import type {
  FailoverInput,
  HardDownCause,
  RouteFamily,
} from "../../agent/engine/failover/input.ts";
import { parsePersisted } from "../../agent/engine/failover/persisted.ts";
import { seededRandom } from "../../agent/worker/prng.ts";
import { condition, failoverPaths, policyConfig } from "./failover-steps.ts";
import { MoveWatch } from "./failover-watch.ts";

const NAMES = ["fiber", "lte", "dsl", "sat"] as const;
const CUTS = ["probes", "carrier", "admin-down", "no-gateway"] as const;
const AUTHORS = { author: "sim", reason: "" };

type AllDownEffect = Extract<FailoverEffect, { kind: "all-down" }>;

interface Uplink {
  score: number;
  isKnown: boolean;
  cut: HardDownCause | null;
  /** Silent, and not yet judged. */
  suspect: boolean;
  /** Where the score wanders to. */
  drift: number;
  newestReply: number;
}

export class FailoverWorld {
  readonly events: FailoverEvent[] = [];
  readonly #random: () => number;
  readonly #families: readonly RouteFamily[];
  /** IPv6 that is not measured follows IPv4. */
  readonly #measured: readonly RouteFamily[];
  readonly #uplinks = new Map<string, Uplink>();
  readonly #kernel = new Map<string, string | null>();
  /** Tables that say "unreachable" instead of a path. */
  readonly #barred = new Set<string>();
  readonly #watch = new MoveWatch();
  #policies: readonly PolicyConfig[];
  #engine = new FailoverEngine();
  #unanswered: Extract<FailoverEffect, { kind: "switch" }>[] = [];
  #saved: { text: string; at: Instant } | null = null;
  #now = instant(0);

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#families = this.#chance(0.3) ? [4] : [4, 6];
    this.#measured = this.#chance(0.5) ? [4] : this.#families;
    this.#policies = [
      policyConfig({ backups: ["lte", "dsl", "sat"] }),
      policyConfig({ id: 2, primary: "lte", backups: ["fiber"], all_down: "unreachable" }),
    ];
    for (const name of NAMES) {
      for (const family of this.#families) this.#uplinks.set(`${family}/${name}`, fresh());
    }
    this.#boot([]);
  }

  /** Lets the world run for so many hours. */
  run(hours: number): void {
    const end = this.#now + hours * 3_600 * US_PER_S;
    while (this.#now < end) this.#step();
    this.#settle();
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #pick<T>(choices: readonly T[]): T {
    const choice = choices[Math.floor(this.#random() * choices.length)];
    if (choice === undefined) throw new Error("nothing to pick from");
    return choice;
  }

  #step(): void {
    const pause = this.#chance(0.1) ? this.#random() * 900 : this.#random() * 20;
    this.#sleepUntil(instant(this.#now + pause * US_PER_S));
    this.#answerOrders(0.9);
    const happens = this.#random();
    if (happens < 0.01) this.#restart();
    else if (happens < 0.02) this.#loseWorker();
    else if (happens < 0.03) this.#stall();
    else if (happens < 0.05) this.#reload();
    else if (happens < 0.08) this.#changeDevice();
    else if (happens < 0.15) this.#order();
    else this.#tellSome();
  }

  /** Time passes; the engine is woken whenever it asked for it. */
  #sleepUntil(end: Instant): void {
    for (let woken = 0; ; woken++) {
      const next = this.#engine.nextWakeup();
      if (next === null || next > end) break;
      if (woken > 1_000) throw new Error("the engine keeps waking");
      this.#now = instant(Math.max(this.#now, next));
      this.#give();
    }
    this.#now = end;
  }

  #give(...inputs: readonly FailoverInput[]): void {
    const effects = this.#engine.handle(inputs, this.#now);
    for (const effect of effects) this.#perform(effect);
    const next = this.#engine.nextWakeup();
    if (next !== null && next <= this.#now) throw new Error("the wake-up lies in the past");
    this.#check();
  }

  #perform(effect: FailoverEffect): void {
    switch (effect.kind) {
      case "record":
        this.events.push(effect.event);
        this.#watch.record(effect.event, this.#now, this.#view());
        return;
      case "switch":
        this.#unanswered.push(effect);
        return;
      case "lay-route":
        this.#kernel.set(`${effect.policy}/${effect.family}`, effect.path);
        return;
      case "all-down":
        this.#bar(effect);
        return;
      case "persist":
        this.#saved = { text: JSON.stringify(effect.state), at: this.#now };
        return;
      default:
        return;
    }
  }

  #bar({ policy, family, phase, handling, path }: AllDownEffect): void {
    const key = `${policy}/${family}`;
    if (handling !== "unreachable") return;
    if (phase === "begun") this.#barred.add(key);
    else this.#barred.delete(key);
    this.#kernel.set(key, phase === "begun" ? null : path);
  }

  #view() {
    return {
      policies: this.#policies,
      snapshot: (id: number) => this.#engine.snapshot(id),
      state: (path: string, family: RouteFamily) => this.#seen(path, family),
    };
  }

  /** Silence is no fact where nobody listens. */
  #seen(path: string, family: RouteFamily): Uplink | null {
    const uplink = this.#uplinks.get(`${family}/${path}`) ?? null;
    if (uplink?.cut !== "probes" || this.#measured.includes(family)) return uplink;
    return { ...uplink, cut: null };
  }

  #check(): void {
    for (const { id, primary, backups } of this.#policies) {
      for (const family of [4, 6] as const) {
        const snapshot = this.#engine.snapshot(id);
        const { active, pending } = (family === 4 ? snapshot?.ipv4 : snapshot?.ipv6) ?? {};
        const paths: readonly (string | null)[] = [primary, ...backups, null];
        if (!paths.includes(active ?? null)) throw new Error(`active is ${active}`);
        const kernel = this.#kernel.get(`${id}/${family}`) ?? null;
        const isBarred = this.#barred.has(`${id}/${family}`);
        const isSettled = pending === null && active !== null && !isBarred && snapshot?.enabled;
        if (isSettled && kernel !== active) throw new Error(`${active}, kernel has ${kernel}`);
      }
    }
  }

  /** The kernel answers, mostly; what is left is answered later or never. */
  #answerOrders(share: number): void {
    const orders = this.#unanswered;
    this.#unanswered = [];
    for (const one of orders) {
      if (!this.#chance(share)) {
        this.#unanswered.push(one);
        continue;
      }
      const { order } = one;
      if (this.#chance(0.1)) {
        this.#watch.refuse(one.to, one.family);
        this.#give({ kind: "rejected", order, words: "no route to host" });
      } else {
        this.#kernel.set(`${one.policy}/${one.family}`, one.to);
        this.#give({ kind: "switched", order, duration: micros(400) });
      }
    }
  }

  #tellSome(): void {
    const inputs: FailoverInput[] = [];
    for (const [key, uplink] of this.#uplinks) {
      if (this.#chance(0.3)) continue;
      const wasCut = uplink.cut;
      this.#wander(uplink);
      const [family, name = ""] = key.split("/");
      if (wasCut !== uplink.cut) this.#watch.admit(name, family === "6" ? 6 : 4);
      inputs.push(this.#told(key, uplink));
    }
    this.#give(...inputs);
  }

  #wander(uplink: Uplink): void {
    const happens = this.#random();
    if (uplink.cut !== null) {
      if (happens < 0.2) Object.assign(uplink, { cut: null, isKnown: this.#chance(0.7) });
    } else if (uplink.suspect) {
      uplink.suspect = false;
      if (happens < 0.5) uplink.cut = "probes";
    } else if (happens < 0.02) uplink.suspect = true;
    else if (happens < 0.04) uplink.cut = this.#pick(CUTS);
    else if (happens < 0.06) uplink.isKnown = !uplink.isKnown;
    else if (happens < 0.1) uplink.drift = this.#random() * 120;
    const towards = (uplink.drift - uplink.score) * 0.3 + (this.#random() - 0.5) * 12;
    uplink.score = Math.min(100, Math.max(0, uplink.score + towards));
    if (uplink.cut === null && !uplink.suspect) uplink.newestReply = this.#now;
    if (uplink.cut !== null) uplink.suspect = false;
    this.#watch.sample(uplink, this.#now);
  }

  #told(key: string, uplink: Uplink): FailoverInput {
    const [family = "4", name = ""] = key.split("/");
    const told = { family: family === "6" ? 6 : 4 } as const;
    const { cut, suspect, isKnown, score, newestReply } = uplink;
    if (!this.#measured.includes(told.family)) {
      const state = cut === null || cut === "probes" ? "unknown" : cut;
      return { kind: "condition", ...condition(name, state, this.#now, told) };
    }
    const state = cut ?? (isKnown ? score : "unknown");
    const silent = (this.#now - newestReply) / US_PER_S;
    return {
      kind: "condition",
      ...condition(name, state, this.#now, { ...told, suspect, silent }),
    };
  }

  #changeDevice(): void {
    const path = pathId(this.#pick(NAMES));
    for (const family of this.#families) this.#watch.admit(path, family);
    this.#give(
      ...this.#families.map((family) => ({ kind: "device-changed", path, family }) as const),
    );
  }

  #order(): void {
    const policy = this.#pick([1, 2]);
    const path = pathId(this.#pick(NAMES));
    const expiresAfter = this.#chance(0.8) ? micros(this.#random() * 1_800 * US_PER_S) : null;
    const both = { ...AUTHORS, policy } as const;
    const strict = this.#chance(0.3);
    this.#watch.forgive();
    this.#give({
      kind: "command",
      command: this.#pick([
        { ...both, action: "switch", path },
        { ...both, action: "pin", path, mode: strict ? "strict" : "safe", expiresAfter },
        { ...both, action: "unpin" },
        { ...both, action: "hold", strict, expiresAfter },
        { ...both, action: "release" },
        { ...AUTHORS, action: "maintenance", path, on: strict, expiresAfter },
        { ...AUTHORS, action: "maintenance", path, on: false, expiresAfter: null },
        { ...both, action: "disable" },
        { ...both, action: "enable" },
        { ...both, action: "enable" },
      ]),
    });
  }

  /** Changed or not; a reload without a change must do nothing at all. */
  #reload(): void {
    const paths = failoverPaths(NAMES, this.#measured);
    if (this.#chance(0.5)) {
      const backups = this.#chance(0.5) ? ["lte", "dsl", "sat"] : ["dsl", "lte"];
      this.#policies = this.#policies.map((one) => (one.id === 1 ? { ...one, backups } : one));
      this.#watch.forgive();
      this.#give({ kind: "policies", policies: this.#policies, paths });
      return;
    }
    const before = JSON.stringify(this.#engine.persisted(this.#now));
    const effects = this.#engine.handle(
      [{ kind: "policies", policies: structuredClone(this.#policies), paths }],
      this.#now,
    );
    if (effects.length > 0) throw new Error(`a reload did ${JSON.stringify(effects)}`);
    if (before !== JSON.stringify(this.#engine.persisted(this.#now))) throw new Error("reset");
  }

  #stall(): void {
    const from = this.#now;
    this.#now = instant(from + this.#random() * 60 * US_PER_S);
    this.#watch.void(this.#now);
    this.#give({ kind: "stalled", from, to: this.#now });
  }

  #loseWorker(): void {
    this.#watch.void(this.#now);
    for (const uplink of this.#uplinks.values()) {
      if (uplink.cut === "probes") Object.assign(uplink, { cut: null, isKnown: false });
    }
    this.#loseAnswers();
    this.#give({ kind: "worker-lost" });
    this.#sleepUntil(instant(this.#now + US_PER_S));
    this.#give(...this.#adoptions());
  }

  /** What was ordered may have been done although the answer is lost. */
  #loseAnswers(): void {
    for (const { policy, family, to } of this.#unanswered) {
      if (this.#chance(0.5)) this.#kernel.set(`${policy}/${family}`, to);
    }
    this.#unanswered = [];
  }

  #adoptions(): FailoverInput[] {
    return this.#policies.flatMap(({ id }) =>
      this.#families.map((family) => {
        const table = this.#kernel.get(`${id}/${family}`) ?? null;
        const path = table === null ? null : pathId(table);
        return { kind: "adopted", policy: id, family, table: path, main: null } as const;
      }),
    );
  }

  /** kill -9 and a new life from what was persisted last; sometimes the whole box boots. */
  #restart(): void {
    this.#watch.void(this.#now);
    this.#loseAnswers();
    const isReboot = this.#chance(0.3);
    if (isReboot) {
      this.#kernel.clear();
      this.#barred.clear();
    }
    this.#now = instant(this.#now + this.#random() * 5 * US_PER_S);
    const state = parsePersisted(JSON.parse(this.#saved?.text ?? "null"));
    const span = micros(this.#now - (this.#saved?.at ?? 0));
    const elapsed = isReboot ? "reboot" : span;
    this.#engine = new FailoverEngine();
    for (const name of NAMES) {
      for (const family of this.#families) this.#watch.admit(name, family);
    }
    this.#boot(state === null ? [] : [{ kind: "restored", state, elapsed }]);
  }

  #boot(restored: readonly FailoverInput[]): void {
    const paths = failoverPaths(NAMES, this.#measured);
    for (const uplink of this.#uplinks.values()) uplink.isKnown = false;
    const conditions = [...this.#uplinks].map(([key, uplink]) => this.#told(key, uplink));
    const policies = this.#policies;
    this.#give(
      { kind: "policies", policies, paths },
      ...restored,
      ...this.#adoptions(),
      ...conditions,
    );
    for (const uplink of this.#uplinks.values()) uplink.isKnown = true;
  }

  /** Every order gets its answer, then every intent has an outcome. */
  #settle(): void {
    for (let i = 0; i < 50 && this.#unanswered.length > 0; i++) this.#answerOrders(1);
    this.#watch.end();
  }
}

function fresh(): Uplink {
  return { score: 95, isKnown: true, cut: null, suspect: false, drift: 95, newestReply: 0 };
}
