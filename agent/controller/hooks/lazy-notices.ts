/** The notices, loaded when the configuration asks for them and not before. */

import type { AgentConfig } from "../../domain/config.ts";
import type { NoticeParts, Notices } from "./notices.ts";

export class LazyNotices {
  readonly #parts: NoticeParts;
  #current: Notices | null = null;

  constructor(parts: NoticeParts) {
    this.#parts = parts;
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

  stop(): void {
    this.#current?.stop();
  }
}
