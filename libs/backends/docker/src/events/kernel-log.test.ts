import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { toldOfMemoryDeath } from './kernel-log.ts';

it("finds a death by its cgroup in the kernel's log, and none where there is no log", async () => {
  const directory = await mkdtemp(join(tmpdir(), 'crihub-kmsg-'));
  const log = join(directory, 'kmsg');
  await writeFile(
    log,
    '6,1,2,-;oom-kill:constraint=CONSTRAINT_MEMCG,cpuset=other,oom_memcg=/pod,task_memcg=/pod/abc,task=dd,pid=7,uid=0\n',
  );
  expect(await toldOfMemoryDeath('abc', log)).toBe(true);
  expect(await toldOfMemoryDeath('other', log)).toBe(false);
  expect(await toldOfMemoryDeath('abc', join(directory, 'none'))).toBe(false);
  await rm(directory, { recursive: true });
});
