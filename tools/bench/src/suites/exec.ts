import { runRemoteCommand } from '@crihub/service-streaming/testing';
import { execSync } from '@crihub/tool-fixtures';
import { ExecRequest, RuntimeServiceService as runtime } from '@crihub/wire/cri';
import { type RunningPod, startPod, stopPod } from '../lifecycle.ts';
import { Recorder } from '../samples.ts';
import type { Suite } from '../suite.ts';
import type { Subject } from '../subject.ts';

const CAT_BYTES = 256 * 1024 * 1024;
const CAT_ROUNDS = 3;
/** What client-go's copy loops write at once. */
const CHUNK = Buffer.alloc(32 * 1024, 'all work and no play makes a dull stream\n');

/** A subject with a pod that stays. */
export interface Held extends RunningPod {
  readonly subject: Subject;
}

/** Does work with a running pod on each subject, then removes them. */
export async function withPods(
  subjects: readonly Subject[],
  work: (held: readonly Held[]) => Promise<void>,
): Promise<void> {
  const held: Held[] = [];
  try {
    for (const subject of subjects)
      held.push({ subject, ...(await startPod({ ...subject, recorder: new Recorder() }, 'held')) });
    await work(held);
  } finally {
    for (const { subject, ...running } of held)
      await stopPod({ ...subject, recorder: new Recorder() }, running);
  }
}

export const exec: Suite = {
  name: 'exec',
  about: 'Commands in a running container: ExecSync, and Exec over SPDY as kubectl uses it.',
  measure: async (subjects, { repeats, say }) => {
    await withPods(subjects, async (held) => {
      say(`${String(repeats)} short commands by ExecSync and by Exec`);
      for (let done = 0; done < repeats; done += 1)
        for (const one of held) {
          await one.subject.recorder.time('ExecSync /bin/true', async () => shortExecSync(one));
          await one.subject.recorder.time('Exec /bin/true', async () => command(one, ['/bin/true']));
        }
      say(`${String(CAT_BYTES / 1024 / 1024)} MiB there and back through exec cat`);
      for (let done = 0; done < CAT_ROUNDS; done += 1)
        for (const one of held) {
          const seconds = await secondsOf(async () => command(one, ['cat'], CAT_BYTES));
          one.subject.recorder.record('exec cat', CAT_BYTES / 1e6 / seconds, 'MB/s');
        }
    });
  },
};

async function shortExecSync({ subject, container }: Held): Promise<void> {
  const { exitCode } = await execSync(subject.daemon.cri, container, ['/bin/true']);
  if (exitCode !== 0) throw new Error(`/bin/true ended with ${String(exitCode)} on ${subject.name}`);
}

/** Runs a command to its end, with so many bytes of input, all of which must come back. */
async function command({ subject, container }: Held, cmd: readonly string[], bytes = 0): Promise<void> {
  const request = ExecRequest.create({ containerId: container, cmd, stdin: bytes > 0, stdout: true });
  const { url } = await subject.daemon.cri.call(runtime.exec, request);
  let received = 0;
  // cri-dockerd leaves out the scheme.
  const status = await runRemoteCommand(new URL(url, 'http://localhost').href, {
    transport: 'spdy',
    ...(bytes > 0 ? { input: chunks(bytes) } : {}),
    output: (chunk) => (received += chunk.length),
  });
  if (!status.includes('"Success"') || received !== bytes)
    throw new Error(
      `${cmd.join(' ')} on ${subject.name}: ${String(received)} bytes came back, and ${status}`,
    );
}

function* chunks(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= CHUNK.length) yield CHUNK;
}

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
