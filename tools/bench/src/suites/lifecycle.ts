import { cpuTimeOf } from '../cpu.ts';
import { livePod } from '../lifecycle.ts';
import { inParallel } from '../parallel.ts';
import { Recorder } from '../samples.ts';
import type { Suite, SuiteSettings } from '../suite.ts';
import type { Subject } from '../subject.ts';

/** Lifecycles that nobody measures, so that the first to be measured finds caches as the last does. */
const WARM_UP = 2;

export const lifecycle: Suite = {
  name: 'lifecycle',
  about: 'Pods of one container from RunPodSandbox to RemovePodSandbox; ×n: so many at a time.',
  measure: async (subjects, settings) => {
    for (const subject of subjects)
      await inParallel(WARM_UP, 1, async (index) =>
        livePod({ ...subject, recorder: new Recorder() }, `warm-up-${String(index)}`),
      );
    for (const parallel of settings.parallel) {
      settings.say(`${String(settings.pods)} pod lifecycles, ${String(parallel)} at a time`);
      await measureAt(parallel, subjects, settings);
    }
  },
};

async function measureAt(
  parallel: number,
  subjects: readonly Subject[],
  { pods }: SuiteSettings,
): Promise<void> {
  const suffix = parallel === 1 ? '' : ` ×${String(parallel)}`;
  for (let done = 0; done < pods; done += parallel)
    for (const subject of subjects) {
      const count = Math.min(parallel, pods - done);
      const round = { ...subject, recorder: new Recorder() };
      const start = performance.now();
      const cpu = await cpuTimeOf(async () =>
        inParallel(count, parallel, async (index) =>
          livePod(round, `pod-${String(parallel)}-${String(done + index)}`),
        ),
      );
      const { recorder } = subject;
      recorder.record(`pods per second${suffix}`, (count * 1000) / (performance.now() - start), '1/s');
      recorder.record(`CPU per pod lifecycle${suffix}`, cpu / count, 'CPU ms');
      for (const operation of round.recorder.operations)
        for (const ms of round.recorder.of(operation).sorted)
          recorder.record(`${operation}${suffix}`, ms, 'ms');
    }
}
