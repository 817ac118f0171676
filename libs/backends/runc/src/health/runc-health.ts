import { stat } from 'node:fs/promises';
import type { BackendHealth, Capabilities } from '@crihub/contract';
import { describeError, reasonOf, RuntimeError } from '@crihub/kernel';
import type { Executor } from '@crihub/service-oci-containers';
import {
  capabilitiesOf,
  featuresOfVersion,
  type HostFeatures,
  parseFeatures,
  runtimeMessage,
} from '@crihub/service-sandbox';
import type { Programs } from './programs.ts';

export interface RuncHealthDependencies {
  readonly executor: Executor;
  readonly programs: Programs;
  readonly features: HostFeatures;
  /** Controllers that the unified hierarchy of a host with cgroup v1 has taken; none with v2. */
  readonly stolenControllers: readonly string[];
}

interface Probe {
  /** Changes when one of the programs is replaced. */
  readonly key: string;
  readonly version: string;
  readonly capabilities: Capabilities;
}

const PROBE_TIMEOUT_MS = 10_000;

/** Whether the runtime and conmon are there and work; asked again when they were replaced. */
export class RuncHealth {
  readonly #dependencies: RuncHealthDependencies;
  #last: Probe | undefined;

  constructor(dependencies: RuncHealthDependencies) {
    this.#dependencies = dependencies;
  }

  async check(signal: AbortSignal): Promise<BackendHealth> {
    signal.throwIfAborted();
    try {
      const { version, capabilities } = await this.#probe(signal);
      return { healthy: true, version, capabilities };
    } catch (error) {
      signal.throwIfAborted();
      const last = this.#last && { version: this.#last.version, capabilities: this.#last.capabilities };
      return {
        healthy: false,
        reason: reasonOf(error) ?? 'RuntimeUnusable',
        message: describeError(error),
        ...last,
      };
    }
  }

  async #probe(signal: AbortSignal): Promise<Probe> {
    const { programs, features: host } = this.#dependencies;
    const [runtime, conmon, pause] = await Promise.all([
      programs.runtime(),
      programs.conmon(),
      programs.pause().catch(() => undefined), // only pods that share a PID namespace need it
    ]);
    const key = await identityOf([runtime, conmon, ...(pause === undefined ? [] : [pause])]);
    if (this.#last?.key === key) return this.#last;
    const [runtimeVersion, conmonVersion, told] = await Promise.all([
      this.#firstLine(runtime, '--version', signal),
      this.#firstLine(conmon, '--version', signal),
      this.#output(runtime, 'features', signal),
    ]);
    this.#refuseHybrid(runtimeVersion);
    const features = parseFeatures(told) ?? featuresOfVersion(runtimeVersion);
    const version = `${runtimeVersion}, ${conmonVersion}`;
    const capabilities = { ...capabilitiesOf(host, features), sharedPid: pause !== undefined };
    this.#last = { key, version, capabilities };
    return this.#last;
  }

  /** crun does not run containers at all on such a host. */
  #refuseHybrid(version: string): void {
    const { stolenControllers } = this.#dependencies;
    if (!version.startsWith('crun') || stolenControllers.length === 0) return;
    const names = stolenControllers.join(',');
    throw new RuntimeError(
      'Unavailable',
      `crun can't run on this host: its cgroups are of version 1, but the unified hierarchy has taken ${names}; ` +
        `mount them (mount -t cgroup -o ${names} cgroup /sys/fs/cgroup/${stolenControllers[0] ?? ''}) or use runc`,
      { reason: 'HybridCgroups' },
    );
  }

  async #firstLine(program: string, argument: string, signal: AbortSignal): Promise<string> {
    const { exitCode, stdout, stderr } = await this.#run(program, argument, signal);
    const line = stdout.toString().split('\n')[0]?.trim() ?? '';
    if (exitCode === 0 && line !== '') return line;
    const problem = runtimeMessage(stderr.toString());
    throw new RuntimeError(
      'Unavailable',
      `${program} ${argument} failed with exit code ${String(exitCode)}: ${problem}`,
    );
  }

  async #output(program: string, argument: string, signal: AbortSignal): Promise<string> {
    return (await this.#run(program, argument, signal)).stdout.toString();
  }

  #run(program: string, argument: string, signal: AbortSignal): ReturnType<Executor['run']> {
    return this.#dependencies.executor.run(program, {
      args: [argument],
      timeoutMs: PROBE_TIMEOUT_MS,
      signal,
    });
  }
}

async function identityOf(paths: readonly string[]): Promise<string> {
  const status = await Promise.all(paths.map((path) => stat(path, { bigint: true })));
  return status.map(({ ino, mtimeNs }) => `${String(ino)}:${String(mtimeNs)}`).join(' ');
}
