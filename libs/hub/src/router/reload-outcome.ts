/** What a new reading of the configuration changed; settings by their names in it. */
export interface ReloadOutcome {
  readonly applied: readonly string[];
  /** Changed in the file, but in force only after a restart. */
  readonly needsRestart: readonly string[];
}
