/**
 * A policy as a JSON document of the API, read by the readers of the configuration, with the same
 * words for the same faults.
 */

import type { PathConfig, PolicyConfig } from "../domain/config.ts";
import type { Selector } from "../domain/selector.ts";
import { findShadowed, parseSelector, routedFamilies } from "../domain/selector.ts";
import { KEYS } from "./keys.ts";
import { readPolicies } from "./policies.ts";
import type { Place, Report } from "./problem.ts";
import { createReport } from "./problem.ts";
import type { Raw, RawMap } from "./raw.ts";
import { scalar } from "./raw.ts";
import { openSection } from "./section.ts";

export interface DocumentProblem {
  /** As the document names it, such as `route.match[0].to`; empty: the document as a whole. */
  readonly field: string;
  readonly message: string;
}

export type DocumentResult =
  | { readonly kind: "ok"; readonly policy: PolicyConfig }
  | { readonly kind: "invalid"; readonly problems: readonly DocumentProblem[] };

const PLACE: Place = { file: "document", line: null };
const PREFIX = "policies[0]";
/** Deeper is no policy, and a reader must not be led into the depth. */
const DEPTH_MAX = 8;

/** `others`: the policies that it will stand behind. */
export function readPolicyDocument(
  document: unknown,
  paths: readonly PathConfig[],
  others: readonly PolicyConfig[],
): DocumentResult {
  const report = createReport();
  const list = { kind: "list", place: PLACE, items: [rawOf(document, 0)] } as const;
  const entries = new Map([["policies", { place: PLACE, value: list }]]);
  const root: RawMap = { kind: "map", place: PLACE, entries };
  const section = openSection({ raw: root, key: "" }, KEYS.root, report);
  const [policy] = readPolicies(section, new Set(paths.map(({ id }) => id)));
  if (policy === undefined || report.problems.length > 0) {
    return { kind: "invalid", problems: problemsOf(report) };
  }
  const problems = [...unroutable(policy, paths), ...shadowed(policy, others)];
  return problems.length > 0 ? { kind: "invalid", problems } : { kind: "ok", policy };
}

function rawOf(value: unknown, depth: number): Raw {
  if (depth > DEPTH_MAX) return { kind: "rejected", place: PLACE };
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => rawOf(item, depth + 1));
    return { kind: "list", place: PLACE, items };
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(
      ([key, item]) => [key, { place: PLACE, value: rawOf(item, depth + 1) }] as const,
    );
    return { kind: "map", place: PLACE, entries: new Map(entries) };
  }
  const isPlain = typeof value === "string" || typeof value === "number";
  return scalar(PLACE, isPlain || typeof value === "boolean" ? value : null);
}

function problemsOf({ problems }: Report): readonly DocumentProblem[] {
  return problems.map(({ key, message }) => {
    const field = key.startsWith(PREFIX) ? key.slice(PREFIX.length).replace(/^\./, "") : key;
    return { field, message };
  });
}

function unroutable(
  { route, primary, backups }: PolicyConfig,
  paths: readonly PathConfig[],
): readonly DocumentProblem[] {
  if (route === null) return [];
  const bound = new Set(
    paths.flatMap(({ id, interface: device }) => (device === null ? [] : [id])),
  );
  return [primary, ...backups]
    .filter((id) => !bound.has(id))
    .map((id) => ({
      field: "route",
      message: `cannot route by "${id}": want an interface for it`,
    }));
}

interface Placed {
  readonly selector: Selector;
  readonly policy: number;
}

function shadowed(
  policy: PolicyConfig,
  others: readonly PolicyConfig[],
): readonly DocumentProblem[] {
  const found = findShadowed([...others, policy].flatMap(placed));
  return found
    .filter(({ item, by }) => item.policy === policy.id || by.policy === policy.id)
    .map(({ item, by }) => ({
      field: "route.match",
      message: `change it: policy ${by.policy} takes all of the traffic of ${item.policy} before`,
    }));
}

function placed({ id, route }: PolicyConfig): readonly Placed[] {
  return (route?.match ?? []).flatMap((match) => {
    const selector = parseSelector(match);
    if (selector === null || route === null) return [];
    const families = routedFamilies(selector, route.ipv6);
    return [{ selector: { ...selector, families }, policy: id }];
  });
}
