/** Why something that was queued for delivery was not delivered. */

export const DROP_REASONS = [
  "age", // older than the limit, or past its expiry
  "size", // the oldest, to make room
  "disk", // the file did not take it and memory was full
  "corrupt", // it was in a file that cannot be read any more
  "refused", // for good: see the dead letters
] as const;

export type DropReason = (typeof DROP_REASONS)[number];
