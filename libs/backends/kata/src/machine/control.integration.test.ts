import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { BackendEvent, Sandbox } from '@crihub/contract';
import { newSshKey, SshConnection } from '@crihub/transport/ssh';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GUEST_DIRECTORY, KataRig } from '../testing/kata-rig.ts';
import { openChannel } from './control-channel.ts';
import { readIdentity } from './identity.ts';
import { machineFiles, type MachineFiles } from './machine-files.ts';

/** Commands at once on a connection; more wait. */
const PLACES = 8;
const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** SSH with a real guest, whose daemon has let go of it. The tests share one machine and build on each other. */
describe('the control channel of a machine', { timeout: 60_000 }, () => {
  let rig: KataRig;
  let sandbox: Sandbox;
  let files: MachineFiles;
  let ssh: SshConnection;
  const connect = async (hostKey?: string): Promise<SshConnection> => {
    const { stream } = await openChannel(files.channel, false, soon());
    stream.write('connect\n');
    const identity = await readIdentity(files.identity);
    const key = hostKey ?? identity.hostKey;
    const options = { server: 'the guest', stream, username: 'root', privateKey: identity.privateKey };
    return await SshConnection.open({ ...options, hostKey: key, maxChannels: PLACES }, soon());
  };
  beforeAll(async () => {
    rig = await KataRig.start();
    sandbox = await rig.makeSandbox();
    await rig.backend.sandboxes.prepare(sandbox, soon());
    await rig.backend.sandboxes.start(sandbox, undefined, soon());
    await rig.backend.close();
    files = machineFiles(join(rig.directory, 'run/pods', sandbox.id.slice(0, 32), 'vm'));
    ssh = await connect();
  }, 150_000);
  afterAll(async () => rig[Symbol.asyncDispose](), 60_000);

  it.each<[string, string, { exitCode: number; stdout: string; stderr: string }]>([
    ['success', 'echo out; echo err >&2', { exitCode: 0, stdout: 'out\n', stderr: 'err\n' }],
    ['a failure, which is a result', 'exit 3', { exitCode: 3, stdout: '', stderr: '' }],
    ['a signal, as the shell counts it', 'kill -KILL $$', { exitCode: 137, stdout: '', stderr: '' }],
    ['its input', 'cat', { exitCode: 0, stdout: 'in', stderr: '' }],
  ])('tells %s of a command', async (_sentence, command, expected) => {
    const { exitCode, stdout, stderr } = await ssh.run(command, { input: 'in' });
    expect({ exitCode, stdout: stdout.toString(), stderr: stderr.toString() }).toEqual(expected);
  });

  it('runs many commands at once and loses the end of none', async () => {
    const runs = Array.from({ length: 40 }, (_, n) => ssh.run(`echo ${String(n)}`));
    const outputs = (await Promise.all(runs)).map(({ stdout }) => Number(stdout));
    expect(outputs).toEqual(outputs.map((_, n) => n));
  });

  it('ends a command though it prints more than is kept, on both outputs', async () => {
    const flood = 'head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero';
    const { exitCode, stdout, stderr } = await ssh.run(flood, { maxOutputBytes: 1000 });
    expect([exitCode, stdout.length, stderr.length]).toEqual([0, 1000, 1000]);
  });

  it('lets go of a command when its time is over', async () => {
    const long = ssh.run('exec sleep 1000', { timeoutMs: 1_000 });
    await expect(long).rejects.toMatchObject({ kind: 'DeadlineExceeded' });
    expect((await ssh.run('true')).exitCode).toBe(0);
  });

  it('has room for others though as many commands hang as it has places', async () => {
    const hanging = Array.from({ length: PLACES }, () => ssh.run('exec sleep 1000', { timeoutMs: 3_000 }));
    const outcomes = await Promise.allSettled(hanging);
    expect(outcomes.map(({ status }) => status)).toEqual(hanging.map(() => 'rejected'));
    expect((await ssh.run('true')).exitCode).toBe(0);
  });

  it('gives a process a terminal that can be resized', async () => {
    const terminal = { width: 80, height: 24 };
    const process = await ssh.spawn('stty size; read x; stty size', { stdin: true, terminal }, soon());
    process.stdout.once('data', () => {
      process.resize({ width: 120, height: 40 });
      process.stdin?.write('\n');
    });
    process.stdout.pause();
    const output = text(process.stdout);
    expect((await output).split(/\r?\n/)).toEqual(expect.arrayContaining(['24 80', '40 120']));
  });

  it('has no port open on the network, and takes random numbers of its own', async () => {
    const { stdout } = await ssh.run(
      'netstat -lntu | grep -c :; cat /proc/sys/kernel/random/boot_id; date +%s',
    );
    const [ports, , seconds] = stdout.toString().trim().split('\n');
    expect(ports).toBe('0');
    expect(Math.abs(Number(seconds) - Date.now() / 1000)).toBeLessThan(60);
  });

  it('fails all that is on it when it is cut, and can be made anew', async () => {
    const running = ssh.run('sleep 1000');
    running.catch(() => undefined);
    await ssh.run('true');
    await ssh.close();
    await expect(running).rejects.toMatchObject({ kind: 'Unavailable' });
    ssh = await connect();
    expect((await ssh.run('true')).exitCode).toBe(0);
  });

  it('refuses a guest with another host key', async () => {
    await ssh.close();
    const { publicKey } = await newSshKey();
    await expect(connect(publicKey)).rejects.toMatchObject({ kind: 'Unavailable' });
  });

  it('tells of a panic of the guest, after which nothing is left', async () => {
    ssh = await connect();
    await ssh.run('(sleep 10; echo c > /proc/sysrq-trigger) > /dev/null 2>&1 &');
    await ssh.close();
    const backend = await rig.reopen();
    const stop = new AbortController();
    const seen: BackendEvent['type'][] = [];
    const events = backend.events(stop.signal);
    const listening = (async () => {
      for await (const { type } of events) seen.push(type);
    })();
    await expect.poll(() => seen, { timeout: 30_000 }).toEqual(['sandboxExited']);
    stop.abort();
    await listening;
    await backend.sandboxes.remove(sandbox.id, soon());
    expect(await rig.leaks()).toEqual([]);
  });
});

it(
  'starts a machine that does not boot once more, and tells its last words',
  { timeout: 150_000 },
  async () => {
    const guestDirectory = await mkdtemp(join(tmpdir(), 'crihub-guest-'));
    await symlink(join(GUEST_DIRECTORY, 'vmlinux'), join(guestDirectory, 'vmlinux'));
    await writeFile(join(guestDirectory, 'initramfs'), 'no archive');
    await using rig = await KataRig.start({ guestDirectory });
    const sandbox = await rig.makeSandbox();
    await rig.backend.sandboxes.prepare(sandbox, soon());
    await expect(
      rig.backend.sandboxes.start(sandbox, undefined, AbortSignal.timeout(120_000)),
    ).rejects.toMatchObject({
      kind: 'Unavailable',
      message: expect.stringContaining('Kernel panic') as unknown,
    });
    await rig.backend.sandboxes.remove(sandbox.id, soon());
    expect(await rig.leaks()).toEqual([]);
    await rm(guestDirectory, { recursive: true });
  },
);
