/**
 * Updates as the controller sees them: it looks for releases, judges them as the supervisor will
 * again, loads what leads there and asks the supervisor to install it. During a trial it tells how
 * the agent is. What happened becomes records for operators, metrics and an alert.
 */

import type { AgentConfig } from "../../domain/config.ts";
import type { Micros, UnixSeconds } from "../../domain/units.ts";
import { after, micros, US_PER_S, unixSeconds } from "../../domain/units.ts";
import { isTrouble } from "../../domain/update.ts";
import { TARGET } from "../../domain/version.ts";
import type { AuditRecord } from "../../engine/failover/effect.ts";
import type { UpdateBody } from "../../io/http/update-view.ts";
import { parsePublicKey } from "../../update/minisign.ts";
import { RELEASE } from "../../update/root-keys.ts";
import { retryDelay } from "../../update/schedule.ts";
import type { Offer, SignedDocuments } from "../../update/trust.ts";
import { choosePayload, judgeOffer } from "../../update/trust.ts";
import type { UpdateOrder, UpdateReport } from "../../wire/update-frames.ts";
import type { Clock, Disarm, Log, Timers } from "../ports.ts";
import { updateBody } from "./body.ts";
import { waitReason, wayFault } from "./conditions.ts";
import type { UpdateSite, Way } from "./ports.ts";
import { stepRecord } from "./records.ts";

export interface UpdateParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly site: UpdateSite;
  config(): AgentConfig;
  order(order: UpdateOrder): void;
  /** What traffic takes now. */
  ways(): readonly Way[];
  health(): { readonly ready: boolean; readonly answering: number };
  audit(record: AuditRecord): void;
  /** null: all is well. */
  trouble(fault: string | null): void;
}

export interface LastCheck {
  readonly at: UnixSeconds;
  readonly outcome: "current" | "offered" | "refused" | "failed";
  readonly reason: string;
}

export type Refusal = { readonly kind: "refused"; readonly reason: string };
export type Started = { readonly kind: "started" } | Refusal;

type Offered = Extract<Offer, { kind: "offered" }>;
type Activity = "idle" | "checking" | "downloading";

const HEALTH_EVERY = micros(2 * US_PER_S);
/** After a start, which has better things to do; the paths need samples before a check. */
const FIRST_LOOK = micros(5 * US_PER_S);
const FIRST_CHECK = micros(60 * US_PER_S);
/** For the turn, the window or the path to come. */
const LOOK_AGAIN_SECS = 300;
const LOOK_WITHIN = micros(2 * US_PER_S);
const SURVEY_WITHIN = micros(30 * US_PER_S);

export class Updates {
  readonly #parts: UpdateParts;
  #report: UpdateReport | null = null;
  #activity: Activity = "idle";
  #lastCheck: LastCheck | null = null;
  #offer: { readonly offer: Offered; readonly documents: SignedDocuments } | null = null;
  #octets: number | null = null;
  #failures = 0;
  #loaded = 0;
  #noted = 0;
  #told: string | null = null;
  /** The refusal is of a file that failed here before: its step has said so. */
  #isKnown = false;
  #disarmLook: Disarm = () => {};
  #disarmCheck: Disarm = () => {};
  #disarmHealth: Disarm | null = null;
  readonly #looked: (() => void)[] = [];
  readonly #surveyed: (() => void)[] = [];

  constructor(parts: UpdateParts) {
    this.#parts = parts;
  }

  start(): void {
    const { timers, clock, order } = this.#parts;
    const ask = () => order({ kind: "look" });
    this.#disarmLook = timers.arm(after(clock.monotonic(), FIRST_LOOK), ask);
    this.#armCheck(FIRST_CHECK);
  }

  stop(): void {
    this.#disarmLook();
    this.#disarmCheck();
    this.#disarmHealth?.();
    this.#parts.site.stop();
  }

