/** The reflector on loopback, asked by plain UDP sockets. */

import { afterEach, describe, expect, test } from "bun:test";
import { NTP_UNIX_SECONDS } from "../../agent/wire/ntp-time.ts";
import { SEALED_FORM } from "../../agent/wire/stamp.ts";
import { StampSeal } from "../../agent/wire/stamp-hmac.ts";
import type { OrderChanges } from "../support/reflector-run.ts";
import { ReflectorRun, reflectorOrder, StampClient } from "../support/reflector-run.ts";
import { replyFields, requestOctets, T1 } from "../support/stamp-packets.ts";

const PORT = 38_862;
const KEY = "00112233445566778899aabbccddeeff";

const runs: ReflectorRun[] = [];
const clients: StampClient[] = [];

function reflect(changes: OrderChanges = {}, listen = `127.0.0.1:${PORT}`): ReflectorRun {
  const run = new ReflectorRun(reflectorOrder(listen, changes));
  expect(run.listeners.problems).toEqual([]);
  runs.push(run);
  return run;
}

async function client(run: ReflectorRun, local?: string, port?: number): Promise<StampClient> {
  const opened = await StampClient.open(run, local, port);
  clients.push(opened);
  return opened;
}

afterEach(() => {
  for (const run of runs.splice(0)) run.listeners.close();
  for (const { socket } of clients.splice(0)) socket.close();
});

