import { expect, it } from 'vitest';
import { choose } from './choice.ts';

it('measures everything beside containerd unless told otherwise', () => {
  expect(choose([])).toMatchObject({
    subjects: { peers: ['containerd'], handlers: ['runc', 'crun'], needsLargeImage: true },
    settings: { pods: 100, held: 100, parallel: [1, 5, 20], repeats: 200 },
    output: 'table',
  });
});

it('takes the suites that are named, in its own order', () => {
  const choice = choose(['--suites', 'held,lifecycle', '--parallel', '5', '--held', '50']);
  expect(choice.help || choice.suites.map(({ name }) => name)).toEqual(['lifecycle', 'held']);
  expect(choice).toMatchObject({
    settings: { parallel: [5], held: 50 },
    subjects: { needsLargeImage: false },
  });
});

it('takes both peers, where both can be measured', () => {
  const choice = choose(['--against', 'cri-dockerd,containerd', '--suites', 'exec,lifecycle']);
  expect(choice).toMatchObject({ subjects: { peers: ['cri-dockerd', 'containerd'] } });
});

it.each([
  [['--against', 'cri-o'], 'not cri-o'],
  [['--handlers', 'runc,gvisor'], 'not gvisor'],
  [['--suites', 'speed'], 'not speed'],
  [['--against', 'cri-dockerd'], '--suites lifecycle,exec'],
  [['--pods', '0'], '--pods must be a whole number above 0'],
  [['--parallel', '1,x'], '--parallel must be a whole number above 0, not "x"'],
  [['-o', 'yaml'], 'not yaml'],
  [['--against', '', '--handlers', ''], 'nothing to measure'],
])('refuses %j', (args, complaint) => {
  expect(() => choose(args)).toThrow(complaint);
});
