/** The notices, loaded when the configuration asks for them and not before. */

import type { AgentConfig } from "../../domain/config.ts";
import type { UnixMillis } from "../../domain/units.ts";
import type { FailoverEvent } from "../../engine/failover/effect.ts";
import type { AllDownEffect, FailoverListener } from "../failover/listener.ts";
import type { PathChange } from "./environment.ts";
import type { NoticeParts, Notices, Whereabouts } from "./notices.ts";

export class LazyNotices implements FailoverListener {
  readonly #parts: NoticeParts;
  #current: Notices | null = null;

  private constructor(parts: NoticeParts) {
    this.#parts = parts;
  }

  static async open(config: AgentConfig, parts: NoticeParts): Promise<LazyNotices> {
    const notices = new LazyNotices(parts);
    await notices.configure(config);
    return notices;
  }

  /** null: nobody outside is told. */
  get current(): Notices | null {
    return this.#current;
  }

  async configure(config: AgentConfig): Promise<void> {
    if (this.#current !== null) return this.#current.configure(config);
    if (config.hooks.length === 0 && config.coordination.track_file === null) return;
    const { Notices } = await import("./notices.ts");
    this.#current ??= new Notices(config, this.#parts);
    this.#current.configure(config);
  }

  /** Also the moment to look where traffic goes: what was adopted at the start has no event. */
  statusChanged(change: PathChange, where: Whereabouts): void {
    this.#current?.statusChanged(change, this.#parts.clock.wall());
    this.#current?.look(where);
  }

  event(event: FailoverEvent, id: number, at: UnixMillis): void {
    this.#current?.take(event, id, at);
  }

  allDown(effect: AllDownEffect): void {
    this.#current?.allDown(effect);
  }

  audited(): void {
    // What operators do is not for hooks: they know.
  }

  switched(): void {
    // The event says so too, with its duration.
  }

  stop(): void {
    this.#current?.stop();
  }
}
