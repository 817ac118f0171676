import type { EngineSettings } from '@crihub/transport/docker-engine';

/** Why pods can't run on an engine that answers. */
export interface Unfit {
  readonly reason: string;
  readonly message: string;
}

export interface WantedSettings {
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
  readonly runtime?: string | undefined;
}

/** Compares what the engine was set to with what its pods need; `undefined` if all is well. */
export function unfitSettings(
  { CgroupDriver: driver, Runtimes: runtimes }: EngineSettings,
  { cgroupDriver, runtime }: WantedSettings,
): Unfit | undefined {
  if (driver !== cgroupDriver) {
    const message = `Docker Engine makes cgroups with ${driver}, and this node's pods are to have theirs from ${cgroupDriver}: start dockerd with --exec-opt native.cgroupdriver=${cgroupDriver}, or set cgroupDriver`;
    return { reason: 'CgroupDriverMismatch', message };
  }
  const known = Object.keys(runtimes ?? {});
  // Engines from version 23 on take the shims of containerd without being told them first.
  if (runtime === undefined || known.includes(runtime) || runtime.startsWith('io.containerd.'))
    return undefined;
  const message = `Docker Engine has no runtime ${runtime}; it has ${known.join(', ')}: add it with dockerd --add-runtime`;
  return { reason: 'RuntimeUnknown', message };
}
