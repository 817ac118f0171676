import type { Backend, BackendEvent } from '@crihub/contract';
import type { Failpoints } from './failpoints.ts';

/**
 * The same backend with a failpoint before and after each call: `backend.sandbox.prepare.before`,
 * `backend.container.start.after`, `backend.inventory.before`, …
 */
export function withFailpoints(backend: Backend, failpoints: Failpoints): Backend {
  const around = <Arguments extends unknown[], Result>(
    point: string,
    call: (...args: Arguments) => Promise<Result>,
  ) => guard(failpoints, `backend.${point}`, call);
  const { sandboxes, containers, processes } = backend;
  return {
    kind: backend.kind,
    rootfs: backend.rootfs,
    isolation: backend.isolation,
    start: around('start', (signal: AbortSignal) => backend.start(signal)),
    close: around('close', () => backend.close()),
    health: around('health', (signal: AbortSignal) => backend.health(signal)),
    inventory: around('inventory', (signal: AbortSignal) => backend.inventory(signal)),
    events: (signal) => guardEvents(backend.events(signal), failpoints),
    sandboxes: {
      prepare: around('sandbox.prepare', sandboxes.prepare.bind(sandboxes)),
      start: around('sandbox.start', sandboxes.start.bind(sandboxes)),
      stop: around('sandbox.stop', sandboxes.stop.bind(sandboxes)),
      remove: around('sandbox.remove', sandboxes.remove.bind(sandboxes)),
      update: around('sandbox.update', sandboxes.update.bind(sandboxes)),
    },
    containers: {
      create: around('container.create', containers.create.bind(containers)),
      start: around('container.start', containers.start.bind(containers)),
      signal: around('container.signal', containers.signal.bind(containers)),
      remove: around('container.remove', containers.remove.bind(containers)),
      update: around('container.update', containers.update.bind(containers)),
      reopenLog: around('container.reopenLog', containers.reopenLog.bind(containers)),
    },
    processes: {
      exec: around('process.exec', processes.exec.bind(processes)),
      attach: around('process.attach', processes.attach.bind(processes)),
    },
    ...(backend.checkpoint === undefined ? {} : { checkpoint: backend.checkpoint }),
    ...(backend.imageCopies === undefined ? {} : { imageCopies: backend.imageCopies }),
    ...(backend.engine === undefined ? {} : { engine: backend.engine }),
    ...(backend.warmPool === undefined ? {} : { warmPool: backend.warmPool }),
    ...(backend.portForward === undefined ? {} : { portForward: backend.portForward }),
  };
}

function guard<Arguments extends unknown[], Result>(
  failpoints: Failpoints,
  point: string,
  call: (...args: Arguments) => Promise<Result>,
): (...args: Arguments) => Promise<Result> {
  return async (...args) => {
    const last = args.at(-1);
    const signal = last instanceof AbortSignal ? last : undefined;
    await failpoints.hit(`${point}.before`, signal);
    const result = await call(...args);
    await failpoints.hit(`${point}.after`, signal);
    return result;
  };
}

/** A dead daemon hears nothing more. */
async function* guardEvents(
  events: AsyncIterable<BackendEvent>,
  failpoints: Failpoints,
): AsyncGenerator<BackendEvent> {
  for await (const event of events) {
    await failpoints.hit(`backend.event.${event.type}`);
    yield event;
  }
}
