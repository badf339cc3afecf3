/** What `install` writes: units, init script, rollback script, with the places filled in. */

import initText from "./assets/patronus-agent.init" with { type: "text" };
import serviceText from "./assets/patronus-agent.service" with { type: "text" };
import rollbackUnitText from "./assets/patronus-rollback.service" with { type: "text" };
import rollbackText from "./assets/rollback.sh" with { type: "text" };
import type { Places } from "./places.ts";

export interface Assets {
  readonly service: string;
  readonly rollbackUnit: string;
  readonly rollbackScript: string;
  readonly initScript: string;
}

/** Paths are those of the running box, never of the folder that it is installed into. */
export function assetsFor(places: Places): Assets {
  const fill = (text: string) =>
    text.replaceAll("@PROGRAM@", places.program).replaceAll("@PREFIX@", places.prefix);
  return {
    service: fill(serviceText),
    rollbackUnit: fill(rollbackUnitText),
    rollbackScript: fill(rollbackText),
    initScript: fill(initText),
  };
}
