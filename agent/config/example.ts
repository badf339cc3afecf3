/** The commented reference configuration, as `config example` prints it. */

import text from "./reference.yaml" with { type: "text" };

export const referenceConfig: string = text;
