import type { Container } from '@crihub/contract';
import { type ContainerAdjustment, Field, type LinuxContainerAdjustment } from '@crihub/wire/nri';
import { type Claim, integer, invalid, unsupported } from './claim.ts';
import { cdiClaims, deviceClaims } from './device-claims.ts';
import { mountClaims } from './mount-claims.ts';
import { annotationClaims, argumentClaims, environmentClaims, rlimitClaims } from './process-claims.ts';
import { resourceClaims } from './resource-claims.ts';

/**
 * All that a plugin changes in a container in the making.
 * @throws Unimplemented for what the domain of crihub does not have, InvalidArgument for what makes no sense.
 */
export function containerClaims(adjust: ContainerAdjustment | undefined): readonly Claim<Container>[] {
  if (adjust === undefined) return [];
  refuseUnsupported(adjust);
  const { linux } = adjust;
  return [
    ...annotationClaims(adjust.annotations),
    ...mountClaims(adjust.mounts),
    ...environmentClaims(adjust.env),
    ...argumentClaims(adjust.args),
    ...rlimitClaims(adjust.rlimits),
    ...cdiClaims(adjust.CDIDevices),
    ...deviceClaims(linux?.devices ?? []),
    ...resourceClaims(linux?.resources).map(onContainer),
    ...oomScoreClaims(linux?.oomScoreAdj),
  ];
}

const onContainer = ({ apply, ...claim }: ReturnType<typeof resourceClaims>[number]): Claim<Container> => ({
  ...claim,
  apply: (container) => ({ ...container, resources: apply(container.resources) }),
});

function oomScoreClaims(wire: { readonly value: bigint } | undefined): readonly Claim<Container>[] {
  if (wire === undefined) return [];
  const oomScoreAdj = integer(wire.value, 'oom_score_adj');
  if (oomScoreAdj < -1000 || oomScoreAdj > 1000)
    throw invalid(`oom_score_adj is ${String(oomScoreAdj)}; it goes from -1000 to 1000`);
  const apply = (container: Container): Container => ({
    ...container,
    resources: { ...container.resources, oomScoreAdj },
  });
  return [{ field: Field.OomScoreAdj, change: 'set', apply }];
}

function refuseUnsupported({ hooks, linux }: ContainerAdjustment): void {
  if (Object.values(hooks ?? {}).some((list: readonly unknown[]) => list.length > 0))
    throw unsupported('hooks of the OCI runtime');
  if (linux === undefined) return;
  const found = UNSUPPORTED.find(({ isSet }) => isSet(linux));
  if (found !== undefined) throw unsupported(found.what);
}

/** What an OCI runtime could be told, and the contract with backends has no word for. */
const UNSUPPORTED: readonly {
  readonly what: string;
  readonly isSet: (linux: LinuxContainerAdjustment) => boolean;
}[] = [
  { what: "the container's cgroup path", isSet: ({ cgroupsPath }) => cgroupsPath !== '' },
  { what: 'the I/O priority', isSet: ({ ioPriority }) => ioPriority !== undefined },
  { what: 'the seccomp policy', isSet: ({ seccompPolicy }) => seccompPolicy !== undefined },
  { what: 'the namespaces of a container', isSet: ({ namespaces }) => namespaces.length > 0 },
  { what: 'kernel parameters of a container', isSet: ({ sysctl }) => Object.keys(sysctl).length > 0 },
  { what: 'network devices of a container', isSet: ({ netDevices }) => Object.keys(netDevices).length > 0 },
  { what: 'the scheduler', isSet: ({ scheduler }) => scheduler !== undefined },
  { what: 'RDT', isSet: ({ rdt }) => rdt !== undefined },
  { what: 'the memory policy', isSet: ({ memoryPolicy }) => memoryPolicy !== undefined },
];
