/** The queue of what is pushed, in the API's description. */

import type { Schema } from "./openapi-forms.ts";
import { answer, flag, list, object, ref, text, textOrNull, whole } from "./openapi-forms.ts";

const STATES = ["idle", "sending", "waiting", "replaying"];
const STATE_WORDS = "waiting: for the next attempt; replaying: what an outage left";
const wholeOrNull = { type: ["integer", "null"] } as const;

export const QUEUE_SCHEMAS: Readonly<Record<string, Schema>> = {
  QueueDestination: object({
    name: text,
    state: { enum: STATES, description: STATE_WORDS },
    items: whole,
    bytes: whole,
    stored_items: { ...whole, description: "How many of the items are in the file" },
    oldest_age_secs: { type: ["number", "null"] },
    delivered: whole,
    partial: { ...whole, description: "Answers that took a part only" },
    rejected: { ...whole, description: "Points or records that they refused" },
    retries: whole,
    dropped: { type: "object", additionalProperties: whole, description: "By reason" },
    last_success_ms: wholeOrNull,
    last_error: textOrNull,
    next_attempt_secs: { type: ["number", "null"] },
  }),
  DeadLetter: object(
    {
      destination: text,
      kind: text,
      id: { ...text, description: "Of the newest with this answer" },
      created_at_ms: whole,
      failed_at_ms: whole,
      status: { ...wholeOrNull, description: "HTTP status; null: refused by other means" },
      answer: text,
      count: { ...whole, description: "How many got this answer" },
    },
    "What a receiver refused for good, with its words",
  ),
};

export const QUEUE_PATHS = {
  "/api/v1/queue": {
    get: {
      summary: "What waits for receivers, and what they refused for good (newest last)",
      responses: {
        "200": answer(
          "Queue",
          object({
            is_open: { ...flag, description: "false: nothing is pushed" },
            fault: { ...textOrNull, description: "Why it is not stored; null: it is" },
            destinations: list(ref("QueueDestination")),
            dead_letters: list(ref("DeadLetter")),
          }),
        ),
      },
    },
  },
} as const;
