/**
 * Arrays of struct mmsghdr with everything they point to in one block of memory, made once: the
 * kernel reads and writes it in place and no call allocates. Offsets are those of LP64 Linux; musl
 * declares some fields as int plus padding, which is the same in little endian.
 */

import { SOCKADDR_SLOT } from "../wire/sockaddr.ts";
import { addressOf } from "./libc.ts";

export const MMSGHDR_OCTETS = 64;
const IOVEC_OCTETS = 16;
/** Two per message: what differs between packets, and what they share. */
const IOVECS = 2;

/** Word offsets inside struct mmsghdr. */
const HEADER_WORD = {
  name: 0,
  nameLength: 2,
  iov: 4,
  iovLength: 6,
  control: 8,
  controlLength: 10,
  flags: 12,
  octets: 14,
} as const;

export interface MessageSizes {
  readonly count: number;
  /** Octets per message, a multiple of 8; 0: none. */
  readonly control: number;
  readonly payload: number;
}

export class MessageBlock {
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Int32Array;
  /** Address of the first struct mmsghdr. */
  readonly address: number;
  readonly #sizes: MessageSizes;
  readonly #namesAt: number;
  readonly #controlsAt: number;
  readonly #payloadsAt: number;

  constructor(sizes: MessageSizes) {
    const { count } = sizes;
    this.count = count;
    this.#sizes = sizes;
    this.#namesAt = count * (MMSGHDR_OCTETS + IOVECS * IOVEC_OCTETS);
    this.#controlsAt = this.#namesAt + count * SOCKADDR_SLOT;
    this.#payloadsAt = this.#controlsAt + count * sizes.control;
    this.bytes = new Uint8Array(this.#payloadsAt + count * sizes.payload);
    this.halves = new Uint16Array(this.bytes.buffer);
    this.words = new Int32Array(this.bytes.buffer);
    this.address = addressOf(this.bytes);
    for (let i = 0; i < count; i++) this.#link(i);
  }

  /** Octet offsets into `bytes`. */
  nameAt(i: number): number {
    return this.#namesAt + i * SOCKADDR_SLOT;
  }

  controlAt(i: number): number {
    return this.#controlsAt + i * this.#sizes.control;
  }

  payloadAt(i: number): number {
    return this.#payloadsAt + i * this.#sizes.payload;
  }

  /** Octets the kernel received into message i. */
  octets(i: number): number {
    return this.words[i * 16 + HEADER_WORD.octets] ?? 0;
  }

  controlOctets(i: number): number {
    return this.words[i * 16 + HEADER_WORD.controlLength] ?? 0;
  }

  nameOctets(i: number): number {
    return this.words[i * 16 + HEADER_WORD.nameLength] ?? 0;
  }

  flags(i: number): number {
    return this.words[i * 16 + HEADER_WORD.flags] ?? 0;
  }

  /** The kernel overwrote the lengths of message i with what it wrote: full room again. */
  rearm(i: number): void {
    this.words[i * 16 + HEADER_WORD.nameLength] = SOCKADDR_SLOT;
    this.words[i * 16 + HEADER_WORD.controlLength] = this.#sizes.control;
  }

  /** Octets of the message's control area to send. */
  setControl(i: number, octets: number): void {
    this.words[i * 16 + HEADER_WORD.controlLength] = octets;
  }

  /** The peer of message i, anywhere in memory. */
  setName(i: number, address: number, octets: number): void {
    writePointer(this.words, i * 16 + HEADER_WORD.name, address);
    this.words[i * 16 + HEADER_WORD.nameLength] = octets;
  }

  /** Octets of the message's own buffer to use. */
  setHead(i: number, octets: number): void {
    this.words[this.#iovecWord(i) + 2] = octets;
  }

  /** A second piece behind the own buffer; 0 octets: none. */
  setTail(i: number, address: number, octets: number): void {
    const word = this.#iovecWord(i) + 4;
    writePointer(this.words, word, address);
    this.words[word + 2] = octets;
    this.words[i * 16 + HEADER_WORD.iovLength] = octets === 0 ? 1 : 2;
  }

  #iovecWord(i: number): number {
    return (this.count * MMSGHDR_OCTETS + i * IOVECS * IOVEC_OCTETS) >>> 2;
  }

  #link(i: number): void {
    const header = i * 16;
    const iovec = this.#iovecWord(i);
    this.setName(i, this.address + this.nameAt(i), SOCKADDR_SLOT);
    writePointer(this.words, header + HEADER_WORD.iov, this.address + iovec * 4);
    this.words[header + HEADER_WORD.iovLength] = 1;
    writePointer(this.words, iovec, this.address + this.payloadAt(i));
    this.words[iovec + 2] = this.#sizes.payload;
    if (this.#sizes.control === 0) return;
    writePointer(this.words, header + HEADER_WORD.control, this.address + this.controlAt(i));
    this.words[header + HEADER_WORD.controlLength] = this.#sizes.control;
  }
}

/** A pointer as two words; addresses fit 47 bits, exact in a double. */
function writePointer(words: Int32Array, at: number, address: number): void {
  words[at] = address;
  words[at + 1] = Math.floor(address / 2 ** 32);
}
