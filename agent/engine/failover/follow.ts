/**
 * IPv6 where it is not measured on two paths: it goes where IPv4 is, if that path has an IPv6
 * gateway. By itself it moves only when its own path can carry nothing, by the kernel's word.
 */

import type { PathId } from "../../domain/ids.ts";
import type { Contender } from "./contender.ts";
import { hardDownOf, isLinkFact } from "./contender.ts";
import type { Decision } from "./decision.ts";
import { stay } from "./decision.ts";
import type { HardDownCause } from "./input.ts";
import type { Overrides } from "./override.ts";
import { describeDown } from "./wording.ts";

/** The IPv4 side. */
export interface Lead {
  readonly active: PathId | null;
  /** Something is known of its paths; else where it is says nothing yet. */
  readonly isInformed: boolean;
}

export function follow(
  active: PathId | null,
  lead: Lead,
  contenders: readonly Contender[],
  { hold }: Overrides,
): Decision {
  const waiting = stay([{ kind: "following", path: lead.active }]);
  if (hold?.strict === true) {
    return stay([{ kind: "held", strict: true, until: hold.expiresAt }], hold.expiresAt);
  }
  const led = contenders.find(({ path }) => path === lead.active);
  if (led !== undefined && led.path !== active && lead.isInformed && canCarry(led)) {
    const reason = `IPv4 goes by ${led.path}`;
    return { kind: "move", to: led.path, cause: "follow", reason, unproven: true };
  }
  const own = contenders.find(({ path }) => path === active);
  const cut = own === undefined ? null : cutOf(own);
  if (own === undefined || cut === null) return waiting;
  const other = contenders.find((one) => one !== own && canCarry(one) && !one.maintenance);
  if (other === undefined) return waiting;
  const reason = `${own.path} is down: ${describeDown(cut)}`;
  return { kind: "move", to: other.path, cause: "hard-down", reason, unproven: true };
}

/** The kernel says that nothing passes in this family; silence says nothing where few are asked. */
function cutOf(one: Contender): HardDownCause | null {
  const down = hardDownOf(one);
  return down !== null && isLinkFact(down) ? down : null;
}

function canCarry(one: Contender): boolean {
  return one.condition !== null && cutOf(one) === null && one.refusal === null;
}
