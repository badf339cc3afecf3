/**
 * The two ways a bug ends the process. Expected faults are values with a `kind`; what these
 * functions report can only be a mistake of ours, and the supervisor restarts us after it.
 */

/** Throws when `condition` is false: a bug, not a fault of the outside world. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`invariant violated: ${message}`);
}

/** Closes an exhaustive switch: the compiler rejects the call while a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`unreachable case: ${JSON.stringify(value)}`);
}
