import type { CriClient } from '@crihub/tool-fixtures';
import type { Recorder } from './samples.ts';

/** What is measured: one handler of one CRI socket. */
export interface Subject {
  readonly name: string;
  readonly cri: CriClient;
  /** The runtime handler of its pods; empty for the runtime's default. */
  readonly handler: string;
  readonly daemonPid: number;
  /** Its processes other than the daemon have this directory in their command line. */
  readonly directory: string;
  readonly logDirectory: string;
  readonly recorder: Recorder;
}

export const BENCH_IMAGE = 'registry.k8s.io/e2e-test-images/busybox:1.29-2';

/** Waits, and ends at once when it is asked to: PID 1 ignores signals that it has no handler for. */
export const BENCH_COMMAND = ['sh', '-c', 'trap exit TERM; sleep 1000000 & wait'];