  /** The supervisor says how it stands. */
  reported(report: UpdateReport): void {
    this.#report = report;
    for (const step of report.steps) {
      if (step.number <= Math.max(report.noted, this.#noted)) continue;
      this.#noted = step.number;
      this.#parts.audit(stepRecord(step));
      this.#parts.order({ kind: "noted", number: step.number });
    }
    this.#parts.trouble(this.trouble);
    if (report.activity === "trial") this.#tellHealth();
    for (const wake of this.#looked.splice(0)) wake();
    if (report.sha256 !== null) for (const wake of this.#surveyed.splice(0)) wake();
  }

  /** With what the supervisor remembers, when it answers. */
  async state(): Promise<UpdateBody> {
    if (this.#report === null) await this.#asked({ kind: "look" }, this.#looked, LOOK_WITHIN);
    return this.body();
  }

  body(): UpdateBody {
    return updateBody({
      config: this.#update,
      report: this.#report,
      activity: this.#activity,
      lastCheck: this.#lastCheck,
      offer: this.#offer?.offer ?? null,
      octets: this.#octets,
      loaded: this.#loaded,
      waiting: this.#waiting(),
    });
  }

  /** Looks once; the outcome is in `body`. */
  async check(): Promise<UpdateBody> {
    if (this.#activity === "idle") {
      this.#activity = "checking";
      const checked = await this.#look();
      this.#activity = "idle";
      this.#lastCheck = checked;
      this.#failures = checked.outcome === "failed" ? this.#failures + 1 : 0;
      if (checked.outcome === "refused" && !this.#isKnown) this.#noteRefusal(checked.reason);
      this.#parts.trouble(this.trouble);
    }
    return this.body();
  }

  /** Loads and installs what there is; goes on after the answer. */
  async apply(anyPath: boolean): Promise<Started> {
    const busy = this.#busy();
    if (busy !== null) return refusal(busy);
    await this.check();
    const last = this.#lastCheck;
    if (this.#offer === null) {
      return refusal(
        last?.reason === "" ? "the running release is the newest" : (last?.reason ?? ""),
      );
    }
    const fault = anyPath ? null : wayFault(this.#parts.ways());
    if (fault !== null) return refusal(`${fault}: --any-path takes it all the same`);
    void this.#load();
    return { kind: "started" };
  }

  rollBack(author: string): Started {
    const busy = this.#busy();
    if (busy !== null) return refusal(busy);
    if (this.#report === null || this.#report.previous === null) {
      return refusal("nothing of the release before is kept");
    }
    this.#parts.order({ kind: "roll-back", author });
    return { kind: "started" };
  }

  /** A configuration may have changed. */
  configured(): void {
    this.#armCheck(FIRST_CHECK);
  }

  get #update() {
    return this.#parts.config().update;
  }

  #busy(): string | null {
    if (this.#activity !== "idle") return `${this.#activity} already`;
    const supervisor = this.#report?.activity ?? "idle";
    return supervisor === "idle" ? null : `a release is at "${supervisor}" already`;
  }

  async #look(): Promise<LastCheck> {
    const { url, channel } = this.#update;
    this.#offer = null;
    this.#octets = null;
    const at = this.#now();
    if (url === null) return { at, outcome: "failed", reason: "update.url is not set" };
    if (!(await this.#survey())) {
      const reason = "the supervisor does not answer: is the program one compiled file?";
      return { at, outcome: "failed", reason };
    }
    const got = await this.#parts.site.documents(url, channel);
    if (got.kind === "failed") return { at, outcome: "failed", reason: got.reason };
    const offer = this.#judge(got.value);
    if (offer.kind === "refused") {
      this.#isKnown = offer.code === "known-bad";
      return { at, outcome: "refused", reason: offer.reason };
    }
    if (offer.kind === "current") return { at, outcome: "current", reason: "" };
    this.#offer = { offer, documents: got.value };
    this.#octets = choosePayload(offer.files, this.#report?.sha256 ?? "").payload.size;
    return { at, outcome: "offered", reason: "" };
  }

  #judge(documents: SignedDocuments): Offer {
    const report = this.#report;
    const { highest_release, keys_version, min_release, seen_at, bad, root_keys } = report ?? NONE;
    return judgeOffer(documents, {
      roots: root_keys.map(parsePublicKey).filter((key) => key !== null),
      channel: this.#update.channel,
      target: TARGET,
      runningRelease: RELEASE,
      runningSha256: report?.sha256 ?? "",
      now: this.#now(),
      memory: {
        ...{ highestRelease: highest_release, keysVersion: keys_version, seenAt: seen_at },
        ...{ minRelease: min_release, bad, previous: null, steps: [], noted: 0 },
      },
    });
  }

  /** Waits until the supervisor has said what runs; false: it does not. */
  async #survey(): Promise<boolean> {
    await this.#asked({ kind: "survey" }, this.#surveyed, SURVEY_WITHIN);
    return this.#report !== null && this.#report.sha256 !== null;
  }

  /** Until one of `waiting` is woken, or nobody answers. */
  async #asked(order: UpdateOrder, waiting: (() => void)[], within: Micros): Promise<void> {
    const { timers, clock } = this.#parts;
    const { promise, resolve } = Promise.withResolvers<void>();
    const disarm = timers.arm(after(clock.monotonic(), within), resolve);
    waiting.push(resolve);
    this.#parts.order(order);
    await promise;
    disarm();
  }

  async #load(): Promise<void> {
    const { url } = this.#update;
    const found = this.#offer;
    if (url === null || found === null) return;
    const { offer, documents } = found;
    const { payload } = choosePayload(offer.files, this.#report?.sha256 ?? "");
    this.#activity = "downloading";
    this.#loaded = 0;
    const progress = (octets: number) => {
      this.#loaded = octets;
    };
    const { log, site } = this.#parts;
    log.info("loading a release", { version: offer.manifest.version, octets: payload.size });
    const got = await site.fetch({ url, payload, documents, progress });
    this.#activity = "idle";
    if (got.kind === "failed") {
      this.#failures++;
      this.#lastCheck = { at: this.#now(), outcome: "failed", reason: got.reason };
      log.warn("cannot load the release", { reason: got.reason });
      return;
    }
    // Known to the supervisor only when it says so; until then nothing else is begun.
    if (this.#report !== null) this.#report = { ...this.#report, activity: "staging" };
    this.#parts.order({ kind: "install", answering: this.#parts.health().answering });
  }

  // --- by itself -------------------------------------------------------------------------------

  #armCheck(delay: Micros): void {
    const { timers, clock } = this.#parts;
    this.#disarmCheck();
    this.#disarmCheck = timers.arm(after(clock.monotonic(), delay), () => void this.#turn());
  }

  async #turn(): Promise<void> {
    const { url, check_interval_secs } = this.#update;
    if (url !== null && this.#busy() === null) {
      await this.check();
      if (this.#offer !== null && this.#waiting() === null) await this.#load();
    }
    const isWaiting = this.#offer !== null && this.#update.automatic;
    const failed = this.#lastCheck?.outcome === "failed" && this.#failures > 0;
    const next = failed ? retryDelay(this.#failures) : isWaiting ? LOOK_AGAIN_SECS : Infinity;
    this.#armCheck(micros(Math.min(next, check_interval_secs) * US_PER_S));
  }

  #waiting(): string | null {
    if (this.#offer === null) return null;
    const { node, update } = this.#parts.config();
    return waitReason(this.#offer.offer.manifest, {
      config: update,
      nodeId: node.id,
      ways: this.#parts.ways(),
      now: this.#now(),
    });
  }

  // --- telling ---------------------------------------------------------------------------------

  #tellHealth(): void {
    if (this.#disarmHealth !== null) return;
    const { timers, clock, order, health } = this.#parts;
    const tell = () => {
      this.#disarmHealth = null;
      if (this.#report?.activity !== "trial") return;
      order({ kind: "health", ...health() });
      this.#disarmHealth = timers.arm(after(clock.monotonic(), HEALTH_EVERY), tell);
    };
    tell();
  }

  /** What an operator should look at; null: nothing. */
  get trouble(): string | null {
    const step = this.#report?.steps.at(-1);
    const failed = step !== undefined && isTrouble(step.step) ? step.detail : null;
    const refused = this.#lastCheck?.outcome === "refused" ? this.#lastCheck.reason : null;
    return (this.#isKnown ? null : refused) ?? failed;
  }

  /** Once for each reason: a check every some hours is no news. */
  #noteRefusal(reason: string): void {
    if (reason === this.#told) return;
    this.#told = reason;
    this.#parts.log.warn("a release was refused", { reason });
    const step = { step: "refused", release: 0, version: "", detail: reason } as const;
    this.#parts.audit(stepRecord(step));
  }

  #now(): UnixSeconds {
    return unixSeconds(Math.floor(this.#parts.clock.wall() / 1_000));
  }
}

const NONE = {
  ...{ highest_release: 0, keys_version: 0, min_release: 0, seen_at: 0 },
  ...{ bad: [], root_keys: [] },
} as const satisfies Partial<UpdateReport>;

function refusal(reason: string): Refusal {
  return { kind: "refused", reason };
}
