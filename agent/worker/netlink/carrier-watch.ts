/**
 * The carrier of the devices that carry traffic, read from /sys/class/net/DEV/carrier. The kernel
 * tells of carrier losses at most once per second for the whole machine, other namespaces included;
 * reading the file shows the truth at once and even releases the event.
 */

import { US_PER_MS } from "../../domain/units.ts";

/** 1.2 us a read: the price of seeing a loss within 20 ms. */
const READ_EVERY_US = 20 * US_PER_MS;
const CLOSED = -1;
const ONE = 0x31;

/** The file system as far as it is needed here. */
export interface CarrierFiles {
  /** A descriptor, or -errno. */
  open(device: string): number;
  /** Octets, or -errno: EINVAL when the device is down, ENODEV when it is gone. */
  read(fd: number, into: Uint8Array): number;
  close(fd: number): void;
}

export interface CarrierChange {
  readonly device: string;
  readonly hasCarrier: boolean;
}

interface Watched {
  fd: number;
  hasCarrier: boolean;
}

export class CarrierWatch {
  readonly #files: CarrierFiles;
  readonly #watched = new Map<string, Watched>();
  readonly #octets = new Uint8Array(8);
  #dueUs = Number.POSITIVE_INFINITY;

  constructor(files: CarrierFiles) {
    this.#files = files;
  }

  /** Replaces the devices; a new one counts as alive, so that a dead one is a change. */
  setDevices(devices: readonly string[], nowUs: number): void {
    for (const [device, { fd }] of this.#watched) {
      if (devices.includes(device)) continue;
      if (fd !== CLOSED) this.#files.close(fd);
      this.#watched.delete(device);
    }
    for (const device of devices) {
      if (!this.#watched.has(device)) this.#watched.set(device, { fd: CLOSED, hasCarrier: true });
    }
    this.#dueUs =
      this.#watched.size === 0 ? Number.POSITIVE_INFINITY : Math.min(this.#dueUs, nowUs);
  }

  /** Monotonic us; Infinity: nothing is watched. */
  nextDueUs(): number {
    return this.#dueUs;
  }

  /** What changed since the last reading; empty before it is due. */
  check(nowUs: number): CarrierChange[] {
    if (nowUs < this.#dueUs) return [];
    this.#dueUs = nowUs + READ_EVERY_US;
    const changes: CarrierChange[] = [];
    for (const [device, watched] of this.#watched) {
      const hasCarrier = this.#read(device, watched);
      if (watched.hasCarrier !== hasCarrier) changes.push({ device, hasCarrier });
      watched.hasCarrier = hasCarrier;
    }
    return changes;
  }

  close(): void {
    this.setDevices([], 0);
  }

  #read(device: string, watched: Watched): boolean {
    if (watched.fd === CLOSED) watched.fd = Math.max(CLOSED, this.#files.open(device));
    if (watched.fd === CLOSED) return false;
    const got = this.#files.read(watched.fd, this.#octets);
    if (got > 0) return this.#octets[0] === ONE;
    // Of a device that was made anew only a new descriptor tells.
    this.#files.close(watched.fd);
    watched.fd = CLOSED;
    return false;
  }
}
