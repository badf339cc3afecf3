/**
 * The policies in force: those of the files, and those that the API made. The latter are kept as
 * the documents that were sent and are read anew, so that a path that goes takes them out of force
 * without a loss.
 */

import { readPolicyDocument } from "../../config/policy-document.ts";
import type { AgentConfig, PolicyConfig } from "../../domain/config.ts";
import type { DeleteOutcome, FieldProblem } from "../../io/http/failover-view.ts";
import type { Log } from "../ports.ts";
import type { EffectivePolicy, FailoverBook, PolicyDocument } from "./ports.ts";

export type DeskOutcome =
  | { readonly kind: "done"; readonly id: number }
  | { readonly kind: "invalid"; readonly problems: readonly FieldProblem[] }
  | { readonly kind: "conflict"; readonly reason: string }
  | { readonly kind: "unknown-policy" };

export interface DeskParts {
  readonly log: Log;
  readonly book: FailoverBook;
  config(): AgentConfig;
  /** The list changed. */
  onChange(): void;
}

export class PolicyDesk {
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** Files first; of the API those that can be in force beside them. */
  effective(): readonly EffectivePolicy[] {
    const { config, book, log } = this.#parts;
    const { paths, policies } = config();
    const all: EffectivePolicy[] = policies.map((one) => ({ config: one, origin: "file" }));
    for (const { id, document } of book.apiPolicies()) {
      const others = all.map((one) => one.config);
      const result = readPolicyDocument({ ...document, id }, paths, others);
      const isTaken = others.some((one) => one.id === id);
      if (result.kind === "ok" && !isTaken) all.push({ config: result.policy, origin: "api" });
      else
        log.warn("a policy of the API is not in force", {
          policy: id,
          why: whyNot(result, isTaken),
        });
    }
    return all;
  }

  create(body: unknown): DeskOutcome {
    if (!isDocument(body)) return notADocument();
    const all = this.effective();
    const id = body["id"] ?? freeId(all, this.#parts.book);
    const isTaken = all.some(({ config }) => config.id === id);
    if (isTaken) return { kind: "conflict", reason: `there is a policy ${String(id)} already` };
    return this.#keep({ ...body, id }, all);
  }

  update(id: number, body: unknown): DeskOutcome {
    const all = this.effective();
    const refusal = this.#refusalOf(id, all);
    if (refusal !== null) return refusal;
    if (!isDocument(body)) return notADocument();
    const others = all.filter(({ config }) => config.id !== id);
    return this.#keep({ ...body, id }, others);
  }

  delete(id: number): DeleteOutcome {
    const refusal = this.#refusalOf(id, this.effective());
    if (refusal !== null) return refusal;
    this.#parts.book.deleteApiPolicy(id);
    this.#parts.onChange();
    return { kind: "done" };
  }

  #refusalOf(
    id: number,
    all: readonly EffectivePolicy[],
  ): Extract<DeleteOutcome, { kind: "conflict" | "unknown-policy" }> | null {
    const isOfFile = all.some(({ config, origin }) => config.id === id && origin === "file");
    if (isOfFile) {
      return {
        kind: "conflict",
        reason: `policy ${id} is of the configuration file: edit it there`,
      };
    }
    const isKept = this.#parts.book.apiPolicies().some((one) => one.id === id);
    return isKept ? null : { kind: "unknown-policy" };
  }

  #keep(document: PolicyDocument, others: readonly EffectivePolicy[]): DeskOutcome {
    const { paths } = this.#parts.config();
    const configs: readonly PolicyConfig[] = others.map(({ config }) => config);
    const result = readPolicyDocument(document, paths, configs);
    if (result.kind === "invalid") return result;
    const { id } = result.policy;
    this.#parts.book.putApiPolicy({ id, document });
    this.#parts.onChange();
    return { kind: "done", id };
  }
}

function freeId(all: readonly EffectivePolicy[], book: FailoverBook): number {
  const ids = [...all.map(({ config }) => config.id), ...book.apiPolicies().map(({ id }) => id)];
  return Math.max(0, ...ids) + 1;
}

function isDocument(body: unknown): body is PolicyDocument {
  return typeof body === "object" && body !== null && !Array.isArray(body);
}

function notADocument(): DeskOutcome {
  return {
    kind: "invalid",
    problems: [{ field: "", message: "want an object of keys and values" }],
  };
}

function whyNot(result: ReturnType<typeof readPolicyDocument>, isTaken: boolean): string {
  if (isTaken) return "the file has a policy of this id";
  if (result.kind === "ok") return "";
  return result.problems.map(({ field, message }) => `${field}: ${message}`).join("; ");
}
