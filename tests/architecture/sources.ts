/** The program's own source files, read once for the architecture tests. */

import { readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";

export const ROOT = join(import.meta.dir, "../..");

export interface Source {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

export function sources(pattern: string): Source[] {
  return [...new Bun.Glob(pattern).scanSync(ROOT)].sort().map((path) => {
    const text = readFileSync(join(ROOT, path), "utf8");
    return { path, text, lines: text.split("\n") };
  });
}

export interface Edge {
  readonly from: string;
  /** Repository path of a local module, or the specifier of a package. */
  readonly to: string;
  readonly typeOnly: boolean;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|import\("([^"]+)"\)/g;

/** Every import and re-export of a file, static or dynamic. */
export function edges(source: Source): Edge[] {
  return [...source.text.matchAll(IMPORT)].map(([, typeOnly, fixed, dynamic]) => {
    const specifier = fixed ?? dynamic ?? "";
    const to = specifier.startsWith(".")
      ? normalize(relative(ROOT, join(ROOT, dirname(source.path), specifier)))
      : specifier;
    return { from: source.path, to, typeOnly: typeOnly !== undefined };
  });
}
