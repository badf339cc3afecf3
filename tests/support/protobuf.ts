/** A protobuf reader without a schema, and what an OTLP metrics request says, read with it. */

type Field = number | bigint | Uint8Array;

/** Fields by number, in order; varints and fixed64 as bigint or number of double. */
export function decode(bytes: Uint8Array): Map<number, Field[]> {
  const fields = new Map<number, Field[]>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const octet = bytes[at++];
      if (octet === undefined) throw new RangeError("a varint breaks off");
      value |= BigInt(octet & 0x7f) << shift;
      if (octet < 0x80) return value;
    }
  };
  while (at < bytes.byteLength) {
    const tag = Number(varint());
    const values = fields.get(tag >> 3) ?? [];
    fields.set(tag >> 3, values);
    switch (tag & 7) {
      case 0:
        values.push(varint());
        break;
      case 1:
        values.push(view.getBigUint64(at, true));
        at += 8;
        break;
      case 2: {
        const length = Number(varint());
        if (at + length > bytes.byteLength) throw new RangeError("a field breaks off");
        values.push(bytes.subarray(at, at + length));
        at += length;
        break;
      }
      case 5:
        values.push(view.getUint32(at, true));
        at += 4;
        break;
      default:
        throw new RangeError(`wire type ${tag & 7}`);
    }
  }
  return fields;
}

export interface DecodedPoint {
  readonly name: string;
  readonly unit: string;
  readonly kind: "gauge" | "sum" | "exponential histogram";
  readonly attributes: Readonly<Record<string, string>>;
  readonly startMs: number;
  readonly timeMs: number;
  /** Of a histogram its count. */
  readonly value: number;
  /** 2: cumulative; null: a gauge. */
  readonly temporality: number | null;
  readonly histogram: DecodedHistogram | null;
}

export interface DecodedHistogram {
  readonly sum: number;
  readonly scale: number;
  readonly zeros: number;
  readonly offset: number;
  readonly counts: readonly number[];
}

export interface DecodedRequest {
  readonly resource: Readonly<Record<string, string>>;
  readonly points: readonly DecodedPoint[];
}

/** ExportMetricsServiceRequest with one resource. */
export function decodeMetrics(request: Uint8Array): DecodedRequest {
  const [resourceMetrics] = messages(decode(request), 1);
  const fields = resourceMetrics ?? new Map();
  const [resource] = messages(fields, 1);
  const metrics = messages(fields, 2).flatMap((scope) => messages(scope, 2));
  return { resource: attributesOf(resource ?? new Map(), 1), points: metrics.flatMap(pointsOf) };
}

function pointsOf(metric: Map<number, Field[]>): DecodedPoint[] {
  const base = { name: textOf(metric, 1), unit: textOf(metric, 3) };
  for (const [field, kind] of KINDS) {
    const [body] = messages(metric, field);
    if (body === undefined) continue;
    const temporality = kind === "gauge" ? null : Number(body.get(2)?.[0] ?? 0);
    return messages(body, 1).map((point) => ({
      ...base,
      kind,
      temporality,
      ...pointOf(point, kind),
    }));
  }
  return [];
}

const KINDS = [
  [5, "gauge"],
  [7, "sum"],
  [10, "exponential histogram"],
] as const;

function pointOf(point: Map<number, Field[]>, kind: DecodedPoint["kind"]) {
  const ms = (field: number) => Number(numberOf(point, field) / 1_000_000n);
  const times = { startMs: ms(2), timeMs: ms(3) };
  if (kind !== "exponential histogram") {
    const attributes = attributesOf(point, 7);
    return { ...times, attributes, value: doubleOf(point, 4), histogram: null };
  }
  const [positive = new Map<number, Field[]>()] = messages(point, 8);
  const histogram = {
    sum: doubleOf(point, 5),
    scale: unzigzag(point.get(6)?.[0]),
    zeros: Number(point.get(7)?.[0] ?? 0),
    offset: unzigzag(positive.get(1)?.[0]),
    counts: packed(positive.get(2) ?? []),
  };
  const value = Number(point.get(4)?.[0] ?? 0);
  return { ...times, attributes: attributesOf(point, 1), value, histogram };
}

function packed(fields: readonly Field[]): number[] {
  return fields.flatMap((field) => {
    if (!(field instanceof Uint8Array)) return [Number(field)];
    const counts: number[] = [];
    // The same octets as a message of varints would have, without the tags.
    for (let at = 0; at < field.length; ) {
      let value = 0;
      for (let unit = 1; ; unit *= 128) {
        const octet = field[at++] ?? 0;
        value += (octet & 0x7f) * unit;
        if (octet < 0x80) break;
      }
      counts.push(value);
    }
    return counts;
  });
}

function attributesOf(fields: Map<number, Field[]>, field: number): Record<string, string> {
  return Object.fromEntries(
    messages(fields, field).map((pair) => {
      const [value] = messages(pair, 2);
      return [textOf(pair, 1), textOf(value ?? new Map(), 1)];
    }),
  );
}

export function messages(fields: Map<number, Field[]>, field: number): Map<number, Field[]>[] {
  return (fields.get(field) ?? []).flatMap((one) =>
    one instanceof Uint8Array ? [decode(one)] : [],
  );
}

export function textOf(fields: Map<number, Field[]>, field: number): string {
  const [bytes] = fields.get(field) ?? [];
  return bytes instanceof Uint8Array ? new TextDecoder().decode(bytes) : "";
}

function doubleOf(fields: Map<number, Field[]>, field: number): number {
  const [bits] = fields.get(field) ?? [];
  if (typeof bits !== "bigint") return Number.NaN;
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

function unzigzag(field: Field | undefined): number {
  const value = Number(field ?? 0);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function numberOf(fields: Map<number, Field[]>, field: number): bigint {
  const [value] = fields.get(field) ?? [];
  return typeof value === "bigint" ? value : 0n;
}
