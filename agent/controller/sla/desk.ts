/** Makes SLA reports of months and the overview of the running one. Loaded when asked for. */

import type { CalendarMonth } from "../../domain/calendar.ts";
import { calendarMonth, monthAt } from "../../domain/calendar.ts";
import type { AgentConfig, PolicyConfig } from "../../domain/config.ts";
import { pathId } from "../../domain/ids.ts";
import type {
  MaintenanceSpan,
  SlaObjective,
  SlaSubject,
  SlaTargets,
  StatusMark,
} from "../../domain/sla.ts";
import { unixSeconds } from "../../domain/units.ts";
import { BURN_WINDOWS, burnLevel, burnRates } from "../../sla/budget.ts";
import type { SlaReport, SlaSummary, SubjectReport } from "../../sla/report.ts";
import { subjectReport } from "../../sla/report.ts";
import type { Moment, Slice } from "../../sla/slice.ts";
import { policySlices } from "../../sla/slice.ts";
import type { FailoverBook } from "../failover/ports.ts";
import type { Clock } from "../ports.ts";
import type { Burn } from "./budget-watch.ts";
import type { MaintenanceLog, StatusLog, TimeSpan } from "./ports.ts";
import type { SliceSources } from "./slices.ts";
import { slicesOf } from "./slices.ts";

export interface SlaDeskParts extends SliceSources {
  readonly clock: Clock;
  readonly book: Pick<FailoverBook, "events">;
  readonly records: MaintenanceLog & StatusLog;
  config(): Pick<AgentConfig, "node" | "paths" | "sla">;
  /** Of the file and of the API. */
  policies(): readonly PolicyConfig[];
}

export interface ReportQuery {
  /** 2026-10; null: the running month. */
  readonly month: string | null;
  readonly path: string | null;
  readonly policy: number | null;
}

const NO_TARGETS: SlaTargets = {
  availability_pct: null,
  latency_p95_ms: null,
  loss_pct: null,
  jitter_ms: null,
  mos: null,
};
/** Where traffic went is told by the newest of these; older ones are not needed. */
const EVENTS_MAX = 1_000;

interface Member {
  readonly slices: readonly Slice[];
  readonly burn: readonly Slice[];
  readonly marks: readonly StatusMark[];
  readonly maintenance: readonly MaintenanceSpan[];
}

export class SlaDesk {
  readonly #parts: SlaDeskParts;

  constructor(parts: SlaDeskParts) {
    this.#parts = parts;
  }

  /** null: no such month. */
  async report(query: ReportQuery): Promise<SlaReport | null> {
    const { clock, config } = this.#parts;
    const now = unixSeconds(clock.wall() / 1_000);
    const { sla, node } = config();
    const month = calendarMonth(query.month ?? monthAt(now, sla.timezone), sla.timezone);
    if (month === null) return null;
    const subjects: SubjectReport[] = [];
    const members = new Map<string, Member>();
    for (const objective of this.#chosen(query)) {
      subjects.push(await this.#subject(objective, { month, now, members }));
      await this.#parts.turn();
    }
    const { from, to, timezone } = month;
    const head = { node: { id: node.id, site: node.site }, month: month.month, timezone, from, to };
    return { ...head, generated_at: now, is_final: now >= to, subjects };
  }

  /** Of every objective with an availability, in their order. */
  async burns(): Promise<readonly Burn[]> {
    const { clock, config } = this.#parts;
    const now = unixSeconds(clock.wall() / 1_000);
    const read = new Map<string, readonly Slice[]>();
    const burns: Burn[] = [];
    for (const { subject, targets } of config().sla.objectives) {
      if (targets.availability_pct === null) continue;
      const rates = burnRates(
        await this.#recent(subject, now, read),
        targets.availability_pct,
        now,
      );
      burns.push({ subject, rates, level: burnLevel(rates) });
      await this.#parts.turn();
    }
    return burns;
  }

  async #recent(
    subject: SlaSubject,
    now: number,
    read: Map<string, readonly Slice[]>,
  ): Promise<readonly Slice[]> {
    if (subject.kind === "path") return await this.#recentOfPath(subject.id, now, read);
    const policy = this.#parts.policies().find(({ id }) => id === subject.id);
    if (policy === undefined) return [];
    const members = new Map<string, readonly Slice[]>();
    for (const id of [policy.primary, ...policy.backups]) {
      members.set(id, await this.#recentOfPath(id, now, read));
    }
    // Whose latency counts is of no matter to a burn rate.
    return policySlices(members, () => null);
  }

  async #recentOfPath(
    id: string,
    now: number,
    read: Map<string, readonly Slice[]>,
  ): Promise<readonly Slice[]> {
    const known = read.get(id);
    if (known !== undefined) return known;
    const path = pathId(id);
    const days = recentDays(now);
    const near = { from: days[0]?.from ?? unixSeconds(now), to: unixSeconds(now + 1) };
    const slices = await slicesOf(this.#parts, path, days, this.#parts.records.spans(path, near));
    read.set(id, slices);
    return slices;
  }

  /** Objectives in their order; without any, every path without promises. */
  #chosen({ path, policy }: ReportQuery): readonly SlaObjective[] {
    const { sla, paths } = this.#parts.config();
    const bare = (subject: SlaObjective["subject"]) => ({ subject, targets: NO_TARGETS });
    const all = [
      ...sla.objectives,
      ...paths
        .map(({ id }) => bare({ kind: "path", id }))
        .filter(({ subject }) => !hasObjective(sla.objectives, subject)),
      ...this.#parts
        .policies()
        .map(({ id }) => bare({ kind: "policy", id }))
        .filter(({ subject }) => !hasObjective(sla.objectives, subject)),
    ];
    if (path !== null) return all.filter(({ subject }) => isSubject(subject, "path", path));
    if (policy !== null) return all.filter(({ subject }) => isSubject(subject, "policy", policy));
    return sla.objectives.length > 0 ? sla.objectives : all;
  }

