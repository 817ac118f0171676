import { run } from '@crihub/transport/process';
import { expect, it } from 'vitest';
import { commandLine, quoted } from './shell-words.ts';

it.each([
  ['plain words', 'plain words'],
  ["it's", "it's 'quoted' twice"],
  ['what shells would expand', '$HOME `id` "x" \\ * ? # ; | & \n !'],
  ['nothing', ''],
])('keeps %s as they are', async (_sentence, text) => {
  const { stdout } = await run('/bin/busybox', { args: ['sh', '-c', `printf %s ${quoted(text)}`] });
  expect(stdout.toString()).toBe(text);
});

it('refuses what no argument can hold', () => {
  expect(() => quoted('a\0b')).toThrow('null byte');
});

it('makes a command with its environment and directory', async () => {
  const command = commandLine('/bin/sh', { args: ['-c', 'echo "$A $PWD"'], env: { A: "o'k" }, cwd: '/tmp' });
  const { stdout } = await run('/bin/busybox', { args: ['sh', '-c', command] });
  expect(stdout.toString()).toBe("o'k /tmp\n");
});
