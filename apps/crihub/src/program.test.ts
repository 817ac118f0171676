import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { makeProgram } from './program.ts';

const program = (): Command =>
  makeProgram({ stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() });

const allCommands = (command: Command): readonly Command[] => [
  command,
  ...command.commands.flatMap(allCommands),
];

const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

describe('--help', () => {
  it.each(allCommands(program()).map((command) => [pathOf(command), command] as const))(
    'of %s says what it does and shows examples of it',
    (path, command) => {
      const help = helpOf(command);
      expect(help).toMatch(/\nExamples:\n/);
      expect(help.split('Examples:')[1]).toContain(path);
      expect(command.description()).not.toBe('');
      expect(help).toContain('--socket');
    },
  );
});

it.each([
  ['a path', ['--socket', '/no/a.sock'], {}, '/no/a.sock'],
  ['after the command', ['-o', 'json', '--socket', '/no/a.sock'], {}, '/no/a.sock'],
  ['as crictl takes it', ['--socket', 'unix:///no/a.sock'], {}, '/no/a.sock'],
  ['from the environment', [], { CRIHUB_SOCKET: 'unix:///no/b.sock' }, '/no/b.sock'],
])('the socket: %s', async (_sentence, args, environment, path) => {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  try {
    const parsed = program().parseAsync(['pods', ...args], { from: 'user' });
    await expect(parsed).rejects.toThrow(`there is no ${path}. Start it`);
  } finally {
    vi.unstubAllEnvs();
  }
});
