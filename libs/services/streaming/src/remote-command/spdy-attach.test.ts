import { expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { openCommand, ServerRig } from '../testing/server-rig.ts';

const CAT = { args: ['cat', ';', 'exit', '5'], stdin: true, stdinOnce: true };

it('joins a container, many clients at once, and sees its end as a success', async () => {
  await using rig = await ServerRig.start({}, CAT);
  const [first, second] = await Promise.all([
    openCommand(rig.attachUrl({ detachAtEndOfInput: false })),
    openCommand(rig.attachUrl({ detachAtEndOfInput: false })),
  ]);
  await eventually(() => expect(rig.server.figures.sessions).toBe(2));
  first.stdin.write('hello\n');
  await eventually(() => expect([first.stdout.text, second.stdout.text]).toEqual(['hello\n', 'hello\n']));
  second.stdin.end(); // standard input is open once: this is the end of it for the container
  expect(JSON.parse(await first.error.read())).toEqual({ metadata: {}, status: 'Success' });
  expect(JSON.parse(await second.error.read())).toEqual({ metadata: {}, status: 'Success' });
});

it('detaches at the end of the input of a container that keeps its own open', async () => {
  await using rig = await ServerRig.start({}, { ...CAT, stdinOnce: false });
  const url = (): string => rig.attachUrl({ detachAtEndOfInput: true });
  const stays = await openCommand(url());
  const leaves = await openCommand(url());
  leaves.stdin.write('from one that leaves\n');
  leaves.stdin.end();
  expect(await leaves.error.read()).toContain('Success');
  await eventually(() => expect(stays.stdout.text).toBe('from one that leaves\n'));
  expect(rig.memory.node.countProcesses('cat')).toBe(1);
  stays.client.close();
});

it.each([
  ['leaves a container running', false, 1],
  ['ends the input of a container that has it once, as a client that goes does', true, 0],
])('a client that breaks off %s', async (_sentence, stdinOnce, running) => {
  await using rig = await ServerRig.start({}, { ...CAT, stdinOnce });
  const { client } = await openCommand(rig.attachUrl({ detachAtEndOfInput: !stdinOnce }));
  await eventually(() => expect(rig.memory.node.countProcesses('cat')).toBe(1));
  client.transport.destroy();
  await eventually(() => expect(rig.observed).toContain('closed attach spdy ok'));
  await eventually(() => expect(rig.memory.node.countProcesses('cat')).toBe(running));
});
