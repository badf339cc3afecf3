/** The commands about policies: what they are, where their traffic is, and orders to them. */

import type { Command, OptionSpec } from "./command.ts";
import { CONFIG_OPTION, JSON_OPTION, SOCKET_OPTION } from "./command.ts";

const AGENT_OPTIONS = { socket: SOCKET_OPTION, config: CONFIG_OPTION, json: JSON_OPTION };
const REASON: OptionSpec = {
  type: "string",
  short: "m",
  value: "TEXT",
  help: "why, for the audit record",
};
const FOR: OptionSpec = {
  type: "string",
  value: "TIME",
  help: "ends by itself, such as 2h (default: until it is taken back)",
};
const STRICT: OptionSpec = { type: "boolean", help: "also while the path in use is dead" };
const ORDER_OPTIONS = { reason: REASON, ...AGENT_OPTIONS };
const SHOWN = "Exit codes: 0 shown, 1 no such policy, 2 usage, 4 the agent does not run.";
const ORDERED = "POLICY is a number or a name. The author is $SUDO_USER, else $USER.\n";
const ORDER_CODES = "Exit codes: 0 done, 1 refused or unknown, 2 usage, 4 the agent does not run.";

function order(name: string, summary: string, more: Partial<Command> = {}): Command {
  return {
    name,
    summary,
    operands: "POLICY",
    options: ORDER_OPTIONS,
    notes: `${ORDERED}${ORDER_CODES}`,
    run: async (input) => (await import("./failover-orders.ts")).giveOrder(name, input),
    ...more,
  };
}

export const FAILOVER_COMMANDS: readonly Command[] = [
  {
    name: "policies",
    summary: "the failover policies and where their traffic is",
    operands: "[list | show POLICY | enable POLICY | disable POLICY]",
    options: ORDER_OPTIONS,
    notes: `${ORDERED}${ORDER_CODES}`,
    run: async (input) => (await import("./policies.ts")).runPolicies(input),
  },
  {
    name: "events",
    summary: "failover events, the newest last",
    operands: "",
    options: {
      follow: { type: "boolean", short: "f", help: "go on with events as they come" },
      policy: { type: "string", short: "p", value: "POLICY", help: "of this policy only" },
      type: { type: "string", value: "TYPE", help: "triggered, completed, failed, ..." },
      path: { type: "string", value: "PATH", help: "that left or took this path" },
      limit: { type: "string", short: "n", value: "N", help: "the last N (default 20)" },
      ...AGENT_OPTIONS,
    },
    notes: `--json prints one object per line.\n${SHOWN}`,
    run: async (input) => (await import("./events.ts")).showEvents(input),
  },
  {
    name: "explain",
    summary: "why traffic of a policy is where it is, and what holds a move back",
    operands: "POLICY",
    options: { ipv6: { type: "boolean", short: "6", help: "of IPv6" }, ...AGENT_OPTIONS },
    notes: SHOWN,
    run: async (input) => (await import("./explain.ts")).explainPolicy(input),
  },
  order("switch", "move a policy to another path, once", { operands: "POLICY PATH" }),
  order("pin", "keep a policy on a path", {
    operands: "POLICY PATH",
    options: { strict: STRICT, for: FOR, ...ORDER_OPTIONS },
  }),
  order("unpin", "end the pin of a policy"),
  order("hold", "no voluntary moves of a policy", {
    options: {
      strict: { type: "boolean", help: "no moves at all" },
      for: FOR,
      ...ORDER_OPTIONS,
    },
  }),
  order("release", "end the hold of a policy"),
  order("maintenance", "take a path out of use, or back", {
    operands: "PATH on|off",
    options: { for: FOR, ...ORDER_OPTIONS },
    notes: `The author is $SUDO_USER, else $USER.\n${ORDER_CODES}`,
  }),
];
