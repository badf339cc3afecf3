/** `policies`: the table of policies, one of them in full, and whether it decides. */

import type { CommandInput } from "./command.ts";
import { EXIT, UsageError } from "./command.ts";
import { fail, findPolicy, readPolicies } from "./failover-client.ts";
import { policyTable, policyText } from "./policy-text.ts";
import { socketPath } from "./socket-path.ts";

export async function runPolicies(input: CommandInput): Promise<number> {
  const [action = "list", policy, ...rest] = input.operands;
  switch (action) {
    case "list":
      if (policy !== undefined) throw new UsageError("want no operand behind list");
      return listPolicies(input);
    case "show":
    case "enable":
    case "disable":
      if (policy === undefined || rest.length > 0) throw new UsageError("want one POLICY");
      if (action === "show") return showPolicy(policy, input);
      return (await import("./failover-orders.ts")).orderPolicy(
        { name: action, policy, fields: {} },
        input,
      );
    default:
      throw new UsageError(
        `cannot use ${JSON.stringify(action)}: want list, show, enable or disable`,
      );
  }
}

async function listPolicies(input: CommandInput): Promise<number> {
  const read = await readPolicies(await socketPath(input));
  if (read.kind === "failed") return fail(read);
  if (input.flag("json")) console.log(JSON.stringify({ policies: read.value }));
  else console.log(policyTable(read.value).join("\n"));
  return EXIT.ok;
}

async function showPolicy(wanted: string, input: CommandInput): Promise<number> {
  const found = await findPolicy(await socketPath(input), wanted);
  if (found.kind === "failed") return fail(found);
  if (input.flag("json")) console.log(JSON.stringify(found.value));
  else console.log(policyText(found.value).join("\n"));
  return EXIT.ok;
}
