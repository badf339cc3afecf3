/**
 * The desk for updates, loaded when a controller asks for one or when an update was cut off, and
 * not before: a box without updates pays three look-ups of names for it.
 */

import { existsSync } from "node:fs";
import { placesOf } from "../../update/places.ts";
import { decodeJson } from "../../wire/frame.ts";
import { readOrder } from "../../wire/update-frames.ts";
import type { Role } from "../child.ts";
import type { DeskHost, UpdateDesk } from "./desk.ts";

export class LazyDesk {
  readonly #host: () => Promise<DeskHost | null>;
  #desk: UpdateDesk | null = null;
  #loading: Promise<UpdateDesk | null> | null = null;
  readonly #ready = new Set<Role>();

  /** `host`: null when the program is not one file. */
  constructor(host: () => Promise<DeskHost | null>) {
    this.#host = host;
  }

  /** Before the first child; true: another file must be started in our place. */
  async begin(program: string): Promise<boolean> {
    const places = placesOf(program);
    const left = [places.marker, places.rescued, places.fresh].some(existsSync);
    if (!left) return false;
    const desk = await this.#load();
    return desk?.mustRestart === true;
  }

  get isTrial(): boolean {
    return this.#desk?.isTrial === true;
  }

  /** The controller says hello: it may not know what happened before it. */
  greet(): void {
    this.#desk?.report();
  }

  take(frame: Uint8Array): void {
    const order = readOrder(decodeJson(frame));
    if (order === null) return;
    if (this.#desk !== null) this.#desk.take(order);
    else void this.#load().then((desk) => desk?.take(order));
  }

  becameReady(role: Role): void {
    this.#ready.add(role);
    this.#desk?.becameReady(role);
  }

  died(role: Role, exit: string): void {
    this.#ready.delete(role);
    this.#desk?.died(role, exit);
  }

  stopping(): void {
    this.#desk?.stopping();
  }

  #load(): Promise<UpdateDesk | null> {
    this.#loading ??= this.#open();
    return this.#loading;
  }

  async #open(): Promise<UpdateDesk | null> {
    const host = await this.#host();
    if (host === null) return null;
    const { UpdateDesk } = await import("./desk.ts");
    const desk = new UpdateDesk(host);
    for (const role of this.#ready) desk.becameReady(role);
    this.#desk = desk;
    return desk;
  }
}
