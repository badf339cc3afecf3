/**
 * Orders of operators: carried out or refused, and recorded either way. An order that could not be
 * obeyed at once, or would be undone at once by a rule, is refused with the reason.
 */

import type { PathId } from "../../domain/ids.ts";
import { unreachable } from "../../domain/invariant.ts";
import type { OperatorCommand } from "./command.ts";
import type { Contender } from "./contender.ts";
import { hardDownOf, scoreOf } from "./contender.ts";
import { policyEvent } from "./event.ts";
import { ROUTE_FAMILIES } from "./input.ts";
import { override } from "./override.ts";
import type { Policy } from "./policy.ts";
import type { Turn } from "./turn.ts";
import { describeDown, formatScore } from "./wording.ts";

export interface Realm {
  policy(id: number): Policy | null;
  /** A configured path, of whatever policy. */
  hasPath(path: PathId): boolean;
}

type Command<A extends OperatorCommand["action"]> = Extract<OperatorCommand, { action: A }>;

/** Returns the refusal in words; null: done. */
export function obey(command: OperatorCommand, realm: Realm, turn: Turn): string | null {
  const refusal = attempt(command, realm, turn);
  const { action, author, reason } = command;
  turn.audit({
    ...{ action: nameOf(command), author, reason },
    policy: action === "maintenance" ? null : command.policy,
    path: "path" in command ? command.path : null,
    outcome: refusal === null ? "done" : "refused",
    detail: refusal ?? "",
  });
  return refusal;
}

function nameOf(command: OperatorCommand): string {
  switch (command.action) {
    case "pin":
      return `pin ${command.mode}`;
    case "hold":
      return command.strict ? "hold strict" : "hold";
    case "maintenance":
      return command.on ? "maintenance on" : "maintenance off";
    default:
      return command.action;
  }
}

function attempt(command: OperatorCommand, realm: Realm, turn: Turn): string | null {
  if (command.action === "maintenance") return maintain(command, realm, turn);
  const policy = realm.policy(command.policy);
  if (policy === null) return `cannot find the policy ${command.policy}`;
  switch (command.action) {
    case "switch":
      return switchOnce(command, policy, turn);
    case "pin":
      return pin(command, policy, turn);
    case "unpin":
      if (policy.overrides.pin === null) return "cannot unpin: the policy is not pinned";
      policy.setPin(null);
      return null;
    case "hold":
      policy.setHold({
        ...override(command, command.expiresAfter, turn.now),
        strict: command.strict,
      });
      return null;
    case "release":
      if (policy.overrides.hold === null) return "cannot release: the policy is not held";
      policy.setHold(null);
      return null;
    case "enable":
    case "disable":
      return enable(command, policy, turn);
    default:
      return unreachable(command);
  }
}

function maintain(command: Command<"maintenance">, realm: Realm, turn: Turn): string | null {
  const { path, on, expiresAfter } = command;
  if (!realm.hasPath(path)) return `cannot find the path ${path}`;
  if (on) turn.book.maintain(path, override(command, expiresAfter, turn.now));
  else if (!turn.book.endMaintenance(path)) return `cannot end it: ${path} is not in maintenance`;
  return null;
}

function enable(
  { action, author, reason }: Command<"enable" | "disable">,
  policy: Policy,
  turn: Turn,
): string | null {
  const wanted = action === "enable";
  if (policy.isEnabled === wanted) return `cannot ${action} it: the policy is ${action}d`;
  policy.enable(wanted);
  const why = reason === "" ? "" : `: ${reason}`;
  turn.record(policyEvent(policy.config, wanted, `${action}d by ${author}${why}`));
  return null;
}

function pin(command: Command<"pin">, policy: Policy, turn: Turn): string | null {
  const { path, mode, expiresAfter } = command;
  if (!policy.has(path)) return `cannot pin: ${path} is not a path of the policy`;
  if (policy.overrides.hold?.strict === true) return "release the strict hold first";
  policy.setPin({ ...override(command, expiresAfter, turn.now), path, mode });
  return null;
}

function switchOnce(command: Command<"switch">, policy: Policy, turn: Turn): string | null {
  const { path: to, author, reason } = command;
  const fault = refuseSwitch(to, policy, turn);
  if (fault !== null) return fault;
  const why = reason === "" ? "" : `: ${reason}`;
  const text = `switched to ${to} by ${author}${why}`;
  policy.switchTo({ kind: "move", to, cause: "operator", reason: text, unproven: false }, turn);
  return null;
}

function refuseSwitch(to: PathId, policy: Policy, turn: Turn): string | null {
  if (!policy.has(to)) return `cannot switch: ${to} is not a path of the policy`;
  if (!policy.isEnabled) return "enable the policy first";
  if (policy.overrides.pin !== null) return "unpin the policy first";
  if (policy.overrides.hold?.strict === true) return "release the strict hold first";
  if (turn.book.inMaintenance(to)) return `cannot switch: ${to} is in maintenance`;
  const tracks = ROUTE_FAMILIES.filter((family) => policy.leadOf(family) === null)
    .map((family) => policy.track(family))
    .filter(({ isAdopted }) => isAdopted);
  if (tracks.length === 0) return "wait: what the kernel uses is not read yet";
  if (tracks.every(({ active }) => active === to)) return `cannot switch: ${to} is active`;
  if (tracks.some(({ pending }) => pending !== null)) return "wait: a switch is under way";
  const line = policy.config.failover_threshold;
  for (const track of tracks.filter(({ active }) => active !== to)) {
    const target = track.contenders(turn.book).find(({ path }) => path === to);
    const fault = target === undefined ? null : faultOf(target, line);
    if (fault !== null) return fault;
  }
  return null;
}

/** What would undo the switch at once. */
function faultOf(target: Contender, line: number): string | null {
  const { path, refusal } = target;
  const down = hardDownOf(target);
  if (down !== null) return `cannot switch: ${path} is down: ${describeDown(down)}`;
  if (refusal !== null) return `cannot switch to ${path}: ${refusal}`;
  const score = scoreOf(target);
  if (score === null || score >= line) return null;
  return `pin it instead: ${path} scores ${formatScore(score)} and would be left below ${line}`;
}
