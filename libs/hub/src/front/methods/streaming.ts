import type { OpenAttach } from '../../lifecycle/open-attach.ts';
import type { OpenExec } from '../../lifecycle/open-exec.ts';
import type { OpenPortForward } from '../../lifecycle/open-port-forward.ts';
import type { CriHandlers } from '../server/index.ts';

export interface StreamingMethodDeps {
  readonly openExec: OpenExec;
  readonly openAttach: OpenAttach;
  readonly openPortForward: OpenPortForward;
}

type StreamingMethods = Pick<CriHandlers['runtime'], 'Exec' | 'Attach' | 'PortForward'>;

/** The RPCs that answer with the URL of a stream. */
export function streamingMethods(deps: StreamingMethodDeps): StreamingMethods {
  return {
    Exec: async ({ containerId, cmd, stdin, stdout, stderr, tty: terminal }) => ({
      url: deps.openExec.open(containerId, cmd, { stdin, stdout, stderr, terminal }),
    }),
    Attach: async ({ containerId, stdin, stdout, stderr, tty: terminal }) => ({
      url: deps.openAttach.open(containerId, { stdin, stdout, stderr, terminal }),
    }),
    PortForward: async ({ podSandboxId }) => ({ url: deps.openPortForward.open(podSandboxId) }),
  };
}
