import { statfs } from 'node:fs/promises';
import { errnoCode, RuntimeError } from '@crihub/kernel';

/** Which interface of which pod. */
export interface AttachmentKey {
  readonly containerId: string;
  readonly interfaceName: string;
}

/** A pod's interface on a network, as the plugins are told about it. */
export interface Attachment extends AttachmentKey {
  /** Path of the network namespace. */
  readonly netns: string;
  /** The pairs of CNI_ARGS, in order. */
  readonly args: readonly (readonly [string, string])[];
  /** Values by capability; a plugin gets those that its configuration declares. */
  readonly capabilities: Readonly<Record<string, unknown>>;
}

const CONTAINER_ID = /^[a-zA-Z0-9][\w.-]*$/;
const INTERFACE_NAME = /^(?!\.{1,2}$)[^\s/:]{1,15}$/;
// linux/magic.h
const NSFS_MAGIC = 0x6e736673;
const PROC_SUPER_MAGIC = 0x9fa0;

/** @throws InvalidArgument for names that plugins would refuse or that would reach outside the cache. */
export function validateAttachmentKey({ containerId, interfaceName }: AttachmentKey): void {
  if (!CONTAINER_ID.test(containerId)) {
    throw new RuntimeError('InvalidArgument', `${JSON.stringify(containerId)} is not a CNI container id`);
  }
  if (!INTERFACE_NAME.test(interfaceName)) {
    throw new RuntimeError('InvalidArgument', `${JSON.stringify(interfaceName)} is not an interface name`);
  }
}

/** The text of CNI_ARGS. @throws InvalidArgument for a value that its format can't carry. */
export function renderCniArgs(args: Attachment['args']): string {
  for (const [key, value] of args) {
    if (!/[;=\0]/.test(value)) continue;
    throw new RuntimeError(
      'InvalidArgument',
      `${key} can't be ${JSON.stringify(value)}: CNI allows no ; or =`,
    );
  }
  return args.map(([key, value]) => `${key}=${value}`).join(';');
}

/** What Kubernetes' plugins expect to learn about the pod (the same pairs as containerd and CRI-O pass). */
export const podArgs = (pod: {
  readonly namespace: string;
  readonly name: string;
  readonly sandboxId: string;
  readonly uid: string;
}): Attachment['args'] => [
  ['IgnoreUnknown', '1'],
  ['K8S_POD_NAMESPACE', pod.namespace],
  ['K8S_POD_NAME', pod.name],
  ['K8S_POD_INFRA_CONTAINER_ID', pod.sandboxId],
  ['K8S_POD_UID', pod.uid],
];

/** The path if a namespace is there, else the empty string that tells DEL that it is gone. */
export async function existingNetns(path: string): Promise<string> {
  if (path === '') return '';
  try {
    // After a reboot or an unmount the file may remain without its namespace; plugins fail on it.
    const { type } = await statfs(path);
    return type === NSFS_MAGIC || type === PROC_SUPER_MAGIC ? path : '';
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoCode(error) ?? '')) return '';
    throw error;
  }
}
