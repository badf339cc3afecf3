/**
 * Three keys of a policy have another name on the wire than in the configuration. A body may have
 * either, but one of them once.
 */

import type { FieldProblem } from "./failover-view.ts";

const NAMES = [
  ["policy_id", "id"],
  ["primary_path_id", "primary"],
  ["backup_path_ids", "backups"],
] as const;

export type PolicyKeys =
  | { readonly kind: "document"; readonly document: Readonly<Record<string, unknown>> }
  | { readonly kind: "twice"; readonly problems: readonly FieldProblem[] };

/** The body under the names of the configuration. */
export function configNames(body: ReadonlyMap<string, unknown>): PolicyKeys {
  const twice = NAMES.filter(([wire, config]) => body.has(wire) && body.has(config));
  if (twice.length > 0) {
    const problems = twice.map(([field, other]) => ({ field, message: `remove it or "${other}"` }));
    return { kind: "twice", problems };
  }
  const entries = [...body].map(([key, value]) => {
    const config = NAMES.find(([wire]) => wire === key)?.[1] ?? key;
    return [config, value] as const;
  });
  return { kind: "document", document: Object.fromEntries(entries) };
}

/** Problems under the names that the body used, the API's where it used none. */
export function wireNames(
  problems: readonly FieldProblem[],
  body: ReadonlyMap<string, unknown>,
): readonly FieldProblem[] {
  return problems.map(({ field, message }) => {
    const [, key = "", rest = ""] = /^(\w*)(.*)$/s.exec(field) ?? [];
    const wire = NAMES.find(([, config]) => config === key && !body.has(config))?.[0];
    return { field: wire === undefined ? field : `${wire}${rest}`, message };
  });
}