describe("reflector", () => {
  test("answers the reference request, T2 before T3, near the wall clock", async () => {
    const run = reflect();
    const before = Date.now();
    const heard = await (await client(run)).ask(requestOctets(), PORT);
    expect(heard).toMatchObject({ address: "127.0.0.1", port: PORT });
    const reply = replyFields(heard?.bytes ?? new Uint8Array());
    expect(heard?.bytes.byteLength).toBe(44);
    expect(reply).toMatchObject({
      seq: 7,
      ssid: 0x1234,
      senderSeq: 7,
      senderSeconds: T1.seconds,
      senderFraction: T1.fraction,
      senderEstimate: T1.estimate,
      senderTtl: 64,
    });
    const t2 = reply.receiveSeconds + reply.receiveFraction / 2 ** 32;
    const t3 = reply.seconds + reply.fraction / 2 ** 32;
    expect(t3 - t2).toBeGreaterThan(0);
    expect(t3 - t2).toBeLessThan(1);
    expect(Math.abs(t2 - NTP_UNIX_SECONDS - before / 1_000)).toBeLessThan(1);
    expect(reply.estimate & 0xff).toBeGreaterThan(0);
  });

  test("answers over IPv6, on its own listener", async () => {
    const run = reflect({ listen: [`127.0.0.1:${PORT}`, `[::1]:${PORT}`] });
    const six = await (await client(run, "::1")).ask(requestOctets(), PORT, "::1");
    expect(replyFields(six?.bytes ?? new Uint8Array())).toMatchObject({ senderSeq: 7 });
    const four = await (await client(run)).ask(requestOctets(), PORT);
    expect(four?.bytes.byteLength).toBe(44);
    expect(run.listeners.counters).toMatchObject({ received: 2, reflected: 2 });
  });

  test.each([1, 17, 64, 200])("tells the TTL %p it received with", async (ttl) => {
    const run = reflect({ listen: [`127.0.0.1:${PORT}`] });
    const asking = await client(run);
    asking.socket.setTTL(ttl);
    const heard = await asking.ask(requestOctets(), PORT);
    expect(replyFields(heard?.bytes ?? new Uint8Array()).senderTtl).toBe(ttl);
  });

  test("tells the hop limit of IPv6", async () => {
    const run = reflect({}, `[::1]:${PORT}`);
    const asking = await client(run, "::1");
    asking.socket.setTTL(33);
    const heard = await asking.ask(requestOctets(), PORT, "::1");
    expect(replyFields(heard?.bytes ?? new Uint8Array()).senderTtl).toBe(33);
  });

  test("replies from the address that was probed", async () => {
    const run = reflect({ allow: ["127.0.0.0/8"] }, `0.0.0.0:${PORT}`);
    const asking = await client(run, "127.0.0.1");
    for (const host of ["127.0.0.1", "127.0.0.2", "127.77.0.9"]) {
      expect((await asking.ask(requestOctets(), PORT, host))?.address).toBe(host);
    }
  });

  test.each([14, 16, 43, 44, 45, 100, 1_400, 9_000])(
    "answers %p octets with as many",
    async (octets) => {
      const run = reflect();
      const request = new Uint8Array(octets);
      request.set(requestOctets().subarray(0, Math.min(44, octets)));
      const heard = await (await client(run)).ask(request, PORT);
      expect(heard?.bytes.byteLength).toBe(octets);
      expect(heard?.bytes.subarray(0, 4)).toEqual(Uint8Array.of(0, 0, 0, 7));
    },
  );

  test("drops what is too short or too long, and goes on", async () => {
    const run = reflect();
    const asking = await client(run);
    for (const octets of [0, 1, 13, 9_217, 20_000]) {
      expect(await asking.ask(new Uint8Array(octets), PORT)).toBeNull();
    }
    expect(run.listeners.counters).toMatchObject({ received: 5, malformed: 5, reflected: 0 });
    expect(await asking.ask(requestOctets(), PORT)).not.toBeNull();
  });

  test("marks TLVs: M when longer than the packet, U when unknown", async () => {
    const asking = await client(reflect());
    const tail = async (octets: readonly number[]) => {
      const heard = await asking.ask(requestOctets({ tail: octets }), PORT);
      return [...(heard?.bytes.subarray(44) ?? [])];
    };
    expect(await tail([0x80, 200, 0, 1, 5])).toEqual([0x80, 200, 0, 1, 5]);
    expect(await tail([0x80, 1, 0, 1, 5])).toEqual([0, 1, 0, 1, 5]);
    expect(await tail([0x80, 1, 0, 2, 5])).toEqual([0x40, 1, 0, 2, 5]);
  });

  test("answers only whom the allow-list names", async () => {
    const run = reflect({ allow: ["127.0.0.2/32"] });
    expect(await (await client(run, "127.0.0.1")).ask(requestOctets(), PORT)).toBeNull();
    expect(await (await client(run, "127.0.0.2")).ask(requestOctets(), PORT)).not.toBeNull();
    expect(run.listeners.counters).toMatchObject({ received: 2, refused: 1, reflected: 1 });
  });

  test("does not answer what was sent to everybody", async () => {
    const run = reflect({ allow: ["127.0.0.0/8"] }, `0.0.0.0:${PORT}`);
    const asking = await client(run, "127.0.0.1");
    asking.socket.setBroadcast(true);
    expect(await asking.ask(requestOctets(), PORT, "127.255.255.255")).toBeNull();
    expect(run.listeners.counters).toMatchObject({ received: 1, refused: 1 });
  });

  test("limits one source without touching another", async () => {
    const run = reflect({ rate: 20 });
    const [loud, calm] = [await client(run, "127.0.0.3"), await client(run, "127.0.0.4")];
    for (let i = 0; i < 100; i++) await loud.send(requestOctets({ seq: i }), PORT, "127.0.0.1");
    expect(await calm.ask(requestOctets(), PORT)).not.toBeNull();
    const { received, reflected, limited } = run.listeners.counters ?? {};
    expect(received).toBe(101);
    // A burst of ten for each, and what the time of the test adds.
    expect(reflected).toBeGreaterThanOrEqual(11);
    expect(reflected).toBeLessThan(31);
    expect((reflected ?? 0) + (limited ?? 0)).toBe(101);
  });

  test("a flood of spoofed sources is limited each, and nobody else starves", async () => {
    const run = reflect({ rate: 2 });
    const flood = await Promise.all(
      Array.from({ length: 120 }, (_, i) => client(run, `127.0.9.${i + 1}`)),
    );
    for (let round = 0; round < 4; round++) {
      for (const one of flood) await one.send(requestOctets(), PORT, "127.0.0.1");
      run.work();
      run.work();
    }
    // Each shares a bucket with one of the flood with a chance of 3 %.
    let answered = 0;
    for (let i = 1; i <= 10; i++) {
      const calm = await client(run, `127.0.5.${i}`);
      if ((await calm.ask(requestOctets(), PORT)) !== null) answered++;
    }
    expect(answered).toBeGreaterThanOrEqual(7);
    const { reflected = 0, limited = 0 } = run.listeners.counters ?? {};
    expect(reflected + limited).toBe(490);
    expect(reflected).toBeLessThan(490 / 2);
  });

  test("counts sessions on its own when stateful", async () => {
    const run = reflect({ stateful: true });
    const [one, two] = [await client(run), await client(run)];
    const seqOf = async (asking: StampClient, seq: number, ssid = 0) => {
      const heard = await asking.ask(requestOctets({ seq, ssid }), PORT);
      const { seq: own, senderSeq } = replyFields(heard?.bytes ?? new Uint8Array());
      return [own, senderSeq];
    };
    expect(await seqOf(one, 100)).toEqual([0, 100]);
    expect(await seqOf(one, 105)).toEqual([1, 105]);
    expect(await seqOf(two, 9)).toEqual([0, 9]);
    expect(await seqOf(one, 0, 5)).toEqual([0, 0]);
    expect(await seqOf(one, 106)).toEqual([2, 106]);
  });

  test("with a key answers the right HMAC and nothing else", async () => {
    const run = reflect({ key: KEY });
    const asking = await client(run);
    const key = Uint8Array.fromHex(KEY);
    const right = requestOctets({ form: SEALED_FORM, key });
    const wrong = requestOctets({ form: SEALED_FORM, key: Uint8Array.fromHex(`ff${KEY}`) });
    expect(await asking.ask(requestOctets(), PORT)).toBeNull();
    expect(await asking.ask(wrong, PORT)).toBeNull();
    expect(run.listeners.counters).toMatchObject({ unauthenticated: 2, reflected: 0 });
    const { bytes } = (await asking.ask(right, PORT)) ?? { bytes: new Uint8Array(112) };
    expect(new StampSeal(key).isRight(bytes, 0)).toBe(true);
    expect(replyFields(bytes, SEALED_FORM)).toMatchObject({ senderSeq: 7, senderTtl: 64 });
  });

  test("does not answer a reply: two reflectors cannot talk for ever", async () => {
    const run = reflect({ listen: [`127.0.0.1:${PORT}`, `127.0.0.2:${PORT}`] });
    const spoofed = await client(run, "127.0.0.3", PORT);
    const reply = (await spoofed.ask(requestOctets(), PORT))?.bytes ?? new Uint8Array();
    expect(replyFields(reply).senderSeq).toBe(7);
    expect(await spoofed.ask(reply, PORT, "127.0.0.2")).toBeNull();
    expect(run.listeners.counters).toMatchObject({ reflected: 1, malformed: 1 });
  });

  test("says what it cannot listen on, opens the rest, and tries again", () => {
    const holder = reflect();
    const order = reflectorOrder(`127.0.0.1:${PORT}`, {
      listen: [`127.0.0.1:${PORT}`, `127.0.0.1:${PORT + 1}`, `192.0.2.77:${PORT}`],
    });
    const run = new ReflectorRun(order);
    runs.push(run);
    expect(run.listeners.problems).toEqual([
      `the reflector does not listen on 127.0.0.1:${PORT}: address already in use (errno 98); ` +
        "want a port that no other program has",
      `the reflector does not listen on 192.0.2.77:${PORT}: ` +
        "address not available on this host (errno 99)",
    ]);
    expect(run.watches).toHaveLength(1);
    holder.listeners.close();
    const { changes } = run.listeners;
    run.listeners.retry();
    expect(run.listeners.problems).toHaveLength(1);
    expect(run.listeners.changes).toBeGreaterThan(changes);
  });

  test("a new order replaces the old one, the same again changes nothing", async () => {
    const run = reflect({ stateful: true });
    const asking = await client(run);
    const seqOf = async (port: number) =>
      replyFields((await asking.ask(requestOctets(), port))?.bytes ?? new Uint8Array()).seq;
    expect(await seqOf(PORT)).toBe(0);
    run.listeners.obey(reflectorOrder(`127.0.0.1:${PORT}`, { stateful: true }));
    expect(await seqOf(PORT)).toBe(1);
    run.listeners.obey(reflectorOrder(`127.0.0.1:${PORT + 1}`, { stateful: true }));
    expect(await seqOf(PORT + 1)).toBe(0);
    expect(run.watches.map(({ fd }) => fd >= 0)).toEqual([false, true]);
    run.listeners.obey(null);
    expect(run.listeners.counters).toBeNull();
    expect(run.watches.every(({ fd }) => fd < 0)).toBe(true);
  });
});
