import { applyCdiEdits } from '../cdi/apply-edits.ts';
import type { OciLinux, OciSpec } from '../oci-spec.ts';
import { identityAnnotations } from './annotations.ts';
import { deviceNodes, deviceRules } from './devices.ts';
import { mountLabel } from './labels.ts';
import { ociMounts, rootfsPropagation } from './mounts.ts';
import { ociNamespaces, userMappings } from './namespaces.ts';
import { protectedPaths } from './paths.ts';
import { ociProcess } from './process.ts';
import { ociResources } from './resources.ts';
import type { SpecInput } from './spec-input.ts';
import { containerSysctls } from './sysctls.ts';

const OCI_VERSION = '1.0.2';

/**
 * The config.json of a container. Pure: the same input gives the same specification.
 * @throws InvalidArgument or FailedPrecondition for what the container asks for and the host can't give.
 */
export function buildSpec(input: SpecInput): OciSpec {
  const { container, sandbox, namespaces, cdi } = input;
  const spec: OciSpec = {
    ociVersion: OCI_VERSION,
    process: ociProcess(input),
    root: { path: container.rootfs, readonly: container.security.readonlyRootfs },
    ...(namespaces.uts === 'new' && sandbox.hostname !== '' ? { hostname: sandbox.hostname } : {}),
    mounts: ociMounts(input),
    annotations: identityAnnotations(input),
    linux: ociLinux(input),
  };
  return cdi === undefined ? spec : applyCdiEdits(spec, cdi);
}

function ociLinux(input: SpecInput): OciLinux {
  const { container, sandbox, host, namespaces, devices } = input;
  const { security } = container;
  const propagation = rootfsPropagation(container.mounts);
  const label = mountLabel(security, sandbox, host);
  const confined = input.seccomp !== undefined && host.seccomp && !security.privileged;
  return {
    namespaces: ociNamespaces(namespaces),
    ...userMappings(sandbox, namespaces.user),
    devices: deviceNodes(devices),
    cgroupsPath: input.cgroupsPath,
    resources: ociResources(container.resources, deviceRules(security.privileged, devices), host),
    sysctl: containerSysctls(sandbox.sysctls, namespaces),
    ...(confined ? { seccomp: input.seccomp } : {}),
    ...(propagation === undefined ? {} : { rootfsPropagation: propagation }),
    ...protectedPaths(security),
    ...(label === undefined ? {} : { mountLabel: label }),
  };
}
