import { type Handler as HandlerMessage, PullImageResponse, PullPhase } from '@crihub/wire/admin';
import type { Finding } from '../../recovery/reconciler.ts';
import type { Handlers } from '../../router/handlers.ts';
import type { HealthMonitor } from '../../router/health-monitor.ts';
import { type AdminExperimentDeps, adminExperimentMethods } from './admin-experiments.ts';
import { type AdminRoutingDeps, adminRoutingMethods } from './admin-routing.ts';
import { hostPath, required } from '../parse/check.ts';
import type { HubHandlers } from '../server/index.ts';
import type { ImageService } from './image-service.ts';
import { type PullNews, pullStream } from './pull-stream.ts';

/** How many are recorded, by handler. */
interface RecordCounts {
  readonly sandboxes: ReadonlyMap<string, number>;
  readonly containers: ReadonlyMap<string, number>;
}

export interface AdminMethodDeps extends AdminRoutingDeps, AdminExperimentDeps {
  readonly images: ImageService;
  readonly handlers: Handlers;
  readonly health: HealthMonitor;
  readonly figures: () => RecordCounts;
  readonly audit: () => Promise<readonly Finding[]>;
}

const PHASES: Readonly<Record<PullNews['phase'], PullPhase>> = {
  resolving: PullPhase.PULL_PHASE_RESOLVING,
  fetching: PullPhase.PULL_PHASE_FETCHING,
  done: PullPhase.PULL_PHASE_FETCHING, // all is there; only the image's id is still to come
  pulled: PullPhase.PULL_PHASE_DONE,
};

/** The operator's service. */
export function adminMethods(deps: AdminMethodDeps): HubHandlers['admin'] {
  const { images } = deps;
  return {
    PullImage: async function* ({ reference, credentials }, { signal }) {
      const name = required(reference, 'reference');
      let last = PullImageResponse.create();
      const pulled = pullStream(images, name, credentials && { ...NO_CREDENTIALS, ...credentials }, signal);
      for await (const news of pulled) yield (last = renderNews(news, last));
    },
    LoadImages: async ({ path }, { signal }) => {
      const loaded = await images.load(hostPath(path, 'path'), signal);
      return { images: loaded.map(({ id, repoTags }) => ({ id, tags: repoTags })) };
    },
    Handlers: async () => ({ handlers: renderHandlers(deps) }),
    ...adminRoutingMethods(deps),
    ...adminExperimentMethods(deps),
    Audit: async () => ({ findings: await deps.audit() }),
  };
}

const NO_CREDENTIALS = {
  username: '',
  password: '',
  auth: '',
  serverAddress: '',
  identityToken: '',
  registryToken: '',
};

/** The last message repeats the totals, for whoever reads it alone. */
function renderNews(news: PullNews, before: PullImageResponse): PullImageResponse {
  const phase = PHASES[news.phase];
  if (news.phase === 'pulled') return { ...before, phase, imageId: news.imageId };
  return {
    phase,
    layers: news.layers,
    layersDone: news.layersDone,
    bytes: BigInt(news.bytes),
    bytesDone: BigInt(news.bytesDone),
    imageId: '',
  };
}

function renderHandlers({ handlers, health, drains, figures }: AdminMethodDeps): readonly HandlerMessage[] {
  const { sandboxes, containers } = figures();
  return handlers.all().map(({ name, backend, fallback = '' }) => {
    const state = health.of(name);
    return {
      name,
      default: name === handlers.defaultName,
      backend: backend.kind,
      healthy: state.healthy,
      reason: state.healthy ? '' : state.reason,
      message: state.healthy ? '' : state.message,
      version: state.version ?? '',
      pods: sandboxes.get(name) ?? 0,
      containers: containers.get(name) ?? 0,
      capabilities: { ...state.capabilities },
      drained: drains.has(name),
      isolation: backend.isolation,
      fallback,
    };
  });
}
