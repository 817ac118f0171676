import { RuntimeError } from '@crihub/kernel';
import { expect, it } from 'vitest';
import { unlessLacking } from './unless-lacking.ts';

it('leaves out what the machine lacks, and says why', async () => {
  const said: string[] = [];
  const lacking = unlessLacking(
    'docker',
    (line) => said.push(line),
    async () => Promise.reject(new RuntimeError('FailedPrecondition', 'there is no dockerd')),
  );
  expect(await lacking).toBeUndefined();
  expect(said).toEqual(['docker is left out: there is no dockerd']);
});

it('hides no other failure', async () => {
  const failing = unlessLacking(
    'docker',
    () => undefined,
    async () => Promise.reject(new Error('broken')),
  );
  await expect(failing).rejects.toThrow('broken');
});
