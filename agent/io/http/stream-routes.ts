/**
 * Server-sent events (HTML, section 9.2): what happens, a snapshot every few seconds, and a comment
 * when there is nothing to say. A client that reads too slowly is sent away and comes back with the
 * id of the last event it had.
 */

import { eventBody } from "./failover-json.ts";
import { rounded } from "./json.ts";
import type { ParameterError } from "./query.ts";
import { strangeParameters } from "./query.ts";
import type { HttpContext, Refuse, Route } from "./route.ts";
import type { StreamEvent, StreamSource, StreamType, Subscription } from "./stream-view.ts";
import { STREAM_TYPES } from "./stream-view.ts";
import type { AgentView } from "./view.ts";

export interface StreamRoutesOptions {
  readonly stream?: StreamSource | undefined;
}

/** Octets that wait for a client; then it is sent away. */
const WAITING_MAX = 256 * 1024;
const ID_MAX = 64;
/** Of more paths a snapshot counts only. */
const PATHS_MAX = 500;
/** How long a client waits before it comes back, ms. */
const COME_BACK_MS = 2_000;

export function streamRoutes(
  { stream }: StreamRoutesOptions,
  view: Pick<AgentView, "snapshot">,
  refuse: Refuse,
): Route[] {
  const handle = (context: HttpContext): Response => {
    if (stream === undefined) {
      return refuse({ kind: "not-implemented", detail: "cannot follow events here" });
    }
    const params = new URL(context.req.url).searchParams;
    const { types, errors } = readTypes(params);
    if (errors.length > 0) {
      const detail = "cannot read the parameters: see errors";
      return refuse({ kind: "bad-parameters", detail, extensions: { errors } });
    }
    const lastId = (context.req.header("last-event-id") ?? "").slice(0, ID_MAX);
    return new Client(types, view).answer(stream, lastId === "" ? null : lastId, refuse);
  };
  return [{ method: "GET", path: "/api/v1/stream", handle }];
}

function readTypes(params: URLSearchParams): {
  readonly types: ReadonlySet<StreamType>;
  readonly errors: readonly ParameterError[];
} {
  const errors = strangeParameters(params, ["types"]);
  const words = params.get("types")?.split(",") ?? [...STREAM_TYPES];
  const types = STREAM_TYPES.filter((type) => words.includes(type));
  const strange = words.find((word) => !STREAM_TYPES.some((type) => type === word));
  if (strange !== undefined) {
    const message = `want some of ${STREAM_TYPES.join(", ")}: current value is "${strange}"`;
    errors.push({ parameter: "types", message });
  }
  return { types: new Set(types), errors };
}

class Client {
  readonly #types: ReadonlySet<StreamType>;
  readonly #view: Pick<AgentView, "snapshot">;
  readonly #encoder = new TextEncoder();
  #out: ReadableStreamDefaultController<Uint8Array> | null = null;
  #subscription: Subscription | null = null;

  constructor(types: ReadonlySet<StreamType>, view: Pick<AgentView, "snapshot">) {
    this.#types = types;
    this.#view = view;
  }

  answer(source: StreamSource, lastId: string | null, refuse: Refuse): Response {
    const body = new ReadableStream<Uint8Array>(
      {
        start: (out) => {
          this.#out = out;
        },
        cancel: () => this.#close(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: WAITING_MAX }),
    );
    const subscription = source.subscribe(lastId, {
      event: (event) => this.#tell(event),
      tick: () => this.#tick(),
      end: () => this.#close(),
    });
    if (subscription === null) {
      const headers = { "retry-after": "30" };
      return refuse({ kind: "too-busy", detail: "cannot serve more followers now", headers });
    }
    this.#subscription = subscription;
    this.#write(`retry: ${COME_BACK_MS}\n\n`);
    // What is lost cannot be told: the client has to look at the whole.
    if (subscription.hasGap) this.#write("event: gap\ndata: {}\n\n");
    for (const event of subscription.missed) this.#tell(event);
    if (this.#types.has("snapshot")) this.#write(this.#snapshot());
    return new Response(body, {
      headers: {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        // nginx would hold it back.
        "x-accel-buffering": "no",
      },
    });
  }

  #tell(event: StreamEvent): void {
    // The id also of what is not wanted: a client that comes back must not get it again.
    if (!this.#types.has(event.type)) this.#write(`id: ${event.id}\n\n`);
    else this.#write(`id: ${event.id}\nevent: ${event.type}\ndata: ${dataOf(event)}\n\n`);
  }

  #tick(): void {
    this.#write(this.#types.has("snapshot") ? this.#snapshot() : ": still here\n\n");
  }

  #snapshot(): string {
    const { timestamp, paths } = this.#view.snapshot();
    const counts = { up: 0, degraded: 0, down: 0, unknown: 0 };
    for (const { status } of paths) counts[status]++;
    const rows = paths.slice(0, paths.length > PATHS_MAX ? 0 : PATHS_MAX).map((path) => ({
      path_id: path.path_id,
      status: path.status,
      health_score: rounded(path.health_score),
      latency_ms: rounded(path.latency_ms),
      packet_loss_pct: rounded(path.packet_loss_pct),
      jitter_ms: rounded(path.jitter_ms),
    }));
    return `event: snapshot\ndata: ${JSON.stringify({ timestamp, counts, paths: rows })}\n\n`;
  }

  #write(text: string): void {
    const out = this.#out;
    if (out === null) return;
    if ((out.desiredSize ?? 0) <= 0) {
      this.#close();
      return;
    }
    out.enqueue(this.#encoder.encode(text));
  }

  #close(): void {
    this.#subscription?.close();
    const out = this.#out;
    this.#out = null;
    try {
      out?.close();
    } catch {
      // The client has closed it already.
    }
  }
}

/** One line: JSON has no line breaks of its own. */
function dataOf(event: StreamEvent): string {
  switch (event.type) {
    case "status": {
      const { path, from, to, score, at } = event.change;
      const body = { path_id: path, from, to, health_score: rounded(score), timestamp_ms: at };
      return JSON.stringify(body);
    }
    case "failover":
      return JSON.stringify(eventBody(event.event));
    case "alert":
      return JSON.stringify(event.notification);
  }
}
