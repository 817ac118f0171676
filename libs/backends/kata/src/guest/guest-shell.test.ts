import { PassThrough } from 'node:stream';
import type { SshProcess } from '@crihub/transport/ssh';
import { afterEach, describe, expect, it } from 'vitest';
import { GuestShell } from './guest-shell.ts';
import { localShell } from './testing/local-shell.ts';

const shells: GuestShell[] = [];
afterEach(() => {
  for (const shell of shells.splice(0)) shell.close();
});

function shellOf(open: () => Promise<SshProcess>): GuestShell {
  const shell = new GuestShell({ open });
  shells.push(shell);
  return shell;
}

describe('a shell that stays', () => {
  it.each([
    ['its output', 'echo out; echo err >&2', { status: 0, output: 'out\nerr\n' }],
    ['a failure', 'false', { status: 1, output: '' }],
    ['output without an end of line', 'printf x', { status: 0, output: 'x' }],
    ['output with null bytes', "printf 'a\\0b\\n'", { status: 0, output: 'a\0b\n' }],
    ['a script of several lines', 'for i in 1 2; do\necho $i\ndone', { status: 0, output: '1\n2\n' }],
    ['what reads its input, of which there is none', 'cat; echo end', { status: 0, output: 'end\n' }],
  ])('answers with %s', async (_sentence, script, reply) => {
    expect(await shellOf(localShell).run(script)).toEqual(reply);
  });

  it('answers many at once, each its own', async () => {
    const shell = shellOf(localShell);
    const replies = await Promise.all(Array.from({ length: 50 }, (_, n) => shell.run(`echo ${String(n)}`)));
    expect(replies.map(({ output }) => Number(output))).toEqual(replies.map((_, n) => n));
  });

  it('is started once for all, and again when it has ended', async () => {
    let started = 0;
    const shell = shellOf(async () => {
      started += 1;
      return await localShell();
    });
    await Promise.all([shell.run('true'), shell.run('true')]);
    expect(started).toBe(1);
    await expect(shell.run('exit 3')).rejects.toMatchObject({ kind: 'Unavailable' });
    const again = await Promise.all([shell.run('echo again'), shell.run('echo again')]);
    expect(again).toEqual(Array.from({ length: 2 }, () => ({ status: 0, output: 'again\n' })));
    expect(started).toBe(2);
  });

  it('can be asked again when it could not be started', async () => {
    let refuse = true;
    const shell = shellOf(async () => {
      if (refuse) throw new Error('not now');
      return await localShell();
    });
    await expect(shell.run('true')).rejects.toThrow('not now');
    refuse = false;
    expect((await shell.run('true')).status).toBe(0);
  });
});

describe('a hostile guest', () => {
  it('that answers without end is cut off', async () => {
    const shell = shellOf(localShell);
    await expect(shell.run('cat /dev/zero')).rejects.toMatchObject({ kind: 'ResourceExhausted' });
    expect((await shell.run('true')).status).toBe(0);
  });

  it.each([
    ['what nobody asked', (mark: string) => `${mark}0\n${mark}0\n`],
    ['with a status that is none', (mark: string) => `${mark}zero\n`],
  ])('that answers %s is not believed', async (_sentence, answer) => {
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    const { promise: exited } = Promise.withResolvers<number>();
    stdin.once('data', (script: Buffer) => {
      const token = /%d\\n' ([0-9a-f]+) /.exec(script.toString())?.[1] ?? '';
      stdout.write(answer(`\0${token} `));
    });
    const fake = {
      stdin,
      stdout,
      stderr: new PassThrough(),
      exited,
      resize: () => undefined,
      kill: () => undefined,
    };
    const shell = shellOf(async () => fake);
    const outcome = await Promise.allSettled([shell.run('true'), shell.run('true')]);
    expect(outcome.at(-1)).toMatchObject({ status: 'rejected', reason: { kind: 'Unavailable' } });
  });
});
