import type { BackendHealth, Capabilities } from '@crihub/contract';
import { describeError, kindOf } from '@crihub/kernel';
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
import { type ContainerdOptions, RUNC_SHIM } from '../options.ts';

export interface ContainerdHealthDependencies {
  readonly connection: GrpcConnection;
  readonly features: HostFeatures;
}

interface Probe {
  readonly version: string;
  readonly capabilities: Capabilities;
}

const PROBE_TIMEOUT_MS = 5_000;
const NOTHING: RuntimeFeatures = { recursiveReadonlyMounts: false, idmappedMounts: false };

/** Whether containerd answers, and what its runtime can do; the latter is asked once for each start of containerd. */
export class ContainerdHealth {
  readonly #options: ContainerdOptions;
  readonly #dependencies: ContainerdHealthDependencies;
  #last: (Probe & { readonly instance: string }) | undefined;

  constructor(options: ContainerdOptions, dependencies: ContainerdHealthDependencies) {
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
    const capabilities = capabilitiesOf(features, await this.#runtimeFeatures(signal));
    this.#last = { instance, version: `containerd ${number} ${this.#options.runtimeType}`, capabilities };
    return this.#last;
  }

  async #runtimeFeatures(signal: AbortSignal): Promise<RuntimeFeatures> {
    return (await this.#toldFeatures(signal)) ?? (await this.#askedFeatures(signal));
  }

  /** Since 2.0 containerd asks the shim itself. */
  async #toldFeatures(signal: AbortSignal): Promise<RuntimeFeatures | undefined> {
    const request = types.RuntimeRequest.create({ runtimePath: this.#options.runtimeType });
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
    const { runtimeType, runtime } = this.#options;
    if (runtimeType !== RUNC_SHIM) return NOTHING;
    const ask = async (argument: string): Promise<string> =>
      (await run(runtime, { args: [argument], timeoutMs: PROBE_TIMEOUT_MS, signal })).stdout.toString();
    return parseFeatures(await ask('features')) ?? featuresOfVersion(await ask('--version'));
  }
}
