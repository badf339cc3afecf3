/** What the commands about policies share: finding a policy, signing an order. */

import type { PolicyBody } from "../io/http/failover-view.ts";
import type { Answer } from "./agent-client.ts";
import { ask } from "./agent-client.ts";
import { EXIT } from "./command.ts";

export type Failed = Extract<Answer, { kind: "failed" }>;

export type Found<T> = { readonly kind: "found"; readonly value: T } | Failed;

export const POLICIES = "/api/v1/failover/policies";

export async function readPolicies(socket: string): Promise<Found<readonly PolicyBody[]>> {
  const answer = await ask(socket, "/api/v1/failover/snapshot");
  if (answer.kind === "failed") return answer;
  const snapshot = answer.body as { policies: readonly PolicyBody[] }; // the same program answers
  return { kind: "found", value: snapshot.policies };
}

/** By number, else by name; a name that two have is none. */
export async function findPolicy(socket: string, wanted: string): Promise<Found<PolicyBody>> {
  const read = await readPolicies(socket);
  if (read.kind === "failed") return read;
  const policies = read.value;
  const byNumber = policies.find(({ policy_id }) => String(policy_id) === wanted);
  const byName = policies.filter(({ name }) => name === wanted);
  const value = byNumber ?? (byName.length === 1 ? byName[0] : undefined);
  if (value !== undefined) return { kind: "found", value };
  const known = policies.map(({ policy_id, name }) => `${policy_id} ${name}`).join(", ");
  const why = byName.length > 1 ? "several have this name" : "no such policy";
  const message = `cannot find policy ${JSON.stringify(wanted)}: ${why} (there are: ${known || "none"})`;
  return { kind: "failed", message, exitCode: EXIT.failure };
}

/** Who gives the order, as far as the shell knows. */
export function author(environment: Readonly<Record<string, string | undefined>>): string {
  const named = environment["SUDO_USER"] || environment["USER"] || environment["LOGNAME"];
  return named || `uid ${process.getuid?.() ?? "unknown"}`;
}

export function fail({ message, exitCode }: Failed): number {
  console.error(message);
  return exitCode;
}
