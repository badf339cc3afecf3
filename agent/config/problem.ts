/**
 * What is wrong with a configuration, as data: where (file, line, dotted key) and what to do. All
 * problems of all files are collected before anybody gives up.
 */

export interface Place {
  /** A file, or the name of the variable or flag that set the value. */
  readonly file: string;
  /** From 1; null: the place has no lines. */
  readonly line: number | null;
}

export interface Problem extends Place {
  /** Dotted path of the key, such as paths[1].targets[0].probe.type; empty: the file as a whole. */
  readonly key: string;
  readonly message: string;
}

/** Collects while reading goes on. */
export interface Report {
  readonly problems: Problem[];
  readonly warnings: Problem[];
}

/** More would only hide the first ones; a broken template repeats one mistake for every path. */
const PROBLEMS_MAX = 1_000;

export function createReport(): Report {
  return { problems: [], warnings: [] };
}

/** `agent.yaml:12: paths[0].id: message`. */
export function formatProblem(problem: Problem): string {
  const where = problem.line === null ? problem.file : `${problem.file}:${problem.line}`;
  const key = problem.key === "" ? "" : `${problem.key}: `;
  return `${where}: ${key}${problem.message}`;
}

/** In the order of the files, then of the lines; each once; at most PROBLEMS_MAX. */
export function orderedProblems(
  problems: readonly Problem[],
  files: readonly string[],
): readonly Problem[] {
  const rank = (problem: Problem) => {
    const index = files.indexOf(problem.file);
    return index < 0 ? files.length : index;
  };
  const unique = [...new Map(problems.map((one) => [formatProblem(one), one])).values()];
  unique.sort((a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0));
  const kept = unique.slice(0, PROBLEMS_MAX);
  const last = kept.at(-1);
  const more = unique.length - kept.length;
  if (last === undefined || more === 0) return kept;
  return [...kept, { ...last, key: "", message: `and ${more} more problems behind this one` }];
}
