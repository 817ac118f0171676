import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { ALL_STREAMS, openCommand, ServerRig } from '../testing/server-rig.ts';

const V4 = ['v4.channel.k8s.io'];
const TERMINAL = { stdin: true, stdout: true, stderr: false, terminal: true };

it('runs a command, its outputs apart, its success told', async () => {
  await using rig = await ServerRig.start();
  const { stdout, stderr, error } = await openCommand(rig.execUrl(['echo', 'out', ';', 'echo-error', 'err']));
  expect(await Promise.all([stdout.read(), stderr.read()])).toEqual(['out\n', 'err\n']);
  expect(JSON.parse(await error.read())).toEqual({ metadata: {}, status: 'Success' });
  await eventually(() => expect(rig.observed).toEqual(['opened exec spdy', 'closed exec spdy ok']));
});

const nonZero = {
  metadata: {},
  status: 'Failure',
  message: 'command terminated with non-zero exit code: 3',
  reason: 'NonZeroExitCode',
  details: { causes: [{ reason: 'ExitCode', message: '3' }] },
};
const cannotRun = `error executing command in container: can't run "nonsense": no such program`;

it.each([
  ['v5.channel.k8s.io', ['exit', '3'], JSON.stringify(nonZero)],
  ['v4.channel.k8s.io', ['exit', '3'], JSON.stringify(nonZero)],
  ['v3.channel.k8s.io', ['exit', '3'], 'command terminated with non-zero exit code: 3'],
  ['v2.channel.k8s.io', ['exit', '3'], 'command terminated with non-zero exit code: 3'],
  ['channel.k8s.io', ['exit', '3'], 'command terminated with non-zero exit code: 3'],
  ['v3.channel.k8s.io', ['echo'], ''],
  ['v3.channel.k8s.io', ['nonsense'], `Internal error occurred: ${cannotRun}`],
])('with %s, %j ends as its clients expect', async (protocol, args, expected) => {
  await using rig = await ServerRig.start();
  const { error } = await openCommand(rig.execUrl(args), ALL_STREAMS, [protocol]);
  expect(await error.read()).toBe(expected);
});

