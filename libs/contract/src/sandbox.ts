import type { SandboxId } from '@crihub/kernel';
import type { SandboxNamespaces } from './namespaces.ts';
import type { Resources } from './resources.ts';
import type { SandboxSecurity } from './security.ts';

export interface PodMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly attempt: number;
}

/** Everything that a backend needs to know of a pod. Plain data: it is stored as JSON. */
export interface Sandbox {
  readonly id: SandboxId;
  readonly metadata: PodMetadata;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Empty with the node's network: the host's name is used. */
  readonly hostname: string;
  readonly namespaces: SandboxNamespaces;
  readonly security: SandboxSecurity;
  readonly sysctls: Readonly<Record<string, string>>;
  /** As the kubelet names it: `/kubepods/pod…`, or `kubepods-pod….slice` with the systemd driver; may be empty. */
  readonly cgroupParent: string;
  readonly overhead: Resources;
  readonly resources: Resources;
  /** Absolute directory of the pod's files, made and removed by the hub. */
  readonly directory: string;
}

/** One interface of a pod as its network plugins left it. */
export interface PodNetworkAttachment {
  readonly interfaceName: string;
  readonly mac?: string;
  readonly mtu?: number;
  /** In CIDR notation, the pod's first address first. */
  readonly addresses: readonly { readonly cidr: string; readonly gateway?: string }[];
  readonly routes: readonly { readonly destination: string; readonly gateway?: string }[];
}
