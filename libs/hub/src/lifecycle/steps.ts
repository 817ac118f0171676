/** Between which two writes of the journal the daemon stands; a test kills it at each. */
export type Step =
  | `runSandbox.${'intent' | 'prepared' | 'networkOwed' | 'attached' | 'started' | 'ready'}`
  | `stopSandbox.${'intent' | 'containersStopped' | 'stopped' | 'detached'}`
  | `removeSandbox.${'intent' | 'containersRemoved' | 'detached' | 'removed' | 'filesRemoved'}`
  | `createContainer.${'intent' | 'rootfs' | 'created' | 'recorded'}`
  | `startContainer.${'before' | 'started' | 'recorded'}`
  | `stopContainer.${'signalled' | 'killed'}`
  | `removeContainer.${'intent' | 'removed' | 'filesRemoved'}`;

/** Told of each step that was reached; does nothing except in tests of crashes. */
export interface StepObserver {
  reached(step: Step): Promise<void> | void;
}

export const noStepObserver: StepObserver = { reached: () => undefined };
