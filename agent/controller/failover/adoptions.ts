/**
 * Which policies wait for the kernel's word in which family. A family is decided only where it
 * matters: the policy routes it, or a path of the policy is measured in it.
 */

import type { PolicyConfig } from "../../domain/config.ts";
import { parseSelector, routedFamilies } from "../../domain/selector.ts";
import type { FailoverPath, RouteFamily } from "../../engine/failover/input.ts";
import { ROUTE_FAMILIES } from "../../engine/failover/input.ts";

export interface Subject {
  readonly policy: number;
  readonly family: RouteFamily;
}

export class Adoptions {
  #relevant: readonly Subject[] = [];
  #done: readonly Subject[] = [];

  configure(policies: readonly PolicyConfig[], paths: readonly FailoverPath[]): void {
    this.#relevant = policies.flatMap((policy) =>
      familiesOf(policy, paths).map((family) => ({ policy: policy.id, family })),
    );
    // A policy that is gone is another one when it comes back.
    this.#done = this.#done.filter((one) => policies.some(({ id }) => id === one.policy));
  }

  /** After a worker's end all is to be read anew. */
  forget(): void {
    this.#done = [];
  }

  take(): readonly Subject[] {
    const waiting = this.#relevant.filter((one) => !this.#done.some((two) => isSame(one, two)));
    this.#done = [...this.#done, ...waiting];
    return waiting;
  }

  get isWaiting(): boolean {
    return this.#relevant.some((one) => !this.#done.some((two) => isSame(one, two)));
  }
}

function isSame(a: Subject, b: Subject): boolean {
  return a.policy === b.policy && a.family === b.family;
}

export function familiesOf(
  policy: PolicyConfig,
  paths: readonly FailoverPath[],
): readonly RouteFamily[] {
  const own: readonly string[] = [policy.primary, ...policy.backups];
  const routed = routedFamiliesOf(policy);
  return ROUTE_FAMILIES.filter(
    (family) =>
      routed.includes(family) ||
      paths.some(({ id, measured }) => own.includes(id) && measured.includes(family)),
  );
}

/** Families whose traffic the policy moves. */
export function routedFamiliesOf({ route }: PolicyConfig): readonly RouteFamily[] {
  const selectors = (route?.match ?? []).flatMap((match) => parseSelector(match) ?? []);
  const families = selectors.flatMap((one) => routedFamilies(one, route?.ipv6 ?? "report"));
  return ROUTE_FAMILIES.filter((family) => families.includes(family));
}
