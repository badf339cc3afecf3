/**
 * One socket and the probes that share it: opened when first needed, closed when its device is
 * gone, tried again at most once per second. Also the way from the kernel's number of a send call
 * (OPT_ID) to the ledger slot of the probe.
 */

import { invariant } from "../../domain/invariant.ts";
import { US_PER_S } from "../../domain/units.ts";
import type { SocketMode } from "../../wire/frame.ts";
import { PROBE_TYPE } from "../../wire/frame.ts";
import { ERRNO } from "../kernel.ts";
import { closeFd, interfaceIndex } from "../libc.ts";
import type { PacketKind } from "../matcher.ts";
import type { StampKind } from "./open.ts";
import { openProbeSocket, receiveStampsOnly, restartStampNumbers } from "./open.ts";
import type { SocketSpec } from "./spec.ts";
import { isUdp } from "./spec.ts";

const RETRY_US = US_PER_S;
/** Sends whose stamps may be under way at once: four full batches and what a driver holds back. */
const STAMP_RING = 1_024;
const NO_SLOT = -1;
/** So many sends without any stamp: the device makes none. */
const STAMPLESS_SENDS_MAX = 256;

export class SocketGroup {
  readonly spec: SocketSpec;
  readonly #randomWord: () => number;
  /** Called after every change of the public fields but `lastErrno` and `unstamped`. */
  readonly #onChange: () => void;
  readonly isStamp: boolean;
  fd = -1;
  mode: SocketMode = "none";
  stamps: StampKind = "userland";
  kind: PacketKind;
  /** errno and sentence of the last failed attempt; 0 and null: all is well. */
  errno = 0;
  problem: string | null = null;
  /** Of the last refused send. */
  lastErrno = 0;
  /** Sends whose stamp has not come yet. */
  unstamped = 0;
  /** The id or port is not changed before this moment, monotonic us. */
  keepUntilUs = 0;
  #retryAtUs = 0;
  #lookAtUs = 0;
  #deviceIndex = 0;
  #numbersLost = false;
  #sawStamp = false;
  #nextNumber = 0;
  readonly #slotByNumber = new Int32Array(STAMP_RING).fill(NO_SLOT);
  readonly #numbers = new Float64Array(STAMP_RING).fill(-1);

  constructor(spec: SocketSpec, randomWord: () => number, onChange: () => void) {
    this.spec = spec;
    this.isStamp = spec.type === PROBE_TYPE.stamp;
    this.#randomWord = randomWord;
    this.#onChange = onChange;
    this.kind = { family: spec.family, isUdp: isUdp(spec), isRaw4: false, id: 0 };
  }

  get isOpen(): boolean {
    return this.fd >= 0;
  }

  get hasSendStamps(): boolean {
    return this.stamps === "kernel";
  }

  /** Opens if it is closed and the time for a further attempt has come. */
  ensureOpen(nowUs: number): boolean {
    if (this.fd >= 0 && !this.#hasStrayed(nowUs)) return true;
    if (nowUs < this.#retryAtUs) return false;
    this.#retryAtUs = nowUs + RETRY_US;
    const result = openProbeSocket(this.spec, this.#randomWord);
    if (result.kind === "failed") {
      this.errno = result.errno;
      this.problem = result.problem;
    } else {
      this.#adopt(result);
    }
    this.#onChange();
    return result.kind === "ok";
  }

  /** A send failed: the device may be gone, or exist again under another index. */
  suspect(errno: number, nowUs: number): void {
    this.lastErrno = errno;
    if (this.fd < 0 || nowUs < this.#retryAtUs) return;
    this.#retryAtUs = nowUs + RETRY_US;
    const { device } = this.spec;
    const isGone = errno === ERRNO.ENODEV || errno === ERRNO.ENXIO;
    const isOther = device !== null && interfaceIndex(device) !== this.#deviceIndex;
    const lostSource = errno === ERRNO.EADDRNOTAVAIL;
    if (!isGone && !isOther && !lostSource) return;
    this.errno = errno;
    this.reopen(nowUs);
  }

  /** Another id or port: replies to what was sent before are not heard any more. */
  reopen(nowUs: number): void {
    this.close();
    this.#retryAtUs = 0;
    this.ensureOpen(nowUs);
  }

  close(): void {
    if (this.fd < 0) return;
    closeFd(this.fd);
    this.fd = -1;
    this.mode = "none";
    this.kind = { ...this.kind, id: 0 };
    this.#onChange();
  }

  /** Before a batch: the numbering must be known, else its stamps would land on other probes. */
  prepareStamps(): void {
    if (!this.#numbersLost || !this.hasSendStamps) return;
    this.#numbersLost = false;
    this.#nextNumber = 0;
    this.#numbers.fill(-1);
    this.unstamped = 0;
    if (!restartStampNumbers(this.fd)) this.#giveUpSendStamps();
  }

  /** The kernel may have taken a number for a send that failed. */
  doubtNumbers(): void {
    this.#numbersLost = true;
  }

  /** The next send call of this socket, which succeeded, was the probe in `slot`. */
  numbered(slot: number): void {
    if (!this.hasSendStamps) return;
    const at = this.#nextNumber & (STAMP_RING - 1);
    this.#slotByNumber[at] = slot;
    this.#numbers[at] = this.#nextNumber;
    this.#nextNumber = (this.#nextNumber + 1) % 2 ** 32;
    this.unstamped++;
    if (!this.#sawStamp && this.unstamped > STAMPLESS_SENDS_MAX) this.#giveUpSendStamps();
  }

  /** The slot of a stamped send; -1: not known (any more). */
  slotOfStamp(number: number): number {
    const at = number & (STAMP_RING - 1);
    if (this.#numbers[at] !== number) return NO_SLOT;
    this.#sawStamp = true;
    this.#numbers[at] = -1;
    this.unstamped--;
    return this.#slotByNumber[at] ?? NO_SLOT;
  }

  /**
   * The kernel binds to an index, not to a name: after a rename probes would go on through the old
   * device without any error, beside the one that has its name now. Closed then.
   */
  #hasStrayed(nowUs: number): boolean {
    const { device } = this.spec;
    if (device === null || nowUs < this.#lookAtUs) return false;
    this.#lookAtUs = nowUs + RETRY_US;
    if (interfaceIndex(device) === this.#deviceIndex) return false;
    this.close();
    this.#retryAtUs = 0;
    return true;
  }

  #adopt(result: Exclude<ReturnType<typeof openProbeSocket>, { kind: "failed" }>): void {
    invariant(this.fd < 0, "socket opened twice");
    const { spec } = this;
    this.fd = result.fd;
    this.mode = result.mode;
    this.stamps = result.stamps;
    this.errno = 0;
    this.problem = null;
    this.#deviceIndex = spec.device === null ? 0 : interfaceIndex(spec.device);
    const isRaw4 = result.mode === "raw" && spec.family === 4;
    this.kind = { family: spec.family, isUdp: isUdp(spec), isRaw4, id: result.id };
    this.#sawStamp = false;
    this.#numbersLost = false;
    this.#nextNumber = 0;
    this.#numbers.fill(-1);
    this.unstamped = 0;
  }

  #giveUpSendStamps(): void {
    this.stamps = receiveStampsOnly(this.fd);
    this.unstamped = 0;
    this.#onChange();
  }
}
