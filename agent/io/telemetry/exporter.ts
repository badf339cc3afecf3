/**
 * The end of the SDK's line: serializes a collection, packs it and hands it to the queue, which
 * loses nothing; so the answer to the SDK is always and at once success.
 */

import type { ExportResult } from "@opentelemetry/core";
import { ExportResultCode } from "@opentelemetry/core";
import { ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import type { PushMetricExporter, ResourceMetrics } from "@opentelemetry/sdk-metrics";

export class QueueExporter implements PushMetricExporter {
  readonly #enqueue: (body: Uint8Array) => void;

  /** `enqueue` takes an unpacked request. */
  constructor(enqueue: (body: Uint8Array) => void) {
    this.#enqueue = enqueue;
  }

  export(metrics: ResourceMetrics, done: (result: ExportResult) => void): void {
    const body = ProtobufMetricsSerializer.serializeRequest(metrics);
    if (body !== undefined && body.byteLength > 0) this.#enqueue(body);
    done({ code: ExportResultCode.SUCCESS });
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}
