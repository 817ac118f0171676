import type { Nri } from '@crihub/service-nri';
import { CgroupDriver, type RuntimeCondition, type RuntimeHandler } from '@crihub/wire/cri';
import type { EventHub } from '../../events/event-hub.ts';
import type { LifecycleEvent } from '../../events/lifecycle-event.ts';
import type { Settings } from '../../records/settings.ts';
import type { Handler, NetworkStatus } from '../../router/handler.ts';
import type { Handlers } from '../../router/handlers.ts';
import type { HealthMonitor } from '../../router/health-monitor.ts';
import type { ImageOf } from '../render/container.ts';
import { renderEvent } from '../render/event.ts';
import type { CriHandlers } from '../server/index.ts';

export interface RuntimeMethodOptions {
  readonly version: string;
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
}

export interface RuntimeMethodDeps {
  readonly handlers: Handlers;
  readonly health: HealthMonitor;
  readonly events: EventHub<LifecycleEvent>;
  readonly settings: Settings;
  readonly setPodCidr: (cidr: string) => void;
  readonly nri: Pick<Nri, 'plugins'>;
  readonly imageOf: ImageOf;
}

type RuntimeMethods = Pick<
  CriHandlers['runtime'],
  'Version' | 'Status' | 'RuntimeConfig' | 'UpdateRuntimeConfig' | 'GetContainerEvents'
>;

/** The version of the kubelet's side that is asked for and answered; always this, by the CRI's comment. */
const KUBELET_API_VERSION = '0.1.0';

/** The RPCs about the runtime as a whole. */
export function runtimeMethods(options: RuntimeMethodOptions, deps: RuntimeMethodDeps): RuntimeMethods {
  return {
    Version: async () => ({
      version: KUBELET_API_VERSION,
      runtimeName: 'crihub',
      runtimeVersion: options.version,
      runtimeApiVersion: 'v1',
    }),
    Status: async ({ verbose }) => ({
      status: { conditions: [runtimeReady(deps), networkReady(deps)] },
      info: verbose ? verboseInfo(options, deps) : {},
      runtimeHandlers: runtimeHandlers(deps),
      features: {
        supplementalGroupsPolicy: true,
        userNamespacesHostNetwork: everyHandler(deps, 'userNamespacesWithHostNetwork'),
        mountOptions: everyHandler(deps, 'mountOptions'),
      },
    }),
    RuntimeConfig: async () => ({
      linux: {
        cgroupDriver: options.cgroupDriver === 'systemd' ? CgroupDriver.SYSTEMD : CgroupDriver.CGROUPFS,
      },
    }),
    UpdateRuntimeConfig: async ({ runtimeConfig }) => {
      const podCidr = runtimeConfig?.networkConfig?.podCidr ?? '';
      if (podCidr !== '') {
        deps.setPodCidr(podCidr);
        deps.settings.set('podCidr', podCidr);
      }
      return {};
    },
    GetContainerEvents: async function* (_request, { signal }) {
      for await (const event of deps.events.subscribe(signal)) yield renderEvent(event, deps.imageOf);
    },
  };
}

/** One broken backend does not make the node unready; all of them do. */
function runtimeReady({ handlers, health }: RuntimeMethodDeps): RuntimeCondition {
  const broken = handlers.all().filter(({ name }) => !health.of(name).healthy);
  const ready = broken.length < handlers.all().length;
  return {
    type: 'RuntimeReady',
    status: ready,
    reason: ready ? '' : 'NoHealthyBackend',
    message: broken
      .map((handler) => `handler '${handler.name}': ${unhealthyMessage(handler, health)}`)
      .join('; '),
  };
}

function unhealthyMessage({ name }: Handler, health: HealthMonitor): string {
  const state = health.of(name);
  return state.healthy ? '' : state.message;
}

function networkReady({ handlers }: RuntimeMethodDeps): RuntimeCondition {
  const status: NetworkStatus = handlers.networkOfDefault().status();
  return status.ready
    ? { type: 'NetworkReady', status: true, reason: '', message: '' }
    : { type: 'NetworkReady', status: false, reason: status.reason, message: status.message };
}

/** Every name that a pod can give, and the default one once more as "". An experiment can do what all its arms can. */
function runtimeHandlers({ handlers, health }: RuntimeMethodDeps): RuntimeHandler[] {
  const describe = (name: string, standing: readonly string[]): RuntimeHandler => {
    const all = (feature: 'recursiveReadonlyMounts' | 'userNamespaces'): boolean =>
      standing.every((handler) => health.of(handler).capabilities?.[feature] ?? false);
    return {
      name,
      features: {
        recursiveReadOnlyMounts: all('recursiveReadonlyMounts'),
        userNamespaces: all('userNamespaces'),
      },
    };
  };
  const named = [
    ...handlers.all().map(({ name }) => describe(name, [name])),
    ...handlers.experiments().map(({ name, shares }) => describe(name, Object.keys(shares))),
  ];
  const byDefault = named.filter(({ name }) => name === handlers.defaultName);
  return [...byDefault.map((handler) => ({ ...handler, name: '' })), ...named];
}

const everyHandler = (
  { handlers, health }: RuntimeMethodDeps,
  feature: 'userNamespacesWithHostNetwork' | 'mountOptions',
): boolean => handlers.all().every(({ name }) => health.of(name).capabilities?.[feature] ?? false);

function verboseInfo(options: RuntimeMethodOptions, deps: RuntimeMethodDeps): Record<string, string> {
  const conditions = deps.handlers.all().map(({ name, backend, network, admission }) => ({
    handler: name,
    backend: backend.kind,
    health: deps.health.of(name),
    network: network.status(),
    creating: admission.held,
    waiting: admission.waiting,
  }));
  return {
    config: JSON.stringify({ ...options, defaultHandler: deps.handlers.defaultName }),
    handlers: JSON.stringify(conditions),
    plugins: JSON.stringify(deps.nri.plugins),
    events: JSON.stringify({ subscribers: deps.events.subscribers, dropped: deps.events.dropped }),
  };
}
