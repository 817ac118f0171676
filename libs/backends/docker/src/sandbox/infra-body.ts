import type { Sandbox } from '@crihub/contract';
import { sandboxLabels } from '../identity.ts';
import { engineCgroupParent } from '../pod-cgroups.ts';

export interface InfraBodyOptions {
  readonly instance: string;
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
  readonly runtime?: string | undefined;
}

/** The request that creates a pod's infra container, which keeps its namespaces and does nothing else. */
export function infraBody(sandbox: Sandbox, image: string, options: InfraBodyOptions): object {
  const { network, ipc, pid } = sandbox.namespaces;
  const onNode = network === 'node';
  return {
    Image: image,
    ...(onNode || sandbox.hostname === '' ? {} : { Hostname: sandbox.hostname }),
    Labels: sandboxLabels(options.instance, sandbox),
    HostConfig: {
      // Without the engine's own networks: the pod's network is the hub's.
      NetworkMode: onNode ? 'host' : 'none',
      UTSMode: onNode ? 'host' : '',
      IpcMode: ipc === 'node' ? 'host' : 'shareable',
      PidMode: pid === 'node' ? 'host' : '',
      Sysctls: sandbox.sysctls,
      CgroupParent: engineCgroupParent(sandbox, options.cgroupDriver),
      ...(options.runtime === undefined ? {} : { Runtime: options.runtime }),
      // The keeper needs nothing but to reap children and to end.
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges=true'],
      ReadonlyRootfs: true,
      LogConfig: { Type: 'none', Config: {} },
      RestartPolicy: { Name: 'no' },
      Init: false,
    },
  };
}
