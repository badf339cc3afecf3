/** What an agent tells of its updates. Nothing here asserts. */

import type { UpdateBody } from "../../agent/io/http/update-view.ts";

export function updateBody(change: Partial<UpdateBody> = {}): UpdateBody {
  return {
    ...{ enabled: true, channel: "stable", automatic: false, activity: "idle" },
    running: { version: "0.2.1", release: 1, target: "linux-x64", sha256: "ab" },
    ...{ available: null, loaded_octets: null, last_check: null, waiting: null, trial: null },
    ...{ previous: null, highest_release: 1, min_release: 0, keys_version: 1 },
    ...{ refused: [], steps: [] },
    ...change,
  };
}
