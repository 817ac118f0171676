import type { StreamSelection } from '@crihub/service-streaming';
import type { Handlers } from '../router/handlers.ts';
import type { NodeState } from './node-state.ts';
import { checkSelection, runningContainer, type StreamingUrls } from './streaming.ts';

export interface OpenAttachDeps {
  readonly node: NodeState;
  readonly handlers: Handlers;
  readonly streaming: StreamingUrls;
}

/** Attach: the streams of a container's first process, for whoever comes to the URL. */
export class OpenAttach {
  readonly #deps: OpenAttachDeps;

  constructor(deps: OpenAttachDeps) {
    this.#deps = deps;
  }

  /** @returns the URL. What the process wrote before a client has come is in the log alone. */
  open(idOrPrefix: string, streams: StreamSelection): string {
    const { node, handlers, streaming } = this.#deps;
    checkSelection(streams);
    const { id, container } = runningContainer(node, idOrPrefix);
    const { terminal, stdinOnce } = container.process;
    return streaming.urlFor({
      kind: 'attach',
      streams,
      // As containerd: whoever can't end the standard input for good, or has a terminal, just leaves.
      detachAtEndOfInput: !stdinOnce || terminal,
      open: async (signal) => {
        const record = runningContainer(node, id); // it may have ended since
        // Whether there is a terminal was decided when the container was made, not by the one who joins.
        const { backend } = handlers.of(node.records.visibleSandbox(record.sandboxId));
        return await backend.processes.attach(id, { terminal, stdin: streams.stdin }, signal);
      },
    });
  }
}
