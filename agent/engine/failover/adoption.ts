/** Which path carries the traffic by the kernel's word: at start, and after a worker's end. */

import type { PathId } from "../../domain/ids.ts";
import type { AuditRecord } from "./effect.ts";

/** What the kernel has for a policy: see the input `adopted`. */
export interface Kernel {
  readonly table: PathId | null;
  readonly main: PathId | null;
}

/** What we believed, from an earlier life or before the worker ended. */
export interface Belief {
  readonly active: PathId | null;
  /** Our own table cannot tell: the policy has none, or it says "unreachable" by our order. */
  readonly isOwnWord: boolean;
}

/** Our own table, then main's default, then what we believed; null: none of the policy's paths. */
export function adoptedPath(
  { table, main }: Kernel,
  paths: readonly PathId[],
  { active, isOwnWord }: Belief,
): PathId | null {
  const ours = (path: PathId | null) => (path !== null && paths.includes(path) ? path : null);
  const word = isOwnWord ? active : null;
  return ours(table) ?? word ?? ours(main) ?? active;
}

/** Traffic was moved, and not by us. */
export function surprise(policy: number, path: PathId, believed: PathId): AuditRecord {
  return {
    action: "adopted",
    author: "agent",
    reason: "",
    policy,
    path,
    outcome: "noted",
    detail: `the kernel uses ${path} where ${believed} was expected`,
  };
}
