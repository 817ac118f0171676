import { newSandboxId, sleep } from '@crihub/kernel';
import { expect, it } from 'vitest';
import { Creations } from './creations.ts';

it('has those who make things for later wait until no pod is being made', async () => {
  const creations = new Creations();
  const { signal } = new AbortController();
  const [one, two] = [newSandboxId(), newSandboxId()];
  await creations.quiet(signal);
  creations.begin(one);
  creations.begin(one);
  creations.begin(two);
  let waited = false;
  const waiting = creations.quiet(signal).then(() => (waited = true));
  creations.end(one);
  await sleep(600);
  expect(waited).toBe(false);
  creations.end(two);
  await waiting;
  creations.end(two);
  await creations.quiet(signal);
});
