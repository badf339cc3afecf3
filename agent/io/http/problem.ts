/**
 * Errors as RFC 9457 problem details. The set of kinds is closed and each has one status;
 * `instance` names the single occurrence, and is what a log line of a failure repeats. Never a
 * stack.
 */

/** Status and title by kind. */
const KINDS = {
  "bad-request": [400, "Bad request"],
  "bad-parameters": [400, "Bad parameters"],
  "bad-body": [400, "Bad body"],
  unauthorized: [401, "Token needed"],
  forbidden: [403, "Forbidden"],
  "not-found": [404, "Not found"],
  "unknown-path": [404, "Unknown path"],
  "unknown-policy": [404, "Unknown policy"],
  "method-not-allowed": [405, "Method not allowed"],
  "reload-refused": [409, "Reload refused"],
  "order-refused": [409, "Order refused"],
  "policy-conflict": [409, "Policy conflict"],
  "backup-failed": [409, "Backup failed"],
  "length-required": [411, "Length required"],
  "too-large": [413, "Body too large"],
  "unsupported-media-type": [415, "Unsupported media type"],
  "misdirected-request": [421, "Misdirected request"],
  "too-many-requests": [429, "Too many requests"],
  "internal-error": [500, "Internal error"],
  "not-implemented": [501, "Not implemented"],
  "not-ready": [503, "Not ready"],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemKind = keyof typeof KINDS;

export interface Problem {
  readonly kind: ProblemKind;
  readonly detail: string;
  /** Members beside the standard ones (RFC 9457 3.2). */
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export const PROBLEM_TYPE = "application/problem+json";

export function statusOfProblem(kind: ProblemKind): number {
  return KINDS[kind][0];
}

/** `id` is the occurrence: a UUID. */
export function problemResponse(problem: Problem, id: string): Response {
  const [status, title] = KINDS[problem.kind];
  const body = {
    type: `urn:patronus:problem:${problem.kind}`,
    title,
    status,
    detail: problem.detail,
    instance: `urn:uuid:${id}`,
    ...problem.extensions,
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...problem.headers, "content-type": PROBLEM_TYPE },
  });
}
