import type { Subject } from './subject.ts';

export interface SuiteSettings {
  /** Pod lifecycles for each subject. */
  readonly pods: number;
  /** Pods held at once. */
  readonly held: number;
  /** Lifecycles at a time, one round for each. */
  readonly parallel: readonly number[];
  /** Repetitions of short calls. */
  readonly repeats: number;
  readonly say: (line: string) => void;
}

/** Measurements that belong together; each is written to the subject's recorder. */
export interface Suite {
  readonly name: string;
  readonly about: string;
  /** Interleaves the subjects where it can, so that a busy moment of the machine hits all alike. */
  readonly measure: (subjects: readonly Subject[], settings: SuiteSettings) => Promise<void>;
}
