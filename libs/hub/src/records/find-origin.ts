import type { FindOrigin } from '../front/server/call-origin.ts';
import type { Records } from './records.ts';

/** Tells calls apart by the pod that their ids lead to; by the handler alone while there is no pod. */
export const originFinder =
  (records: Records, isHandler: (name: string) => boolean): FindOrigin =>
  ({ sandbox, container, handler }) => {
    const record = records.sandboxes.get(asId(sandbox)) ?? podOf(records, asId(container));
    if (record !== undefined) {
      const { namespace, name } = record.sandbox.metadata;
      return { handler: record.handler, pod: `${namespace}/${name}` };
    }
    // What a client made up must not become the name of a series.
    return typeof handler === 'string' && isHandler(handler) ? { handler } : {};
  };

const asId = (id: unknown): never => (typeof id === 'string' ? id : '') as never;

function podOf(records: Records, container: never): ReturnType<Records['sandboxes']['get']> {
  const sandboxId = records.containers.get(container)?.sandboxId;
  return sandboxId && records.sandboxes.get(sandboxId);
}
