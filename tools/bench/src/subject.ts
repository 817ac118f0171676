import type { BenchDaemon } from './bench-daemon.ts';
import type { Recorder } from './samples.ts';

/** What is measured: one handler of one CRI runtime. */
export interface Subject {
  readonly name: string;
  readonly daemon: BenchDaemon;
  /** The runtime handler of its pods; empty for the runtime's default. */
  readonly handler: string;
  /** Processes of its pods, and of an engine below it, have this directory in their command line. */
  readonly directory: string;
  readonly logDirectory: string;
  readonly recorder: Recorder;
}

export const BENCH_IMAGE = 'registry.k8s.io/e2e-test-images/busybox:1.29-2';
/** 200 MiB in eight layers. */
export const LARGE_IMAGE = 'registry.k8s.io/crihub-bench/large:1';

/** The last line of what these containers write; from then on they end at once when they are asked to. */
export const READY = 'ready';

/**
 * Runs a script, and waits. PID 1 ignores signals that it has no handler for, and a shell that was just
 * started has none yet: who stops it before it is ready waits for the whole grace period.
 */
export const thenWait = (script: string): readonly string[] => [
  'sh',
  '-c',
  `trap exit TERM; ${script}; sleep 1000000 & echo ${READY}; wait`,
];

export const BENCH_COMMAND = thenWait(':');
