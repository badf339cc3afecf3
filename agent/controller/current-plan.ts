/**
 * The configuration and the probe plan made of it: replaced together, by a reload or when names
 * resolve. An unchanged configuration changes nothing, so no window starts anew without need.
 */

import type { ParsedAddress } from "../domain/address.ts";
import { formatAddress } from "../domain/address.ts";
import type { AgentConfig } from "../domain/config.ts";
import type { PathIndex } from "../domain/ids.ts";
import { pathIndex } from "../domain/ids.ts";
import type { Names } from "./names.ts";
import type { AddressBook, ProbePlan } from "./probe-table.ts";
import { addressKey, planProbes } from "./probe-table.ts";

export interface AppliedPlan {
  readonly config: AgentConfig;
  readonly plan: ProbePlan;
  /** Grows with every change. */
  readonly revision: number;
}

export interface PlanSources {
  readonly names: Names;
  readonly addresses: AddressBook;
}

/** `moved`: paths whose targets have other addresses; null: everything is new. */
export type ApplyPlan = (applied: AppliedPlan, moved: readonly PathIndex[] | null) => void;

export class CurrentPlan {
  readonly #sources: PlanSources;
  readonly #apply: ApplyPlan;
  #value: AppliedPlan;

  constructor(config: AgentConfig, sources: PlanSources, apply: ApplyPlan) {
    this.#sources = sources;
    this.#apply = apply;
    this.#value = { config, plan: planProbes(config, sources.addresses), revision: 0 };
  }

  get value(): AppliedPlan {
    return this.#value;
  }

  /** Resolves what is there, applies the plan, and again when more names are known. */
  follow(): void {
    const { config } = this.#value;
    this.#sources.names.follow(config, () => this.#readdress(config));
    this.#value = this.#planned(config);
    this.#apply(this.#value, null);
  }

  /** True when the configuration differed and was applied. */
  replace(config: AgentConfig): boolean {
    if (JSON.stringify(config) === JSON.stringify(this.#value.config)) return false;
    this.#value = { ...this.#value, config };
    this.follow();
    return true;
  }

  /** The target of this series fell silent: its name is asked again. */
  doubt(series: number): void {
    const target = this.#value.plan.series[series]?.target;
    if (target !== undefined) this.#sources.names.doubt(addressKey(target));
  }

  #readdress(config: AgentConfig): void {
    const before = this.#value.plan.series;
    this.#value = this.#planned(config);
    const moved = new Set(
      this.#value.plan.series
        .filter(({ address }, i) => textOf(address) !== textOf(before[i]?.address ?? null))
        .map(({ path }) => pathIndex(path)),
    );
    this.#apply(this.#value, [...moved]);
  }

  #planned(config: AgentConfig): AppliedPlan {
    const plan = planProbes(config, this.#sources.addresses);
    return { config, plan, revision: this.#value.revision + 1 };
  }
}

function textOf(address: ParsedAddress | null): string {
  return address === null ? "" : formatAddress(address);
}
