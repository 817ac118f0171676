import { access, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from '@crihub/transport/process';
import {
  buildImage,
  containerConfig,
  createContainer,
  CriClient,
  execSync,
  podConfig,
  removeAllPods,
  removePod,
  runPod,
  startContainer,
  startDaemon,
  startFixtureRegistry,
  writeBridgeNetwork,
  writeLayoutTar,
} from '@crihub/tool-fixtures';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildDistribution } from './distribution.ts';

describe('the distribution', () => {
  let directory: string;
  /** Where install.sh put it: the node's root directory. */
  let root: string;

  const deploy = async (script: 'install.sh' | 'uninstall.sh', ...args: string[]): Promise<string> =>
    output(path.join(directory, 'dist/deploy', script), ...args);
  const installed = (name: string): string => path.join(root, 'opt/crihub', name);

  beforeAll(async () => {
    directory = await realpath(await mkdtemp(path.join(tmpdir(), 'crihub-build-')));
    root = path.join(directory, 'node');
    await buildDistribution({ directory: path.join(directory, 'dist'), node: process.execPath });
    await mkdir(path.join(root, 'etc/systemd/system'), { recursive: true });
    await deploy('install.sh', '--root', root);
  });

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it.each(['crihubd', 'crihub'])('has %s, which says its version and what it can do', async (program) => {
    const { version } = JSON.parse(await readFile(installed('package.json'), 'utf8')) as { version: string };
    expect(await output(installed(`bin/${program}`), '--version')).toBe(`${version}\n`);
    expect(await output(installed(`bin/${program}`), '--help')).toContain(`Usage: ${program} `);
  });

  it('keeps what it compiled for its next start', async () => {
    await output(installed('bin/crihub'), '--version');
    expect(await readdir(installed('cache'))).not.toEqual([]);
  });

  it("names what its unit starts, and the node's configuration", async () => {
    const unit = await readFile(path.join(root, 'etc/systemd/system/crihubd.service'), 'utf8');
    expect(unit).toContain('ExecStart=/opt/crihub/bin/crihubd --config /etc/crihub/config.yaml\n');
    const config = path.join(root, 'etc/crihub/config.yaml');
    expect(await output(installed('bin/crihubd'), 'config', 'check', config)).toContain('is valid');
  });

  it('loads and pulls an image, runs a pod on crun and executes in it', { timeout: 120_000 }, async () => {
    await using started = new AsyncDisposableStack();
    const archive = path.join(directory, 'busybox.tar');
    const image = await buildImage('busybox');
    await writeLayoutTar(archive, [image]);
    const { certsDirectory } = started.use(
      await startFixtureRegistry(path.join(directory, 'registry'), [image]),
    );
    const network = await writeBridgeNetwork(path.join(directory, 'cni'), {
      name: 'crihub-build-test',
      bridge: 'crihub-bt0',
      subnet: '10.94.0.0/16',
    });
    started.defer(async () => network.remove());
    const socket = path.join(directory, 'crihub.sock');
    const config = path.join(directory, 'config.yaml');
    await writeFile(
      config,
      JSON.stringify({
        socket,
        stateDirectory: path.join(directory, 'state'),
        runDirectory: path.join(directory, 'run'),
        metrics: { address: 'off' },
        nri: { socket: 'off' },
        images: { registryConfigDirectory: certsDirectory },
        network: {
          confDirectory: network.configDirectory,
          binDirectories: [network.pluginDirectory],
          cacheDirectory: path.join(directory, 'cni-results'),
        },
        handlers: { crun: { backend: 'runc', runtime: 'crun' } },
        defaultHandler: 'crun',
      }),
    );
    started.use(
      await startDaemon({
        name: 'crihubd',
        program: installed('bin/crihubd'),
        args: ['--config', config],
        socket,
        logFile: path.join(directory, 'crihubd.log'),
      }),
    );
    const cri = started.use(new CriClient(socket));
    started.defer(async () => removeAllPods(cri));
    await output(installed('bin/crihub'), '--socket', socket, 'images', 'load', archive);
    await output(installed('bin/crihub'), '--socket', socket, 'images', 'pull', image.reference);

    const pod = podConfig('bundled', path.join(directory, 'logs'));
    const podId = await runPod(cri, pod, 'crun');
    const command = ['sleep', '1000'];
    const container = containerConfig('hello', image.reference, command);
    const containerId = await createContainer(cri, podId, container, pod);
    await startContainer(cri, containerId);
    const { exitCode, stdout } = await execSync(cri, containerId, ['hostname']);
    expect({ exitCode, stdout: stdout.toString() }).toEqual({ exitCode: 0, stdout: 'bundled\n' });
    await removePod(cri, podId);
  });

  it("keeps the operator's configuration when it is installed again, with its programs replaced", async () => {
    const config = path.join(root, 'etc/crihub/config.yaml');
    await writeFile(config, 'logLevel: debug\n');
    await writeFile(installed('left-over.mjs'), '');
    await deploy('install.sh', '--root', root);
    expect(await readFile(config, 'utf8')).toBe('logLevel: debug\n');
    await expect(access(installed('left-over.mjs'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(access(installed('crihubd.mjs'))).resolves.toBeUndefined();
  });

  it('changes nothing when it is only asked what it would do', async () => {
    const untouched = path.join(directory, 'untouched');
    expect(await deploy('install.sh', '--root', untouched, '--dry-run')).toContain('would run: cp');
    await expect(access(untouched)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await deploy('uninstall.sh', '--root', root, '--dry-run')).toContain('would run: rm');
    await expect(access(installed('crihubd.mjs'))).resolves.toBeUndefined();
  });

  it('is not uninstalled while there are pods', async () => {
    const sandbox = path.join(root, 'var/lib/crihub/sandboxes', 'a'.repeat(64));
    await mkdir(sandbox, { recursive: true });
    await expect(deploy('uninstall.sh', '--root', root)).rejects.toThrow('there are 1 pods');
    await rm(sandbox, { recursive: true });
  });

  it('leaves the node as it was when it is uninstalled, which may be repeated', async () => {
    await deploy('uninstall.sh', '--root', root);
    await deploy('uninstall.sh', '--root', root);
    const left = await output('find', root, '-not', '-type', 'd');
    expect(left).toBe('');
  });

  it.each(['install.sh', 'uninstall.sh'] as const)('explains %s', async (script) => {
    expect(await deploy(script, '--help')).toContain(`usage: deploy/${script} `);
    await expect(deploy(script, '--no-such-option')).rejects.toThrow('there is no option --no-such-option');
  });
});

async function output(program: string, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(program, { args, timeoutMs: 60_000 });
  if (exitCode !== 0) throw new Error(`${program} ended with ${String(exitCode)}: ${stderr.toString()}`);
  return stdout.toString();
}
