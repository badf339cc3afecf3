/** A failover event as an OTLP log record: what happened, between which paths, by what evidence. */

import type { Attributes, HrTime } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api";
import { ProtobufLogsSerializer } from "@opentelemetry/otlp-transformer";
import type { Resource } from "@opentelemetry/resources";
import type { NotedEvent } from "../../controller/telemetry/ports.ts";
import { SCOPE } from "./producer.ts";

/** null: the serializer had nothing to say. */
export function eventBody({ event, id, at }: NotedEvent, resource: Resource): Uint8Array | null {
  const seconds = Math.floor(at / 1_000);
  const time: HrTime = [seconds, Math.round((at - seconds * 1_000) * 1_000_000)];
  const [severityNumber, severityText] = severityOf(event.type);
  const record = {
    hrTime: time,
    hrTimeObserved: time,
    severityNumber,
    severityText,
    body: event.reason,
    eventName: `patronus.failover.${event.type}`,
    attributes: attributesOf({ event, id, at }),
    droppedAttributesCount: 0,
    resource,
    instrumentationScope: SCOPE,
  };
  return ProtobufLogsSerializer.serializeRequest([record]) ?? null;
}

function severityOf(type: NotedEvent["event"]["type"]): readonly [SeverityNumber, string] {
  if (type === "failed") return [SeverityNumber.ERROR, "ERROR"];
  return type === "triggered" ? [SeverityNumber.WARN, "WARN"] : [SeverityNumber.INFO, "INFO"];
}

/** What is not known is absent. */
function attributesOf({ event, id }: NotedEvent): Attributes {
  const all = {
    event_id: id,
    event_type: event.type,
    policy_id: String(event.policy),
    family: event.family,
    order: event.order,
    from_path_id: event.from,
    to_path_id: event.to,
    cause: event.cause,
    primary_health_score: event.primaryScore,
    backup_health_score: event.backupScore,
    duration_us: event.duration,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
  );
}
