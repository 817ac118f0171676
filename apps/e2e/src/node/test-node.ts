import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type BridgeNetwork,
  buildImage,
  type CriClient,
  type FixtureRegistry,
  freePort,
  podConfig,
  pullImage,
  removeAllPods,
  startFixtureRegistry,
  writeBridgeNetwork,
} from '@crihub/tool-fixtures';
import { listMounts } from '@crihub/linux';
import { run } from '@crihub/transport/process';
import { LinuxPodSandboxConfig, type PodSandboxConfig } from '@crihub/wire/cri';
import { prepareHostForCrun } from './crun-host.ts';
import { CrihubDaemon } from './daemon.ts';
import { daemonConfig, type DaemonConfigOptions, type Handlers, ociHandler } from './daemon-config.ts';
import { type LeftoverOptions, leftoversOf, removeCgroups } from './leftovers.ts';

/** Holds a shell and the small tools. */
export const BUSYBOX = 'registry.k8s.io/e2e-test-images/busybox:1.29-2';

export interface TestNodeOptions {
  /** 0 to 99, different for each test file: names the bridge and chooses the subnet. */
  readonly number: number;
  /** runc alone if absent. Given the node's directory, since a handler may need files there. */
  readonly handlers?: (directory: string) => Handlers;
  /** Makes what the daemon needs there before it starts. */
  readonly prepare?: (directory: string) => Promise<void>;
}

/** A node of a test's own: directory, registry, bridge and daemon. Disposing of it removes every trace. */
export class TestNode implements AsyncDisposable {
  readonly directory: string;
  readonly network: BridgeNetwork;
  readonly registry: FixtureRegistry;
  /** What the pods' cgroups are below, in every hierarchy. */
  readonly cgroupParent: string;
  readonly #settings: DaemonConfigOptions;
  readonly #host: AsyncDisposable;
  #daemon: CrihubDaemon | undefined;

  private constructor(settings: DaemonConfigOptions, registry: FixtureRegistry, host: AsyncDisposable) {
    this.#settings = settings;
    this.#host = host;
    this.directory = settings.directory;
    this.network = settings.network;
    this.registry = registry;
    this.cgroupParent = `/${path.basename(settings.directory)}`;
  }

  /** Makes the node and starts its daemon, with busybox pulled. */
  static async start(options: TestNodeOptions): Promise<TestNode> {
    const node = await TestNode.prepare(options);
    try {
      await node.startDaemon();
      await pullImage(node.cri, BUSYBOX);
      return node;
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Makes the node without starting its daemon. */
  static async prepare({ number, handlers, prepare }: TestNodeOptions): Promise<TestNode> {
    const directory = await mkdtemp(path.join(tmpdir(), 'crihub-e2e-'));
    // The root of a user namespace is nobody here, and must get through.
    await chmod(directory, 0o711);
    const images = [await buildImage('busybox')];
    const registry = await startFixtureRegistry(path.join(directory, 'registry'), images);
    const network = await writeBridgeNetwork(path.join(directory, 'cni'), {
      name: 'e2e',
      bridge: `crihub-e${String(number)}`,
      subnet: `10.${String(100 + number)}.0.0/16`,
    });
    const configured = handlers?.(directory) ?? { runc: ociHandler(directory, 'runc') };
    const settings: DaemonConfigOptions = {
      directory,
      network,
      certsDirectory: registry.certsDirectory,
      handlers: configured,
      defaultHandler: Object.keys(configured)[0] ?? '',
      metricsAddress: `127.0.0.1:${String(await freePort())}`,
    };
    await prepare?.(directory);
    const usesCrun = Object.values(configured).some(({ runtime }) => runtime === 'crun');
    const host = usesCrun ? await prepareHostForCrun() : { [Symbol.asyncDispose]: async () => undefined };
    return new TestNode(settings, registry, host);
  }

  /** What the daemon reads when it is asked to, in place of what it started with. */
  async writeConfiguration(text: string): Promise<void> {
    await writeFile(this.configuration, text);
  }

  get configuration(): string {
    return path.join(this.directory, 'config.yaml');
  }

  get daemon(): CrihubDaemon {
    if (this.#daemon === undefined) throw new Error('the daemon is not running: call startDaemon');
    return this.#daemon;
  }

  get cri(): CriClient {
    return this.daemon.cri;
  }

  /** @throws FailedPrecondition with its last words if it does not come up. */
  async startDaemon(
    change: { readonly crashAt?: string } & Partial<DaemonConfigOptions> = {},
  ): Promise<void> {
    const { crashAt, ...settings } = change;
    await writeFile(this.configuration, daemonConfig({ ...this.#settings, ...settings }));
    const { directory, configuration } = this;
    const crash = crashAt === undefined ? {} : { crashAt };
    this.#daemon = await CrihubDaemon.start({ directory, configuration, ...crash });
  }

  async stopDaemon(): Promise<void> {
    await this.#daemon?.stop();
    this.#daemon = undefined;
  }

  async killDaemon(): Promise<void> {
    await this.#daemon?.kill();
    this.#daemon = undefined;
  }

  /** A pod as the kubelet makes it: with a log directory that is there, and a cgroup of its own. */
  async podConfig(name: string): Promise<PodSandboxConfig> {
    const unique = `${name}-${randomBytes(3).toString('hex')}`;
    const logDirectory = path.join(this.directory, 'logs', unique);
    await mkdir(logDirectory, { recursive: true });
    const config = podConfig(name, logDirectory);
    const linux = LinuxPodSandboxConfig.create({
      ...config.linux,
      cgroupParent: `${this.cgroupParent}/${unique}`,
    });
    return { ...config, linux };
  }

  /** The daemon's metrics as Prometheus gets them. */
  async metrics(): Promise<string> {
    return await (await fetch(`http://${this.#settings.metricsAddress}/metrics`)).text();
  }

  /** What is on the machine of pods that should be gone; a sentence each. */
  async leftovers(options: LeftoverOptions = {}): Promise<readonly string[]> {
    return await leftoversOf(this, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using cleanup = new AsyncDisposableStack();
    cleanup.defer(async () => await rm(this.directory, { recursive: true, force: true }));
    cleanup.defer(async () => await unmountUnder(this.directory));
    cleanup.defer(async () => await this.network.remove());
    cleanup.use(this.#host);
    cleanup.defer(async () => await removeCgroups(this.cgroupParent));
    cleanup.use(this.registry);
    cleanup.defer(async () => await this.stopDaemon());
    if (this.#daemon === undefined) await this.startDaemon();
    await removeAllPods(this.cri);
  }
}

/** The directory of pinned namespaces stays a mount; after a failed test there may be more. */
async function unmountUnder(directory: string): Promise<void> {
  for (const { target } of (await listMounts(directory)).toReversed())
    await run('umount', { args: ['--lazy', target] });
}
