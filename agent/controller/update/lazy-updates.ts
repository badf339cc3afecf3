/**
 * Updates, loaded when the configuration names a server or the supervisor tells of one that is
 * under way, and not before.
 */

import type { AgentConfig } from "../../domain/config.ts";
import type { UpdateView } from "../../io/http/update-view.ts";
import type { UpdateReport } from "../../wire/update-frames.ts";
import type { UpdateParts, Updates } from "./updates.ts";

export type LazyUpdateParts = Omit<UpdateParts, "site"> & {
  /** Where downloads go. */
  readonly folder: string;
};

export class LazyUpdates {
  readonly #parts: LazyUpdateParts;
  #current: Updates | null = null;
  #loading: Promise<Updates> | null = null;

  constructor(parts: LazyUpdateParts) {
    this.#parts = parts;
  }

  configure(config: AgentConfig): void {
    if (this.#current !== null) this.#current.configured();
    else if (config.update.url !== null) void this.#load();
  }

  readonly reported = (report: UpdateReport): void => {
    void this.#load().then((updates) => updates.reported(report));
  };

  problems(): readonly string[] {
    const trouble = this.#current?.trouble ?? null;
    return trouble === null ? [] : [`update: ${trouble}`];
  }

  stop(): void {
    this.#current?.stop();
  }

  get view(): UpdateView {
    return {
      body: async () => (await this.#load()).state(),
      check: async () => (await this.#load()).check(),
      apply: async (anyPath) => (await this.#load()).apply(anyPath),
      rollBack: async (author) => (await this.#load()).rollBack(author),
      current: () => this.#current?.body() ?? null,
    };
  }

  #load(): Promise<Updates> {
    this.#loading ??= this.#open();
    return this.#loading;
  }

  async #open(): Promise<Updates> {
    const [{ Updates }, { openSite }] = await Promise.all([
      import("./updates.ts"),
      import("../../io/update/site.ts"),
    ]);
    const { timers, clock, folder } = this.#parts;
    const updates = new Updates({ ...this.#parts, site: openSite({ timers, clock, folder }) });
    updates.start();
    this.#current = updates;
    return updates;
  }
}
