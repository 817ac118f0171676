import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '@crihub/transport/process';

/* The completions in the shells that they are for. */

const COMMAND = path.join(import.meta.dirname, '../main.ts');
let directory: string;

const output = async (program: string, ...args: readonly string[]): Promise<string> => {
  const { exitCode, stdout, stderr } = await run(program, { args });
  if (exitCode !== 0) throw new Error(`${program}: ${stderr.toString()}`);
  return stdout.toString();
};

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'crihub-completion-'));
  for (const shell of ['bash', 'zsh', 'fish'])
    await writeFile(
      path.join(directory, shell),
      await output(process.execPath, COMMAND, 'completion', shell),
    );
});
afterAll(async () => await rm(directory, { recursive: true }));

/** What bash offers for the last of the words. */
async function bash(...words: readonly string[]): Promise<readonly string[]> {
  const list = words.map((word) => `'${word}'`).join(' ');
  const script = `. ${path.join(directory, 'bash')}; COMP_WORDS=(${list}); COMP_CWORD=${String(words.length - 1)}; _crihub; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return (await output('bash', '-c', script)).split('\n').filter(Boolean);
}

const fish = async (line: string): Promise<readonly string[]> =>
  (await output('fish', '--no-config', '-c', `source ${path.join(directory, 'fish')}; complete -C '${line}'`))
    .split('\n')
    .map((offer) => offer.split('\t')[0] ?? '')
    .filter(Boolean);

it.each<[readonly string[], readonly string[]]>([
  [['crihub', 'po'], ['pods']],
  [['crihub', 'images', 'pu'], ['pull']],
  [['crihub', '-o', 'json', 'images', 'pu'], ['pull']],
  [
    ['crihub', 'pods', '-o', ''],
    ['table', 'json'],
  ],
  [['crihub', 'images', 'pull', '--so'], ['--socket']],
])('bash: %j', async (words, offers) => {
  expect(await bash(...words)).toEqual(offers);
});

it.each<[string, readonly string[]]>([
  ['crihub po', ['pods']],
  ['crihub images pu', ['pull']],
  ['crihub pods -o ', ['json', 'table']],
  ['crihub images pull --so', ['--socket']],
])('fish: %s', async (line, offers) => {
  expect(await fish(line)).toEqual(offers);
});

it('zsh takes its script, and knows the command by it', async () => {
  const script = `autoload -U compinit && compinit -u -d ${path.join(directory, 'dump')}; source ${path.join(directory, 'zsh')}; print $_comps[crihub]`;
  expect(await output('zsh', '-f', '-c', script)).toContain('_crihub');
});
