import { kindOf, RuntimeError } from '@crihub/kernel';
import { type Container, type ContainerUpdate, PluginService, type PodSandbox } from '@crihub/wire/nri';
import type { Plugin } from './plugin.ts';

/** Of a message, which ttrpc limits to 4 MiB; an object that is longer than this fits by itself. */
const MAX_OBJECTS = 1_000;

/**
 * Tells a plugin of all that exists, in parts if there is much.
 * @returns the updates that it asks for.
 */
export async function synchronize(
  plugin: Plugin,
  pods: readonly PodSandbox[],
  containers: readonly Container[],
  timeoutMs: number,
): Promise<readonly ContainerUpdate[]> {
  let size = MAX_OBJECTS;
  for (;;) {
    const parts = split(pods, containers, size);
    try {
      return await send(plugin, parts, timeoutMs);
    } catch (error) {
      // Too long a message is never sent, so that it can be tried with smaller ones.
      if (kindOf(error) !== 'ResourceExhausted' || size === 1) throw error;
      size = Math.ceil(size / 4);
    }
  }
}

interface Part {
  readonly pods: readonly PodSandbox[];
  readonly containers: readonly Container[];
}

async function send(
  plugin: Plugin,
  parts: readonly Part[],
  timeoutMs: number,
): Promise<readonly ContainerUpdate[]> {
  for (const [index, part] of parts.entries()) {
    const more = index < parts.length - 1;
    const answer = await plugin.call(PluginService.synchronize, { ...part, more }, timeoutMs);
    if (!more) return answer.update;
    if (!answer.more || answer.update.length > 0)
      throw new RuntimeError(
        'FailedPrecondition',
        `plugin ${plugin.name} can't be told of the node in parts`,
      );
  }
  return [];
}

/** At least one part, if an empty one. */
function split(pods: readonly PodSandbox[], containers: readonly Container[], size: number): readonly Part[] {
  const count = Math.max(1, Math.ceil(pods.length / size), Math.ceil(containers.length / size));
  return Array.from({ length: count }, (_, part) => ({
    pods: pods.slice(part * size, (part + 1) * size),
    containers: containers.slice(part * size, (part + 1) * size),
  }));
}
