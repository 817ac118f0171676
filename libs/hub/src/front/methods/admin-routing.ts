import type { Records } from '../../records/records.ts';
import type { Drains } from '../../router/drains.ts';
import type { Handlers } from '../../router/handlers.ts';
import type { ReloadOutcome } from '../../router/reload-outcome.ts';
import { required } from '../parse/check.ts';
import type { HubHandlers } from '../server/index.ts';

export interface AdminRoutingDeps {
  readonly records: Records;
  readonly handlers: Handlers;
  readonly drains: Drains;
  readonly reload: () => Promise<ReloadOutcome>;
}

type RoutingMethods = Pick<HubHandlers['admin'], 'Reload' | 'Drain' | 'Explain'>;

/** The operator's RPCs about which handler takes which pods. */
export function adminRoutingMethods({ records, handlers, drains, reload }: AdminRoutingDeps): RoutingMethods {
  return {
    Reload: async () => {
      const { applied, needsRestart } = await reload();
      return { applied: [...applied], needsRestart: [...needsRestart] };
    },
    Drain: async ({ handler, drained }) => {
      const { name } = handlers.named(required(handler, 'handler'));
      drains.set(name, drained);
      return { pods: [...records.sandboxes.all()].filter((pod) => pod.handler === name).length };
    },
    Explain: async ({ podSandboxId }) => {
      const record = records.visibleSandbox(podSandboxId);
      const { placement, sandbox, runtimeHandler } = record;
      const { name, backend } = handlers.of(record);
      const { namespace, name: pod } = sandbox.metadata;
      return {
        ...{ podSandboxId: record.id, namespace, name: pod, asked: runtimeHandler },
        ...{ handler: name, backend: backend.kind, isolation: backend.isolation },
        by: placement?.by ?? '',
        experiment: placement === undefined || placement.by === 'request' ? '' : placement.experiment,
        unit: placement?.by === 'draw' ? placement.unit : '',
        key: placement?.by === 'draw' ? placement.key : '',
        refusals: placement === undefined || placement.by === 'draw' ? [] : [...placement.refusals],
      };
    },
  };
}