it('tells why a command could not be run', async () => {
  await using rig = await ServerRig.start();
  const { error } = await openCommand(rig.execUrl(['nonsense']));
  expect(JSON.parse(await error.read())).toEqual({
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${cannotRun}`,
    reason: 'InternalError',
    details: { causes: [{ message: cannotRun }] },
    code: 500,
  });
});

it('carries input to its end, which ends the input of the process', async () => {
  await using rig = await ServerRig.start();
  const { stdin, stdout, error } = await openCommand(rig.execUrl(['cat', ';', 'echo', 'over']));
  stdin.write('one ');
  stdin.write('two\n');
  stdin.end();
  expect(await stdout.read()).toBe('one two\nover\n');
  expect(await error.read()).toContain('Success');
});

it('carries 64 MiB there and back without a changed byte', { timeout: 30_000 }, async () => {
  await using rig = await ServerRig.start();
  const { stdin, stdout, error } = await openCommand(rig.execUrl(['cat']));
  const [sent, received] = [createHash('sha256'), createHash('sha256')];
  stdout.consume((bytes) => void received.update(bytes));
  for (let left = 64; left > 0; left -= 1) {
    const chunk = randomBytes(1024 * 1024);
    sent.update(chunk);
    for (let at = 0; at < chunk.length; at += 32_768) await stdin.send(chunk.subarray(at, at + 32_768));
  }
  stdin.end();
  await stdout.ended.promise;
  expect(await error.read()).toContain('Success');
  expect(stdout.bytes).toBe(64 * 1024 * 1024);
  expect(received.digest('hex')).toBe(sent.digest('hex'));
});

it('makes a process wait for a client that does not read', async () => {
  await using rig = await ServerRig.start();
  const size = 200 * 1024 * 1024;
  const before = process.memoryUsage();
  const { client, stdout } = await openCommand(
    rig.execUrl(['flood', String(size), ';', 'sleep', '0', 'flooded']),
  );
  client.transport.pause();
  await delay(200);
  expect(rig.memory.node.countProcesses('flooded')).toBe(1);
  const { external } = process.memoryUsage();
  expect(external - before.external).toBeLessThan(32 * 1024 * 1024);
  expect(stdout.bytes).toBeLessThan(size / 4);
  client.transport.destroy();
  await eventually(() => expect(rig.memory.node.countProcesses('flooded')).toBe(0));
});

it('makes a client wait for a process that does not read', async () => {
  await using rig = await ServerRig.start();
  const { stdin, client } = await openCommand(rig.execUrl(['sleep', 'forever', 'deaf']));
  let written = 0;
  while (stdin.write(Buffer.alloc(65_536)) || client.transport.writableLength < 1024 * 1024) {
    written += 65_536;
    await delay(1);
    if (written > 64 * 1024 * 1024) break;
  }
  expect(written).toBeLessThan(32 * 1024 * 1024);
});

it('is not stopped by input that the process does not want', async () => {
  await using rig = await ServerRig.start();
  const { stdin, stdout, error } = await openCommand(rig.execUrl(['echo', 'out', ';', 'exit', '0']));
  for (let count = 0; count < 100; count += 1) stdin.write(Buffer.alloc(10_000));
  expect(await stdout.read()).toBe('out\n');
  expect(await error.read()).toContain('Success');
});

it('gives a terminal its sizes, and merges the outputs', async () => {
  await using rig = await ServerRig.start();
  const { stdout, resize, client } = await openCommand(
    rig.execUrl(['terminal-size'], TERMINAL),
    TERMINAL,
    V4,
  );
  resize.write('{"Width":100,"Height":40}\n');
  await eventually(() => expect(stdout.text).toContain('40 100\n'));
  resize.write('{"Width":1');
  resize.write('20,"Height":50}\n{"Width":0,"Height":0}\nnonsense}{"Width":90,"Height":30}');
  await eventually(() => expect(stdout.text).toContain('30 90\n'));
  client.close();
});

it.each([
  ['closes', (transport: { end(): unknown }) => transport.end()],
  ['breaks', (transport: { destroy(): unknown }) => transport.destroy()],
])('kills a command and its children when the connection %s', async (_sentence, leave) => {
  await using rig = await ServerRig.start();
  const { client } = await openCommand(rig.execUrl(['spawn', 'child', ';', 'sleep', 'forever', 'abandoned']));
  await eventually(() => expect(rig.memory.node.countProcesses('child')).toBe(2));
  leave(client.transport);
  await eventually(() => {
    expect(rig.memory.node.countProcesses('abandoned') + rig.memory.node.countProcesses('child')).toBe(0);
  });
  expect(rig.server.figures.sessions).toBe(0);
});

it('drops an output that the client has reset, and runs on', async () => {
  await using rig = await ServerRig.start();
  const { stdout, stderr, error } = await openCommand(
    rig.execUrl(['flood', '10000000', ';', 'echo-error', 'done']),
  );
  stdout.reset();
  expect(await stderr.read()).toBe('done\n');
  expect(await error.read()).toContain('Success');
});

it('drops the outputs that were not asked for', async () => {
  await using rig = await ServerRig.start();
  const streams = { ...ALL_STREAMS, stdin: false, stdout: false };
  const { stderr, error } = await openCommand(
    rig.execUrl(['flood', '10000000', ';', 'echo-error', 'done'], streams),
    streams,
  );
  expect(await stderr.read()).toBe('done\n');
  expect(await error.read()).toContain('Success');
});

it('does not wait for a child that holds the output open', async () => {
  await using rig = await ServerRig.start();
  const { error } = await openCommand(rig.execUrl(['spawn', 'holds-output', ';', 'exit', '4']));
  expect(await error.read()).toContain('exit code: 4');
});

it('three hundred short commands leave nothing behind', { timeout: 60_000 }, async () => {
  await using rig = await ServerRig.start();
  const one = async (number: number): Promise<void> => {
    const { stdout, error } = await openCommand(rig.execUrl(['echo', String(number)]));
    expect(await stdout.read()).toBe(`${String(number)}\n`);
    expect(await error.read()).toContain('Success');
  };
  for (let number = 0; number < 300; number += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, offset) => one(number + offset)));
  }
  await eventually(() => expect(rig.server.figures).toEqual({ sessions: 0, tokens: 0 }));
  expect(rig.observed.filter((line) => line === 'closed exec spdy ok')).toHaveLength(300);
  expect(rig.warnings()).toEqual([]);
});
