/**
 * The configuration and the probe plan made of it: replaced together, by a reload or when names
 * resolve. An unchanged configuration changes nothing, so no window starts anew without need.
 */

import type { AgentConfig } from "../domain/config.ts";
import type { Names } from "./names.ts";
import type { AddressBook, ProbePlan } from "./probe-table.ts";
import { planProbes } from "./probe-table.ts";

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

export class CurrentPlan {
  readonly #sources: PlanSources;
  readonly #apply: (applied: AppliedPlan) => void;
  #value: AppliedPlan;

  constructor(config: AgentConfig, sources: PlanSources, apply: (applied: AppliedPlan) => void) {
    this.#sources = sources;
    this.#apply = apply;
    this.#value = { config, plan: planProbes(config, sources.addresses), revision: 0 };
  }

  get value(): AppliedPlan {
    return this.#value;
  }

  /** Resolves what is there, applies the plan, and again when more names are known. */
  follow(): void {
    this.#sources.names.follow(this.#value.config, () => this.#rebuild(this.#value.config));
    this.#rebuild(this.#value.config);
  }

  /** True when the configuration differed and was applied. */
  replace(config: AgentConfig): boolean {
    if (JSON.stringify(config) === JSON.stringify(this.#value.config)) return false;
    this.#value = { ...this.#value, config };
    this.follow();
    return true;
  }

  #rebuild(config: AgentConfig): void {
    const plan = planProbes(config, this.#sources.addresses);
    this.#value = { config, plan, revision: this.#value.revision + 1 };
    this.#apply(this.#value);
  }
}
