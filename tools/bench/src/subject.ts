import type { BenchDaemon } from './bench-daemon.ts';
import type { Recorder } from './samples.ts';

/** What is measured: one handler of one CRI runtime. */
export interface Subject {
  readonly name: string;
  readonly daemon: BenchDaemon;
  /** The runtime handler of its pods; empty for the runtime's default. */
  readonly handler: string;
  /** Its processes other than the daemon have this directory in their command line. */
  readonly directory: string;
  readonly logDirectory: string;
  readonly recorder: Recorder;
}

export const BENCH_IMAGE = 'registry.k8s.io/e2e-test-images/busybox:1.29-2';
/** 200 MiB in eight layers. */
export const LARGE_IMAGE = 'registry.k8s.io/crihub-bench/large:1';

/** Waits, and ends at once when it is asked to: PID 1 ignores signals that it has no handler for. */
export const BENCH_COMMAND = ['sh', '-c', 'trap exit TERM; sleep 1000000 & wait'];
