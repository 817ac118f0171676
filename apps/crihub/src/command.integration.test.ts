import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  buildImage,
  containerConfig,
  CriClient,
  createContainer,
  type DaemonProcess,
  podConfig,
  removePod,
  runPod,
  startContainer,
  startCrihub,
  startFixtureRegistry,
  writeBridgeNetwork,
  writeLayoutTar,
} from '@crihub/tool-fixtures';
import { run, spawnProcess } from '@crihub/transport/process';
import { RuntimeServiceService, StatusRequest } from '@crihub/wire/cri';

const COMMAND = path.join(import.meta.dirname, 'main.ts');
const BUSYBOX = 'registry.k8s.io/e2e-test-images/busybox:1.29-2';
const PAUSE = 'registry.k8s.io/pause:3.10';
const SCRIPT =
  'echo one; echo two >&2; sleep 0.2; echo three; while [ ! -e /stop ]; do sleep 0.1; done; echo four; exit 3';

/** How many listen to the daemon's events, by its verbose status. */
async function subscribers(cri: CriClient): Promise<number> {
  const { info } = await cri.call(RuntimeServiceService.status, StatusRequest.create({ verbose: true }));
  return (JSON.parse(info['events'] ?? '') as { readonly subscribers: number }).subscribers;
}

describe('the command against the real daemon', () => {
  let directory: string;
  let started: AsyncDisposableStack;
  let daemon: DaemonProcess;

  const crihub = async (...args: readonly string[]): Promise<{ code: number; out: string; err: string }> => {
    const result = await run(process.execPath, { args: [COMMAND, '--socket', daemon.socket, ...args] });
    return { code: result.exitCode, out: result.stdout.toString(), err: result.stderr.toString() };
  };
  const json = async (...args: readonly string[]): Promise<unknown> =>
    JSON.parse((await crihub(...args, '-o', 'json')).out);

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'crihub-command-'));
    started = new AsyncDisposableStack();
    const images = await Promise.all(['busybox', 'pause:3.10'].map(buildImage));
    const registry = started.use(await startFixtureRegistry(path.join(directory, 'registry'), images));
    await writeLayoutTar(path.join(directory, 'busybox.tar'), [await buildImage('busybox')]);
    const network = await writeBridgeNetwork(path.join(directory, 'cni'), {
      name: 'crihub-command-test',
      bridge: 'crihub-cmd0',
      subnet: '10.93.0.0/16',
    });
    started.defer(async () => network.remove());
    const { certsDirectory } = registry;
    daemon = started.use(
      await startCrihub({ directory: path.join(directory, 'crihub'), network, certsDirectory }),
    );
  });

  afterAll(async () => {
    await started.disposeAsync();
    await rm(directory, { recursive: true, force: true });
  });

  describe('images', () => {
    it('pulls, telling how far it is beside the result', async () => {
      const { code, out, err } = await crihub('images', 'pull', PAUSE);
      expect(code, err).toBe(0);
      expect(out).toMatch(/^sha256:[0-9a-f]{64}\n$/);
      expect(err).toContain(`${PAUSE}: resolving\n`);
      expect(err).toMatch(/1 of 1 layers, (\S+B) of \1\n$/);
    });

    it('loads an archive, lists it and removes it', async () => {
      const archive = path.relative(process.cwd(), path.join(directory, 'busybox.tar'));
      const loaded = await crihub('images', 'load', archive);
      expect(loaded.code, loaded.err).toBe(0);
      expect(loaded.out).toContain(BUSYBOX);
      const listed = (await json('images')) as readonly { id: string; tags: readonly string[] }[];
      const image = listed.find(({ tags }) => tags.includes(BUSYBOX));
      expect(image).toMatchObject({ pinned: false });
      expect((await crihub('images', 'rm', image?.id ?? '')).code).toBe(0);
      expect((await crihub('images')).out).not.toContain('busybox');
    });

    it.each([
      ['an archive that is not there', ['load', '/no/such.tar'], 'no file /no/such.tar'],
      ['a directory', ['load', '/tmp'], '/tmp is not a file'],
      ['an image that is not there', ['rm', 'nope:1'], "'crihub images list' shows"],
      ['a name that is none', ['pull', 'Not/Valid'], 'must be lower case'],
      ['a password without a name', ['pull', PAUSE, '--password-stdin'], '--username'],
    ])('refuses %s in a sentence', async (_sentence, args, message) => {
      const { code, err } = await crihub('images', ...args);
      expect(code).toBe(1);
      expect(err).toContain(message);
      expect(err.trimEnd().split('\n').at(-1)).toMatch(/^crihub: /);
    });
  });

  describe('a pod', () => {
    let cri: CriClient;
    let pod: string;
    let container: string;
    let events: Awaited<ReturnType<typeof spawnProcess>>;
    let told = '';

    beforeAll(async () => {
      cri = new CriClient(daemon.socket);
      expect((await crihub('images', 'load', path.join(directory, 'busybox.tar'))).code).toBe(0);
      events = await spawnProcess(process.execPath, { args: [COMMAND, '--socket', daemon.socket, 'events'] });
      events.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
      events.stderr.resume();
      await vi.waitFor(async () => expect(await subscribers(cri)).toBe(1), { timeout: 10_000 });
      const config = podConfig('web', path.join(directory, 'logs'));
      pod = await runPod(cri, config);
      const main = containerConfig('main', BUSYBOX, ['sh', '-c', SCRIPT]);
      container = await createContainer(cri, pod, main, config);
      await startContainer(cri, container);
    });

    afterAll(async () => {
      events.killGroup();
      await events.exited;
      await removePod(cri, pod);
      cri[Symbol.dispose]();
    });

    it('is listed with its handler and address', async () => {
      expect(await json('pods')).toEqual([
        expect.objectContaining({
          id: pod,
          name: 'web',
          namespace: 'crihub',
          handler: 'runc',
          state: 'Ready',
          ips: [expect.stringMatching(/^10\.93\./) as string],
        }),
      ]);
      expect((await crihub('pods')).out).toMatch(
        /^web +crihub +runc +Ready +10\.93\.\S+ +\d+s +[0-9a-f]{13}$/m,
      );
    });

    it('has its container listed while it runs', async () => {
      expect((await crihub('ps')).out).toMatch(
        /^main +web +crihub +\S*busybox\S* +Running +0 +\d+s +[0-9a-f]{13}$/m,
      );
    });

    it.each([
      ['its name', () => 'main'],
      ["its pod's and its name", () => 'web/main'],
      ["its id's beginning", () => container.slice(0, 8)],
    ])('has its container found by %s', async (_sentence, name) => {
      const { code, out, err } = await crihub(
        'exec',
        name(),
        '--',
        'sh',
        '-c',
        'echo out; echo err >&2; exit 7',
      );
      expect({ code, out, err }).toEqual({ code: 7, out: 'out\n', err: 'err\n' });
    });

    it('has a program that takes too long killed', async () => {
      const { code, err } = await crihub('exec', '--timeout', '1', 'main', '--', 'sleep', '60');
      expect(code).toBe(1);
      expect(err).toMatch(/^crihub: .*(1 s|1000 ms|timed out|timeout)/i);
      expect(err).not.toContain('did not answer');
      expect((await crihub('exec', 'main', '--', 'ps')).out).not.toContain('sleep 60');
    });

    it('has an option of a program that lacks its -- explained', async () => {
      const { code, err } = await crihub('exec', 'main', 'ls', '-l');
      expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('put -- before') as string });
    });

    it('has a log of two streams, in their order', async () => {
      expect(await crihub('logs', 'main')).toEqual({ code: 0, out: 'one\nthree\n', err: 'two\n' });
      expect((await crihub('logs', '--tail', '1', 'main')).out).toBe('three\n');
      expect((await crihub('logs', '--tail', '1', '-t', 'main')).out).toMatch(
        /^\d{4}-\S+(Z|\+00:00) three\n$/,
      );
    });

    it('is counted by its handler, and the audit finds nothing', async () => {
      expect(await json('handlers')).toEqual([
        expect.objectContaining({ name: 'runc', default: true, healthy: true, pods: 1, containers: 1 }),
        expect.objectContaining({ name: 'crun', default: false, pods: 0, containers: 0 }),
      ]);
      expect(await json('audit')).toEqual([]);
    });

    it('has its log followed until its container ends', async () => {
      const following = crihub('logs', '-f', 'main');
      expect((await crihub('exec', 'main', '--', 'touch', '/stop')).code).toBe(0);
      expect(await following).toEqual({ code: 0, out: 'one\nthree\nfour\n', err: 'two\n' });
      expect((await crihub('ps', '-a')).out).toMatch(/Exited \(3\)/);
      expect((await crihub('ps')).out).not.toContain('main');
    });

    it('has its life told, by name to the end', async () => {
      await removePod(cri, pod);
      await vi.waitFor(() => expect(told).toMatch(/deleted +pod/), { timeout: 5_000 });
      const lines = told.split('\n').map((line) => line.split(/ +/).slice(1));
      for (const change of ['created', 'started', 'stopped', 'deleted']) {
        expect(lines).toContainEqual([change, 'pod', pod.slice(0, 13), 'crihub/web']);
        expect(lines).toContainEqual([change, 'container', container.slice(0, 13), 'crihub/web/main']);
      }
    });
  });

  it('doctor finds the daemon and its network well', async () => {
    const config = path.join(directory, 'crihub/config.yaml');
    const findings = (await json('doctor', '--config', config)) as readonly Record<string, string>[];
    const of = (name: string): unknown => findings.filter(({ check }) => check === name);
    expect(of('daemon')).toContainEqual({ check: 'daemon', level: 'ok', message: 'NetworkReady' });
    expect(of('network plugin bridge')).toMatchObject([{ level: 'ok' }]);
    expect(of('handler runc')).toMatchObject([{ level: 'ok' }]);
  });
});

it('says that no daemon runs, and how to start one', async () => {
  const result = await run(process.execPath, { args: [COMMAND, '--socket', '/no/such.sock', 'pods'] });
  expect(result.exitCode).toBe(1);
  expect(result.stderr.toString()).toBe(
    "crihub: crihubd is not running: there is no /no/such.sock. Start it with 'systemctl start crihubd' or " +
      "'crihubd', or name its socket with --socket\n",
  );
});
