/**
 * What an agent with this configuration would want of the kernel now. Which path a policy uses is
 * the agent's word where one runs; else what our own table shows, else the first with carrier.
 */

import type { RouteMemory } from "../../controller/failover/route-ports.ts";
import type { AgentConfig, PolicyConfig } from "../../domain/config.ts";
import type { Family } from "../../domain/kernel-net.ts";
import { isLinkAlive, POLICY_TABLE_BASE } from "../../domain/kernel-net.ts";
import { instant } from "../../domain/units.ts";
import type { DesiredState } from "../../routing/desired.ts";
import { desiredState } from "../../routing/desired.ts";
import { diff, takenPlaces } from "../../routing/diff.ts";
import { isOurRoute, linkNamed } from "../../routing/facts.ts";
import { GatewayFollower } from "../../routing/gateway-hold.ts";
import { planLinkSettings } from "../../routing/link-settings.ts";
import { describeNote } from "../../routing/note.ts";
import type { RouteOperation } from "../../routing/operation.ts";
import type { FamilyChoice } from "../../routing/plan.ts";
import type { PolicyDecision } from "../../routing/plan-of-config.ts";
import { routePlan, slotWishes } from "../../routing/plan-of-config.ts";
import { METRIC_ACTIVE } from "../../routing/route-forms.ts";
import type { SlotBook } from "../../routing/slots.ts";
import { assignSlots } from "../../routing/slots.ts";
import type { KernelState } from "../../worker/netlink/state-reader.ts";

/** What a running agent says of a policy. */
export interface ActivePaths {
  readonly 4: string | null;
  readonly 6: string | null;
  readonly isAllDown: boolean;
}

export interface RoutePicture {
  readonly book: SlotBook;
  readonly desired: DesiredState;
  /** From the kernel to the plan: settings of devices, then rules and routes. */
  readonly operations: readonly RouteOperation[];
  /** What the plan cannot do as asked, as sentences. */
  readonly notes: readonly string[];
}

/** Devices of the configuration: their settings are part of the plan. */
export function devicesOf({ paths }: AgentConfig): readonly string[] {
  return [...new Set(paths.flatMap(({ interface: device }) => (device === null ? [] : [device])))];
}

export interface PictureFacts {
  readonly config: AgentConfig;
  readonly state: KernelState;
  readonly memory: RouteMemory | null;
  /** By policy id; empty: no agent runs. */
  readonly actives: ReadonlyMap<number, ActivePaths>;
}

export function pictureOf({ config, state, memory, actives }: PictureFacts): RoutePicture {
  const known = { paths: new Map(memory?.paths ?? []), policies: new Map(memory?.policies ?? []) };
  const { book } = assignSlots(slotWishes(config), known, state);
  const decisionOf = (policy: PolicyConfig): PolicyDecision => {
    const said = actives.get(policy.id);
    const choiceIn = (family: Family): FamilyChoice => {
      const active = said?.[family] ?? activeInKernel(policy, family, { config, state, book });
      const candidates = [policy.primary, ...policy.backups].filter((id) => id !== active);
      return { active, candidates, isAllDown: said?.isAllDown ?? false };
    };
    return { allDown: policy.all_down, choice: { 4: choiceIn(4), 6: choiceIn(6) } };
  };
  const plan = routePlan(config, book, decisionOf);
  const gateways = new GatewayFollower().update(plan.paths, state, instant(0));
  const desired = desiredState(plan, state, gateways);
  const devices = plan.paths.map(({ device }) => device);
  const links = planLinkSettings(devices, state.links, state.confs, memory?.links ?? []);
  return {
    book,
    desired,
    operations: [...links.operations, ...diff(desired, state)],
    notes: [...desired.notes, ...takenPlaces(desired, state)].map(describeNote),
  };
}

interface Sight {
  readonly config: AgentConfig;
  readonly state: KernelState;
  readonly book: SlotBook;
}

function activeInKernel(
  policy: PolicyConfig,
  family: Family,
  { config, state, book }: Sight,
): string | null {
  const order = [policy.primary, ...policy.backups].flatMap((id) => {
    const device = config.paths.find((path) => path.id === id)?.interface ?? null;
    const link = device === null ? null : linkNamed(state, device);
    return link === null ? [] : [{ id, link }];
  });
  const table = POLICY_TABLE_BASE + (book.policies.get(policy.id) ?? -1);
  const present = state.routes.find(
    (route) =>
      isOurRoute(route) &&
      route.family === family &&
      route.table === table &&
      route.metric === METRIC_ACTIVE,
  );
  const adopted = order.find(({ link }) => present !== undefined && link.index === present.oif);
  return (adopted ?? order.find(({ link }) => isLinkAlive(link)))?.id ?? null;
}
