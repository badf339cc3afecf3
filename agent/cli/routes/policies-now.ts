/**
 * The policies in force and the paths that they use: from the running agent, which knows those of
 * the API too; else from the configuration and what the database kept.
 */

import { readPolicyDocument } from "../../config/policy-document.ts";
import type { RouteMemory } from "../../controller/failover/route-ports.ts";
import type { AgentConfig, PolicyConfig } from "../../domain/config.ts";
import type { FailoverSnapshot, PolicyBody } from "../../io/http/failover-view.ts";
import { openRouteMemory, routeMemoryFile } from "../../io/route-memory.ts";
import { readOfflinePolicies } from "../../io/store/offline-policies.ts";
import { ask } from "../agent-client.ts";
import type { ActivePaths } from "./planned.ts";

export interface PoliciesNow {
  readonly isRunning: boolean;
  readonly config: AgentConfig;
  readonly memory: RouteMemory | null;
  /** By policy id; empty: no agent runs. */
  readonly actives: ReadonlyMap<number, ActivePaths>;
  readonly problems: readonly string[];
}

export async function isAgentRunning(socket: string): Promise<boolean> {
  return (await ask(socket, "/api/v1/status")).kind === "ok";
}

export async function policiesNow(config: AgentConfig, socket: string): Promise<PoliciesNow> {
  if (!(await isAgentRunning(socket))) return fromDatabase(config);
  const answer = await ask(socket, "/api/v1/failover/snapshot");
  // The same program answers: the shape is failover-view.ts's.
  const { policies } =
    answer.kind === "ok" ? (answer.body as FailoverSnapshot) : { policies: [] as PolicyBody[] };
  const ofApi = policies
    .filter(({ origin }) => origin === "api")
    .map((policy) => ({ id: policy.policy_id, document: documentOf(policy) }));
  const enabled = new Map(policies.map((policy) => [policy.policy_id, policy.enabled]));
  const all = withApi(config, ofApi).map((policy) => ({
    ...policy,
    enabled: enabled.get(policy.id) ?? policy.enabled,
  }));
  return {
    isRunning: true,
    config: { ...config, policies: all },
    memory: memoryOf(config),
    actives: new Map(policies.map((policy) => [policy.policy_id, activeOf(policy)])),
    problems: answer.kind === "ok" ? [] : [answer.message],
  };
}

function fromDatabase(config: AgentConfig): PoliciesNow {
  const answer = readOfflinePolicies(config.storage.path);
  const ofApi = answer.kind === "ok" ? answer.policies : [];
  return {
    isRunning: false,
    config: { ...config, policies: withApi(config, ofApi) },
    memory: memoryOf(config),
    actives: new Map(),
    problems: answer.kind === "ok" ? [] : [answer.reason],
  };
}

function memoryOf({ storage }: AgentConfig): RouteMemory | null {
  return openRouteMemory(routeMemoryFile(storage.path)).load();
}

function withApi(
  { paths, policies }: AgentConfig,
  ofApi: readonly { readonly id: number; readonly document: Readonly<Record<string, unknown>> }[],
): readonly PolicyConfig[] {
  const all = [...policies];
  for (const { id, document } of ofApi) {
    if (all.some((one) => one.id === id)) continue;
    const result = readPolicyDocument({ ...document, id }, paths, all);
    if (result.kind === "ok") all.push(result.policy);
  }
  return all;
}

/** As it could have been sent to the API. */
function documentOf(policy: PolicyBody): Readonly<Record<string, unknown>> {
  const { name, enabled, route, all_down, flows, primary_path_id, backup_path_ids } = policy;
  const words = { name, enabled, all_down, flows, primary: primary_path_id };
  return { ...words, backups: backup_path_ids, ...(route === null ? {} : { route }) };
}

function activeOf(policy: PolicyBody): ActivePaths {
  return {
    4: policy.active_path_id,
    6: policy.active_path_id_v6,
    isAllDown: policy.all_down_now,
  };
}