  async #subject({ subject, targets }: SlaObjective, frame: Frame): Promise<SubjectReport> {
    const { config, policies } = this.#parts;
    if (subject.kind === "path") {
      const member = await this.#member(subject.id, frame);
      const name = config().paths.find(({ id }) => id === subject.id)?.name ?? subject.id;
      const burn = this.#burn(member.burn, targets, frame);
      const facts = { ...member, subject, name, targets, burn };
      return subjectReport(facts, frame.month, frame.now);
    }
    const policy = policies().find(({ id }) => id === subject.id) ?? null;
    const paths = policy === null ? [] : [policy.primary, ...policy.backups];
    const members = new Map<string, Member>();
    for (const id of paths) members.set(id, await this.#member(id, frame));
    const active = policy === null ? () => null : this.#activePath(policy, frame.month);
    const of = (read: (member: Member) => readonly Slice[]) =>
      policySlices(new Map([...members].map(([id, member]) => [id, read(member)])), active);
    const facts = {
      subject,
      name: policy?.name ?? `policy ${subject.id}`,
      targets,
      slices: of((member) => member.slices),
      burn: this.#burn(
        of((member) => member.burn),
        targets,
        frame,
      ),
      // No single path's change says when the last of them was gone.
      marks: [],
      maintenance: [...members.values()].flatMap((member) => member.maintenance),
    };
    return subjectReport(facts, frame.month, frame.now);
  }

  /** A path of several policies is read once. */
  async #member(id: string, frame: Frame): Promise<Member> {
    const known = frame.members.get(id);
    if (known !== undefined) return known;
    const { records } = this.#parts;
    const { month, now } = frame;
    const path = pathId(id);
    const past = month.days.filter((day) => day.from < now);
    const maintenance = records.spans(path, month);
    const slices = await slicesOf(this.#parts, path, past, maintenance);
    const isRunning = now < month.to && now >= month.from;
    const burn = isRunning ? await this.#recentOfPath(id, now, new Map()) : [];
    const marks = records.marks(path, month);
    const member = { slices, burn, marks, maintenance };
    frame.members.set(id, member);
    return member;
  }

  #burn(
    slices: readonly Slice[],
    { availability_pct }: SlaTargets,
    { month, now }: Frame,
  ): SlaSummary["burn"] {
    if (availability_pct === null || now >= month.to || now < month.from) return null;
    const rates = burnRates(slices, availability_pct, now);
    return { rates, level: burnLevel(rates) };
  }

  /** By the completed moves; before the first one it was the path that it left. */
  #activePath(policy: PolicyConfig, month: CalendarMonth): (moment: Moment) => string | null {
    const page = this.#parts.book.events({
      since: null,
      until: month.to,
      limit: EVENTS_MAX,
      cursor: null,
      order: "newest-first",
      policy: policy.id,
      path: null,
      type: "completed",
    });
    const moves = page.records.map(({ at, to }) => ({ at: at / 1_000, to }));
    const first = page.records.at(-1)?.from ?? policy.primary;
    return ({ to }) => moves.find(({ at }) => at <= to)?.to ?? first;
  }
}

interface Frame {
  readonly month: CalendarMonth;
  readonly now: number;
  readonly members: Map<string, Member>;
}

/** The longest window, in pieces of a day. */
function recentDays(now: number): TimeSpan[] {
  const step = 86_400;
  const end = Math.ceil(now / 300) * 300;
  const count = BURN_WINDOWS["3d"] / step;
  return Array.from({ length: count }, (_, i) => ({
    from: unixSeconds(end - (count - i) * step),
    to: unixSeconds(end - (count - i - 1) * step),
  }));
}

function hasObjective(objectives: readonly SlaObjective[], { kind, id }: SlaObjective["subject"]) {
  return objectives.some(({ subject }) => isSubject(subject, kind, id));
}

function isSubject(subject: SlaObjective["subject"], kind: string, id: string | number): boolean {
  return subject.kind === kind && subject.id === id;
}
