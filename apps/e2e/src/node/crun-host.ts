import { mkdir, rmdir } from 'node:fs/promises';
import { RuntimeError } from '@crihub/kernel';
import { readText } from '@crihub/linux';
import { run } from '@crihub/transport/process';

const DIRECTORY = '/sys/fs/cgroup/hugetlb';

/**
 * crun refuses hosts with cgroup v1 whose unified hierarchy has taken controllers. Where that is hugetlb
 * alone, as on machines that mount only what they need, it is mounted as v1's until disposal.
 */
export async function prepareHostForCrun(): Promise<AsyncDisposable> {
  const taken = await readText('/sys/fs/cgroup/unified/cgroup.controllers');
  if (taken?.trim() !== 'hugetlb') return { [Symbol.asyncDispose]: async () => undefined };
  await mkdir(DIRECTORY, { recursive: true });
  await must('mount', ['-t', 'cgroup', '-o', 'hugetlb', 'hugetlb', DIRECTORY]);
  return {
    [Symbol.asyncDispose]: async () => {
      await must('umount', [DIRECTORY]);
      await rmdir(DIRECTORY);
    },
  };
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await run(program, { args });
  if (exitCode === 0) return;
  throw new RuntimeError('Internal', `${program} ${args.join(' ')}: ${stderr.toString().trim()}`);
}
