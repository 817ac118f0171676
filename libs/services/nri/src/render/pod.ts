import { type PodSandbox as WirePod, PodSandbox } from '@crihub/wire/nri';
import type { PodView } from '../model.ts';
import { renderResources } from './resources.ts';

export function renderPod({ sandbox, runtimeHandler, ips, pid, networkNamespace }: PodView): WirePod {
  const { name, namespace, uid } = sandbox.metadata;
  const namespaces = networkNamespace === undefined ? [] : [{ type: 'network', path: networkNamespace }];
  return PodSandbox.create({
    id: sandbox.id,
    name,
    namespace,
    uid,
    labels: { ...sandbox.labels },
    annotations: { ...sandbox.annotations },
    runtimeHandler,
    ips: [...ips],
    pid: pid ?? 0,
    linux: {
      cgroupParent: sandbox.cgroupParent,
      podOverhead: renderResources(sandbox.overhead),
      podResources: renderResources(sandbox.resources),
      namespaces,
    },
  });
}
