import { noStepObserver, type StepObserver } from '@crihub/hub';

/**
 * For tests of recovery: with CRIHUB_CRASH_AT=runSandbox.attached the daemon kills itself the first time
 * it reaches that step, as if the power of the process had gone.
 */
export function stepObserver(environment: NodeJS.ProcessEnv): StepObserver {
  const crashAt = environment['CRIHUB_CRASH_AT'];
  if (crashAt === undefined || crashAt === '') return noStepObserver;
  return {
    reached: (step) => {
      if (step === crashAt) process.kill(process.pid, 'SIGKILL');
    },
  };
}
