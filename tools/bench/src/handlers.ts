import path from 'node:path';
import { type EngineSockets, startEngineOf } from '@crihub/tool-fixtures';
import { guestOf } from '@crihub/tool-guest';
import { unlessLacking } from './unless-lacking.ts';

/** Handlers of crihub that this machine can run, with what its configuration needs for them. */
export interface RunnableHandlers {
  readonly names: readonly string[];
  readonly engines: EngineSockets;
  readonly guestDirectory?: string;
}

interface Parts {
  /** Engines that run already. */
  readonly running: EngineSockets;
  readonly directory: string;
  readonly started: AsyncDisposableStack;
  readonly say: (line: string) => void;
}

/** Starts the engines behind handlers and builds the guest; handlers for which that can't be are left out. */
export async function prepareHandlers(
  names: readonly string[],
  { running, directory, started, say }: Parts,
): Promise<RunnableHandlers> {
  let runnable: RunnableHandlers = { names: [], engines: running };
  for (const name of names) {
    const needs = await unlessLacking(name, say, async () => ({
      engines: Object.hasOwn(running, name)
        ? {}
        : await startEngineOf(name, path.join(directory, `engine-${name}`), started),
      ...(await guestOf(name, say)),
    }));
    if (needs === undefined) continue;
    const engines = { ...runnable.engines, ...needs.engines };
    runnable = { ...runnable, ...needs, engines, names: [...runnable.names, name] };
  }
  return runnable;
}
