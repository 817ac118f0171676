import { RuntimeError } from '@crihub/kernel';
import type { NodeClient } from '../client/node-client.ts';
import { SHORT_ID } from '../output/short-id.ts';
import { type Container, listContainers } from './container-info.ts';

/** The container that an operator means. @throws NotFound, or InvalidArgument naming those that it may be. */
export async function findContainer(node: NodeClient, text: string): Promise<Container> {
  return chooseContainer(await listContainers(node), text);
}

/**
 * By id or its beginning, by name, or by `pod/name`. Of several with that name, the newest attempt in the
 * only pod, or the only one that runs.
 */
export function chooseContainer(containers: readonly Container[], text: string): Container {
  const byId = containers.filter(({ id }) => id.startsWith(text));
  const byName = containers.filter(({ name, pod }) => text === name || text === `${pod}/${name}`);
  // A name may look like the beginning of an id; who types one hardly means the other's.
  const found = byName.length > 0 ? byName : byId;
  const running = found.filter(({ state }) => state === 'Running');
  const attempts = found.toSorted((one, other) => other.attempt - one.attempt);
  const ofOnePod = new Set(found.map(({ podId, name }) => `${podId}/${name}`)).size === 1;
  const only = ofOnePod ? attempts[0] : running.length === 1 ? running[0] : undefined;
  if (only !== undefined) return only;
  if (found.length === 0) {
    throw new RuntimeError('NotFound', `there is no container '${text}'; 'crihub ps -a' lists all`);
  }
  const candidates = found.map(({ id, pod, name }) => `${pod}/${name} (${id.slice(0, SHORT_ID)})`);
  throw new RuntimeError('InvalidArgument', `'${text}' may be any of ${candidates.join(', ')}: name one`);
}
