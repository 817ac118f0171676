import type { BackendHealth, Capabilities } from '@crihub/contract';
import { describeError, kindOf, RuntimeError } from '@crihub/kernel';
import {
  capabilitiesOf,
  featuresOfVersion,
  type HostFeatures,
  parseFeatures,
  type RuntimeFeatures,
} from '@crihub/service-sandbox';
import type { GrpcConnection } from '@crihub/transport/grpc-client';
import { run } from '@crihub/transport/process';
import { introspection, types, version } from '@crihub/wire/containerd';
import { type RuntimeChoice, runtimeOf } from '../api/runtime-options.ts';
import { type ContainerdOptions, ociRuntimeOf, RUNC_SHIM, snapshotterOf } from '../options.ts';

export type ContainerdHealthOptions = ContainerdOptions & RuntimeChoice;

export interface ContainerdHealthDependencies {
  readonly connection: GrpcConnection;
  readonly features: HostFeatures;
}

interface Probe {
  readonly version: string;
  readonly capabilities: Capabilities;
}

const PROBE_TIMEOUT_MS = 5_000;
const ROOT = { uid: 0, gid: 0 };
const NOTHING: RuntimeFeatures = { recursiveReadonlyMounts: false, idmappedMounts: false };

/** Whether containerd answers, and what its runtime can do; the latter is asked once for each start of containerd. */
export class ContainerdHealth {
  readonly #options: ContainerdHealthOptions;
  readonly #dependencies: ContainerdHealthDependencies;
  #last: (Probe & { readonly instance: string }) | undefined;

  constructor(options: ContainerdHealthOptions, dependencies: ContainerdHealthDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  async check(signal: AbortSignal): Promise<BackendHealth> {
    signal.throwIfAborted();
    try {
      const { version: text, capabilities } = await this.#probe(signal);
      return { healthy: true, version: text, capabilities };
    } catch (error) {
      signal.throwIfAborted();
      const last = this.#last && { version: this.#last.version, capabilities: this.#last.capabilities };
      const unreachable = ['Unavailable', 'DeadlineExceeded'].includes(kindOf(error));
      const reason = unreachable ? 'ContainerdUnreachable' : 'RuntimeUnusable';
      return { healthy: false, reason, message: describeError(error), ...last };
    }
  }

  async #probe(signal: AbortSignal): Promise<Probe> {
    const { connection, features } = this.#dependencies;
    const timeout = { timeoutMs: Math.min(PROBE_TIMEOUT_MS, this.#options.callTimeoutMs) };
    const [{ version: number }, { uuid, pid }] = await Promise.all([
      connection.call(version.VersionService.version, {}, signal, timeout),
      connection.call(introspection.IntrospectionService.server, {}, signal, timeout),
    ]);
    const instance = `${uuid} ${String(pid)} ${number}`;
    if (this.#last?.instance === instance) return this.#last;
    const snapshotter = snapshotterOf(this.#options);
    if (snapshotter !== undefined) await this.#requireSnapshotter(snapshotter, signal);
    const host = capabilitiesOf(features, await this.#runtimeFeatures(signal));
    // Snapshots have the owners that the image has.
    const capabilities = snapshotter === undefined ? host : { ...host, userNamespaces: false };
    this.#last = { instance, version: `containerd ${number} ${this.#options.runtimeType}`, capabilities };
    return this.#last;
  }

  async #requireSnapshotter(name: string, signal: AbortSignal): Promise<void> {
    const filters = [`type==io.containerd.snapshotter.v1,id==${name}`];
    const { connection } = this.#dependencies;
    const { plugins } = await connection.call(
      introspection.IntrospectionService.plugins,
      { filters },
      signal,
    );
    const [plugin] = plugins;
    if (plugin !== undefined && plugin.initErr === undefined) return;
    const problem = plugin?.initErr?.message ?? 'containerd has no such plugin';
    throw new RuntimeError('FailedPrecondition', `can't use the snapshotter ${name}: ${problem}`);
  }

  async #runtimeFeatures(signal: AbortSignal): Promise<RuntimeFeatures> {
    return (await this.#toldFeatures(signal)) ?? (await this.#askedFeatures(signal));
  }

  /** Since 2.0 containerd asks the shim itself. */
  async #toldFeatures(signal: AbortSignal): Promise<RuntimeFeatures | undefined> {
    // The options name the OCI runtime whose features the shim tells.
    const { name: runtimePath, options: choice } = runtimeOf(this.#options, ROOT);
    const request = types.RuntimeRequest.create({ runtimePath, options: choice });
    const options = {
      typeUrl: 'containerd.types.RuntimeRequest',
      value: Buffer.from(types.RuntimeRequest.encode(request).finish()),
    };
    try {
      const { extra } = await this.#dependencies.connection.call(
        introspection.IntrospectionService.pluginInfo,
        { type: 'io.containerd.runtime.v2', id: 'task', options },
        signal,
      );
      if (extra === undefined) return undefined;
      return parseFeatures(types.RuntimeInfo.decode(extra.value).features?.value.toString() ?? '');
    } catch (error) {
      if (kindOf(error) === 'Unavailable') throw error;
      return undefined; // an older containerd, or a shim that can't tell
    }
  }

  async #askedFeatures(signal: AbortSignal): Promise<RuntimeFeatures> {
    if (this.#options.runtimeType !== RUNC_SHIM) return NOTHING;
    const runtime = ociRuntimeOf(this.#options);
    const ask = async (argument: string): Promise<string> =>
      (await run(runtime, { args: [argument], timeoutMs: PROBE_TIMEOUT_MS, signal })).stdout.toString();
    return parseFeatures(await ask('features')) ?? featuresOfVersion(await ask('--version'));
  }
}
