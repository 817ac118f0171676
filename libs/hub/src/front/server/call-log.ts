import type { LogFields, Logger } from '@crihub/kernel';
import type { CallCode } from './call-observer.ts';

type Level = Exclude<keyof Logger, 'child'>;

/** RPCs that only look. */
const READ =
  /^(Version|Status|RuntimeConfig|ImageFsInfo|GetContainerEvents|Handlers|(List|Stream).*|.*(Status|Stats))$/;

/** Writes one line for a call that has ended: ids, duration and outcome, never content. */
export function logCall(logger: Logger, method: string, code: CallCode, fields: LogFields): void {
  const message = code === 'OK' ? 'call served' : 'call failed';
  logger[levelOf(method, code)](message, { method, code, ...fields });
}

function levelOf(method: string, code: CallCode): Level {
  const reads = READ.test(method);
  switch (code) {
    case 'OK':
      // Probes exec every few seconds in every pod.
      if (method === 'ExecSync') return 'debug';
      return reads ? 'trace' : 'info';
    case 'Internal':
      return 'error';
    // The client's own doing; event streams always end so.
    case 'Cancelled':
      return reads ? 'trace' : 'info';
    // The kubelet asks after what it has just removed.
    case 'NotFound':
      return reads ? 'debug' : 'warn';
    default:
      return 'warn';
  }
}
