import type { ContainerSecurity } from '@crihub/contract';
import { errnoCode, RuntimeError } from '@crihub/kernel';
import { readBoundedFile } from '../bounded-file.ts';
import type { OciSeccomp } from '../oci-spec.ts';
import { containerCapabilities } from '../spec/capabilities.ts';
import type { SpecHost } from '../spec/spec-input.ts';
import { defaultSeccompProfile } from './default-profile.ts';
import { loadSeccompProfile } from './load-profile.ts';
import type { KernelVersion, SeccompContext } from './seccomp-context.ts';

const MAX_PROFILE_BYTES = 4 * 1024 * 1024;

export type SeccompHost = Pick<SpecHost, 'capabilities' | 'seccomp'> & {
  /** Go's name, as from `hostArchitecture()`. */
  readonly architecture: string;
  readonly kernelVersion: KernelVersion;
};

/**
 * The filter that a container gets; nothing if it is unconfined or privileged. On a host without
 * seccomp RuntimeDefault is nothing too.
 * @throws FailedPrecondition for a profile of the node that is missing, unreadable or can't be enforced;
 *   InvalidArgument for one that is not valid.
 */
export async function resolveSeccomp(
  security: ContainerSecurity,
  host: SeccompHost,
): Promise<OciSeccomp | undefined> {
  const { seccomp, privileged } = security;
  if (seccomp.type === 'unconfined' || privileged) return undefined;
  const context: SeccompContext = {
    architecture: host.architecture,
    capabilities: containerCapabilities(security, host).bounding,
    kernelVersion: host.kernelVersion,
  };
  if (seccomp.type === 'runtimeDefault') return host.seccomp ? defaultSeccompProfile(context) : undefined;
  if (!host.seccomp) throw refused(seccomp.path, 'this host does not support seccomp');
  return loadSeccompProfile(await readProfile(seccomp.path), context, seccomp.path);
}

async function readProfile(path: string): Promise<string> {
  try {
    return await readBoundedFile(path, MAX_PROFILE_BYTES, { followLink: true });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw refused(path, errnoCode(cause) === 'ENOENT' ? 'there is no such file on the node' : message, cause);
  }
}

const refused = (path: string, problem: string, cause?: unknown): RuntimeError =>
  new RuntimeError('FailedPrecondition', `the seccomp profile ${path} can't be used: ${problem}`, {
    operation: 'load seccomp profile',
    cause,
  });
