import { RuntimeError, type SandboxId } from '@crihub/kernel';
import { run } from '@crihub/transport/process';

const nameOf = (id: SandboxId): string => `process-${id.slice(0, 20)}`;

export const networkNamespacePath = (id: SandboxId): string => `/run/netns/${nameOf(id)}`;

export const addNetworkNamespace = async (id: SandboxId, signal: AbortSignal): Promise<void> =>
  await ip('add', id, 'File exists', signal);

export const deleteNetworkNamespace = async (id: SandboxId, signal: AbortSignal): Promise<void> =>
  await ip('delete', id, 'No such file', signal);

async function ip(verb: string, id: SandboxId, harmless: string, signal: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await run('ip', { args: ['netns', verb, nameOf(id)], signal });
  const complaint = stderr.toString();
  if (exitCode !== 0 && !complaint.includes(harmless))
    throw new RuntimeError('Internal', `ip netns ${verb}: ${complaint.trim()}`, { id });
}
