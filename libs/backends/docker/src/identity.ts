import type { Container, Sandbox } from '@crihub/contract';
import { type ContainerId, parseContainerId, parseSandboxId, type SandboxId } from '@crihub/kernel';

const INSTANCE = 'io.crihub.instance';
const KIND = 'io.crihub.kind';
const ID = 'io.crihub.id';
const SANDBOX = 'io.crihub.sandbox';
const RECORD = 'io.crihub.record';

type Labels = Readonly<Record<string, string>>;

/** Names make creation repeatable: the engine takes each once. */
export const sandboxName = (id: SandboxId): string => `crihub-pod-${id}`;
export const containerName = (id: ContainerId): string => `crihub-${id}`;

/** The label by which a hub knows what is its own. */
export const instanceLabel = (instance: string): string => `${INSTANCE}=${instance}`;
/** The labels of all containers in a pod, its infra container left out. */
export const workloadLabels = (instance: string, sandbox: SandboxId): readonly string[] => [
  instanceLabel(instance),
  `${KIND}=container`,
  `${SANDBOX}=${sandbox}`,
];

/** Kubernetes' own names for people and for tools such as cAdvisor; ours with all that a lost record held. */
export const sandboxLabels = (instance: string, sandbox: Sandbox): Labels => ({
  'io.kubernetes.pod.name': sandbox.metadata.name,
  'io.kubernetes.pod.namespace': sandbox.metadata.namespace,
  'io.kubernetes.pod.uid': sandbox.metadata.uid,
  'io.kubernetes.container.name': 'POD',
  [INSTANCE]: instance,
  [KIND]: 'sandbox',
  [ID]: sandbox.id,
  [SANDBOX]: sandbox.id,
  [RECORD]: JSON.stringify(sandbox),
});

export const containerLabels = (instance: string, container: Container, sandbox: Sandbox): Labels => ({
  'io.kubernetes.pod.name': sandbox.metadata.name,
  'io.kubernetes.pod.namespace': sandbox.metadata.namespace,
  'io.kubernetes.pod.uid': sandbox.metadata.uid,
  'io.kubernetes.container.name': container.metadata.name,
  [INSTANCE]: instance,
  [KIND]: 'container',
  [ID]: container.id,
  [SANDBOX]: sandbox.id,
  [RECORD]: JSON.stringify(container),
});

export type Identity =
  | { readonly kind: 'sandbox'; readonly id: SandboxId; readonly sandbox: Sandbox | undefined }
  | {
      readonly kind: 'container';
      readonly id: ContainerId;
      readonly sandboxId: SandboxId;
      readonly container: Container | undefined;
    };

/** Who an engine's container is; `undefined` for one that is not ours, or whose labels are damaged. */
export function identityOf(labels: Labels): Identity | undefined {
  const sandboxId = parseSandboxId(labels[SANDBOX] ?? '');
  if (sandboxId === undefined) return undefined;
  const record = recordOf(labels);
  if (labels[KIND] === 'sandbox') {
    return { kind: 'sandbox', id: sandboxId, sandbox: record as Sandbox | undefined };
  }
  const id = parseContainerId(labels[ID] ?? '');
  if (id === undefined || labels[KIND] !== 'container') return undefined;
  return { kind: 'container', id, sandboxId, container: record as Container | undefined };
}

/** What the hub gave, as it gave it; `undefined` if somebody has damaged it. */
function recordOf(labels: Labels): { readonly id: string } | undefined {
  try {
    const record: unknown = JSON.parse(labels[RECORD] ?? '');
    const matches =
      typeof record === 'object' && record !== null && 'id' in record && record.id === labels[ID];
    return matches ? (record as { readonly id: string }) : undefined;
  } catch {
    return undefined; // damaged: the container is still ours, and can be stopped and removed
  }
}
