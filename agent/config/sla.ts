/** What was promised: objectives per path and policy, and the time zone of their months. */

import { isTimeZone } from "../domain/calendar.ts";
import type { PathConfig, PolicyConfig } from "../domain/config.ts";
import type { SlaConfig, SlaObjective, SlaSubject, SlaTargets } from "../domain/sla.ts";
import { NO_SLA } from "../domain/sla.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import type { Range, Section } from "./section.ts";
import {
  complain,
  has,
  openSection,
  readInteger,
  readList,
  readNumber,
  readText,
  rejectKey,
  subsection,
  textForm,
} from "./section.ts";

type ObjectiveSection = Section<KeyOf<"objective">>;

const OBJECTIVES_MAX = 200;
/** 100 % leaves no budget: nobody can promise it, and nothing can be said of its burning. */
const AVAILABILITY = { min: 1, max: 99.9999, unit: "%" };
const LATENCY = { min: 0.01, max: 60_000, unit: "ms" };
const LOSS = { min: 0, max: 100, unit: "%" };
const MOS = { min: 1, max: 4.5 };
const POLICY_ID = { min: 1, max: 2 ** 31 - 1 };
const PATH_FORM = textForm(/^[^\s]{1,63}$/, "the id of a path");
const ZONE_FORM = { want: "a time zone such as UTC or Europe/Berlin", accepts: isTimeZone };

export interface SlaSubjects {
  readonly paths: readonly PathConfig[];
  readonly policies: readonly PolicyConfig[];
}

export function readSla(root: Section<KeyOf<"root">>, known: SlaSubjects): SlaConfig {
  const section = subsection(root, "sla", KEYS.sla);
  const items = readList(section, "objectives");
  if (items.length > OBJECTIVES_MAX) {
    rejectKey(section, "objectives", `cannot use ${items.length}: want at most ${OBJECTIVES_MAX}`);
  }
  const seen = new Set<string>();
  const objectives = items.flatMap((item): SlaObjective[] => {
    const own = openSection(item, KEYS.objective, root.report);
    const subject = readSubject(own, known);
    const targets = readTargets(own);
    if (subject === null) return [];
    const name = `${subject.kind} ${subject.id}`;
    if (seen.has(name)) {
      complain(
        root.report,
        item.raw.place,
        own.key,
        `cannot use it: ${name} has objectives already`,
      );
    }
    seen.add(name);
    return [{ subject, targets }];
  });
  return { timezone: readText(section, "timezone", ZONE_FORM, NO_SLA.timezone), objectives };
}

/** null: reported. */
function readSubject(section: ObjectiveSection, known: SlaSubjects): SlaSubject | null {
  const [path, policy] = [has(section, "path"), has(section, "policy")];
  if (path === policy) {
    const message = path ? "cannot use both: want path or policy" : "missing: want path or policy";
    rejectKey(section, path ? "policy" : "path", message);
    return null;
  }
  return path ? pathSubject(section, known) : policySubject(section, known);
}

function pathSubject(section: ObjectiveSection, { paths }: SlaSubjects): SlaSubject | null {
  const id = readText(section, "path", PATH_FORM, null);
  if (id === null) return null;
  if (!paths.some((path) => path.id === id)) {
    const ids = paths.map((path) => path.id).join(", ");
    rejectKey(section, "path", `unknown path "${id}": known are ${ids}`);
  }
  return { kind: "path", id };
}

/** Policies of the API come and go: one that is not in the file is no mistake. */
function policySubject(section: ObjectiveSection, { policies }: SlaSubjects): SlaSubject {
  const id = readInteger(section, "policy", POLICY_ID, policies[0]?.id ?? 1);
  return { kind: "policy", id };
}

function readTargets(section: ObjectiveSection): SlaTargets {
  const read = (name: KeyOf<"objective">, range: Range): number | null =>
    has(section, name) ? readNumber(section, name, range, range.max) : null;
  const targets = {
    availability_pct: read("availability_pct", AVAILABILITY),
    latency_p95_ms: read("latency_p95_ms", LATENCY),
    loss_pct: read("loss_pct", LOSS),
    jitter_ms: read("jitter_ms", LATENCY),
    mos: read("mos", MOS),
  };
  if (Object.values(targets).every((target) => target === null)) {
    const names = Object.keys(targets).join(", ");
    rejectKey(section, "availability_pct", `missing: want at least one of ${names}`);
  }
  return targets;
}
