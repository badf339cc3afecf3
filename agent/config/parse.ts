/**
 * From the text of the configuration files to the typed configuration, in one pass that lists every
 * problem. Order of precedence: defaults, profile, files, environment, flags. Pure: files, machine
 * id and environment come in as values.
 */

import type { AgentConfig } from "../domain/config.ts";
import type { Source } from "./document.ts";
import { readCoordination, readHooks } from "./hooks.ts";
import { readHttp } from "./http.ts";
import type { KeyOf } from "./keys.ts";
import { KEYS } from "./keys.ts";
import { rejectOverload } from "./load.ts";
import { readNode } from "./node.ts";
import { readOtlp } from "./otlp.ts";
import type { Override } from "./override.ts";
import { readPaths } from "./paths.ts";
import { readPolicies } from "./policies.ts";
import type { Problem } from "./problem.ts";
import { createReport, orderedProblems } from "./problem.ts";
import { readReflector } from "./reflector.ts";
import { readRoot } from "./root.ts";
import { rejectUnroutable } from "./route-match.ts";
import type { Section } from "./section.ts";
import { openSection } from "./section.ts";
import { readStorage } from "./storage.ts";
import type { Environment } from "./substitution.ts";
import { rejectUnavailable } from "./unavailable.ts";
import { checkVersion } from "./version.ts";

export type ParseResult =
  | { readonly kind: "ok"; readonly config: AgentConfig; readonly warnings: readonly Problem[] }
  | {
      readonly kind: "invalid";
      readonly problems: readonly Problem[];
      readonly warnings: readonly Problem[];
    };

/**
 * `sources`: the main file, then the drop-ins in their order. `overrides`: flags, the last word.
 * `nodeId`: node.id when the files name none.
 */
export function parseConfig(
  sources: readonly Source[],
  environment: Environment,
  overrides: readonly Override[] = [],
  nodeId = "unnamed",
): ParseResult {
  const report = createReport();
  const names = sources.map(({ name }) => name);
  const root = readRoot({ sources, environment, overrides }, report);
  if (root === null) return invalid(report.problems, report.warnings, names);

  const section = openSection({ raw: root, key: "" }, KEYS.root, report);
  const config = readConfig(section, environment, nodeId, names[0] ?? "built-in");
  checkVersion(section);
  rejectUnavailable(section);
  rejectOverload(section, config.paths);
  rejectUnroutable(section, config.paths, config.policies);
  if (report.problems.length > 0) return invalid(report.problems, report.warnings, names);
  return { kind: "ok", config, warnings: orderedProblems(report.warnings, names) };
}

function readConfig(
  root: Section<KeyOf<"root">>,
  environment: Environment,
  nodeId: string,
  origin: string,
): AgentConfig {
  const paths = readPaths(root);
  const policies = readPolicies(root, new Set(paths.map(({ id }) => id)));
  return {
    node: readNode(root, nodeId),
    paths,
    policies,
    storage: readStorage(root),
    http: readHttp(root),
    echo: null,
    reflector: readReflector(root),
    otlp: readOtlp(root, environment),
    hooks: readHooks(root, policies),
    coordination: readCoordination(root, paths, policies),
    origin,
  };
}

function invalid(
  problems: readonly Problem[],
  warnings: readonly Problem[],
  names: readonly string[],
): ParseResult {
  return {
    kind: "invalid",
    problems: orderedProblems(problems, names),
    warnings: orderedProblems(warnings, names),
  };
}
