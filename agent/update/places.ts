/** The files around the program. Whoever only looks for them needs nothing else of updates. */

export interface ProgramPlaces {
  readonly program: string;
  /** Built here, then renamed to the program. */
  readonly fresh: string;
  readonly previous: string;
  /** A delta back to the file before, where two files do not fit. */
  readonly wayBack: string;
  /** There from before the swap until the commit; the rollback script looks for it. */
  readonly marker: string;
  /** Left by the rollback script. */
  readonly rescued: string;
  readonly memory: string;
}

export function placesOf(program: string): ProgramPlaces {
  return {
    program,
    fresh: `${program}.new`,
    previous: `${program}.prev`,
    wayBack: `${program}.back`,
    marker: `${program}.trial`,
    rescued: `${program}.rolled-back`,
    memory: `${program}.update`,
  };
}
