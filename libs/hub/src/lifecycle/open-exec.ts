import type { StreamSelection } from '@crihub/service-streaming';
import { invalid } from '../front/parse/check.ts';
import type { Handlers } from '../router/handlers.ts';
import type { NodeState } from './node-state.ts';
import { phaseSubject } from './phase-subject.ts';
import { type PhaseObserver, timed } from './phases.ts';
import { checkSelection, runningContainer, type StreamingUrls } from './streaming.ts';

export interface OpenExecDeps {
  readonly node: NodeState;
  readonly handlers: Handlers;
  readonly phases: PhaseObserver;
  readonly streaming: StreamingUrls;
}

/** Exec: a command in a container, on the streams of whoever comes to the URL. */
export class OpenExec {
  readonly #deps: OpenExecDeps;

  constructor(deps: OpenExecDeps) {
    this.#deps = deps;
  }

  /** @returns the URL. The command starts when a client has come to it. */
  open(idOrPrefix: string, args: readonly string[], streams: StreamSelection): string {
    const { node, handlers, phases, streaming } = this.#deps;
    if (args.length === 0) throw invalid('cmd is empty: there is nothing to run');
    checkSelection(streams);
    const { id } = runningContainer(node, idOrPrefix);
    return streaming.urlFor({
      kind: 'exec',
      streams,
      open: async (signal) => {
        const record = runningContainer(node, id); // it may have ended since
        const pod = node.records.visibleSandbox(record.sandboxId);
        const { backend } = handlers.of(pod);
        const { terminal, stdin } = streams;
        return await timed(phases, phaseSubject(pod, id), 'exec', () =>
          backend.processes.exec(id, { args, terminal, stdin }, signal),
        );
      },
    });
  }
}
