import type { Container, Sandbox } from '@crihub/contract';
import {
  buildSpec,
  type CdiEdits,
  type OciRlimit,
  type OciSpec,
  resolveDevices,
  resolveSeccomp,
  type SeccompHost,
  type SpecHost,
} from '@crihub/service-oci';
import { containerNamespaces, type NamespaceSources } from './container-namespaces.ts';

/** What holds for all containers of a backend. */
export interface ContainerSpecsOptions {
  readonly host: SpecHost & SeccompHost;
  readonly rlimits: readonly OciRlimit[];
}

/** Looks CDI device names up; the registry of the OCI service has this shape. */
export interface CdiResolver {
  resolve(names: readonly string[]): Promise<CdiEdits | undefined>;
}

/** Makes the OCI specification of a container, with what must be looked up on the machine for it. */
export class ContainerSpecs {
  readonly #options: ContainerSpecsOptions;
  readonly #cdi: CdiResolver;

  constructor(options: ContainerSpecsOptions, { cdi }: { readonly cdi: CdiResolver }) {
    this.#options = options;
    this.#cdi = cdi;
  }

  /** @throws InvalidArgument or FailedPrecondition for what can't be had on this machine. */
  async build(
    container: Container,
    sandbox: Sandbox,
    cgroupsPath: string,
    sources: Omit<NamespaceSources, 'cgroupVersion'>,
  ): Promise<OciSpec> {
    const { host, rlimits } = this.#options;
    const [seccomp, devices, cdi] = await Promise.all([
      resolveSeccomp(container.security, host),
      resolveDevices(container),
      this.#cdi.resolve(container.cdiDevices),
    ]);
    const { shm } = sources.paths;
    return buildSpec({
      container,
      sandbox,
      host,
      namespaces: containerNamespaces(container, { ...sources, cgroupVersion: host.cgroupVersion }),
      cgroupsPath,
      ...(shm === undefined ? {} : { shmPath: shm }),
      ...(seccomp === undefined ? {} : { seccomp }),
      ...(cdi === undefined ? {} : { cdi }),
      devices,
      rlimits,
    });
  }
}
