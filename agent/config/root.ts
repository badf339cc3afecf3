/** Files, environment and flags as one raw map, in which each value knows its place. */

import type { Source } from "./document.ts";
import { readDocument } from "./document.ts";
import { mergeMaps } from "./merge.ts";
import type { Override } from "./override.ts";
import { applyOverride, environmentOverrides } from "./override.ts";
import type { Report } from "./problem.ts";
import type { RawMap } from "./raw.ts";
import { emptyMap } from "./raw.ts";
import type { Environment } from "./substitution.ts";

export interface RootParts {
  readonly sources: readonly Source[];
  readonly environment: Environment;
  readonly overrides: readonly Override[];
}

/** null: a file is no map, and `report` says which. */
export function readRoot(
  { sources, environment, overrides }: RootParts,
  report: Report,
): RawMap | null {
  const maps = sources.map((source) => readDocument(source, environment, report));
  // A file that is not readable as a map lacks keys that others would then be blamed for.
  const readable = maps.flatMap((map) => map ?? []);
  if (readable.length < maps.length) return null;
  let root: RawMap = emptyMap({ file: sources[0]?.name ?? "configuration", line: null });
  for (const map of readable) root = mergeMaps(root, map, "", report);
  for (const override of [...environmentOverrides(environment), ...overrides]) {
    root = applyOverride(root, override, report);
  }
  return root;
}
