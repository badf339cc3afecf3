/**
 * One call of `handle`: its moment, what the parts of the engine ask for in it, what they share.
 */

import type { PathId } from "../../domain/ids.ts";
import type { Instant } from "../../domain/units.ts";
import type { AuditRecord, FailoverEffect, FailoverEvent } from "./effect.ts";
import type { RouteFamily } from "./input.ts";
import type { PathBook } from "./path-book.ts";

const VERIFY_PROBES = 3;

export class Turn {
  readonly now: Instant;
  readonly book: PathBook;
  readonly effects: FailoverEffect[] = [];
  readonly #bursts = new Set<string>();
  #nextOrder: number;
  #mustPersist = false;

  constructor(now: Instant, book: PathBook, nextOrder: number) {
    this.now = now;
    this.book = book;
    this.#nextOrder = nextOrder;
  }

  /** The number that the next order would get. */
  get nextOrder(): number {
    return this.#nextOrder;
  }

  get mustPersist(): boolean {
    return this.#mustPersist;
  }

  /** Numbers go on where an earlier life ended. */
  startAt(order: number): void {
    this.#nextOrder = Math.max(this.#nextOrder, order);
  }

  takeOrderNumber(): number {
    return this.#nextOrder++;
  }

  persist(): void {
    this.#mustPersist = true;
  }

  emit(effect: FailoverEffect): void {
    this.effects.push(effect);
  }

  record(event: FailoverEvent): void {
    this.effects.push({ kind: "record", event });
    this.#mustPersist = true;
  }

  audit(record: AuditRecord): void {
    this.effects.push({ kind: "audit", record });
    this.#mustPersist = true;
  }

  /** Policies that share a path want the same probes: sent once. */
  verify(path: PathId, family: RouteFamily): void {
    if (!this.#isFirst(`verify ${family} ${path}`)) return;
    this.effects.push({ kind: "verify", path, family, probes: VERIFY_PROBES });
  }

  warmUp(path: PathId, family: RouteFamily): void {
    if (!this.#isFirst(`warm-up ${family} ${path}`)) return;
    this.effects.push({ kind: "warm-up", path, family });
  }

  #isFirst(burst: string): boolean {
    if (this.#bursts.has(burst)) return false;
    this.#bursts.add(burst);
    return true;
  }
}
