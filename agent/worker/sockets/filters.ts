/**
 * What a raw ICMP socket lets through: echo replies with our own id. Everything else on the host
 * would wake us up for nothing (and our own requests come back over loopback).
 */

import { ICMP_AT, ICMP4, ICMP6 } from "../../wire/icmp.ts";

/** struct icmp_filter: a set bit blocks that type. */
export function icmp4Filter(): Uint8Array {
  return new Uint8Array(new Uint32Array([~(1 << ICMP4.echoReply)]).buffer);
}

/** struct icmp6_filter: 256 bits, a set bit blocks that type (RFC 3542 3.2). */
export function icmp6Filter(): Uint8Array {
  const words = new Uint32Array(8).fill(0xffff_ffff);
  const word = ICMP6.echoReply >>> 5;
  words[word] = ~(1 << (ICMP6.echoReply & 31));
  return new Uint8Array(words.buffer);
}

/** Classic BPF opcodes. */
const LDX_IP_HEADER = 0xb1; // BPF_LDX | BPF_B | BPF_MSH
const LD_HALF_X = 0x48; // BPF_LD | BPF_H | BPF_IND
const LD_HALF = 0x28; // BPF_LD | BPF_H | BPF_ABS
const JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K
const WHOLE_PACKET = 0x0004_0000;

type Instruction = readonly [code: number, onTrue: number, onFalse: number, value: number];

/**
 * struct sock_filter[]: packets of echo id `id`. Raw IPv4 starts at the IP header, IPv6 behind it.
 */
export function idFilter(family: 4 | 6, id: number): Uint8Array {
  const loadId: readonly Instruction[] =
    family === 4
      ? [
          [LDX_IP_HEADER, 0, 0, 0],
          [LD_HALF_X, 0, 0, ICMP_AT.id],
        ]
      : [[LD_HALF, 0, 0, ICMP_AT.id]];
  return assemble([
    ...loadId,
    [JUMP_EQUAL, 0, 1, id],
    [RETURN, 0, 0, WHOLE_PACKET],
    [RETURN, 0, 0, 0],
  ]);
}

function assemble(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, [code, onTrue, onFalse, value]] of program.entries()) {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, onTrue);
    view.setUint8(i * 8 + 3, onFalse);
    view.setUint32(i * 8 + 4, value, true);
  }
  return bytes;
}

/** struct sock_fprog: the number of instructions and a pointer to them. */
export function filterProgram(instructions: number, address: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, instructions, true);
  view.setBigUint64(8, BigInt(address), true);
  return bytes;
}
