import { type CallOutcome, kindOf, type Logger, tracedCalls } from '@crihub/kernel';
import type { CallContext } from './call-context.ts';
import { logCall } from './call-log.ts';
import type { FindOrigin } from './call-origin.ts';
import type { CallCode, CallObserver } from './call-observer.ts';
import { decodeRequest } from './codec.ts';
import type { Answer, Method } from './handlers.ts';
import { identifiersIn } from './identifiers.ts';
import { type GrpcCall, RunningCall } from './running-call.ts';
import type { RunningCalls } from './running-calls.ts';
import { statusMessage, type StatusError, statusOf } from './status.ts';

export interface CallRunnerDependencies {
  readonly running: RunningCalls;
  readonly logger: Logger;
  readonly observer: CallObserver;
  readonly originOf: FindOrigin;
}

/** The two halves in which unary calls and streams differ. */
export interface CallSteps<Request, Response> {
  /** Calls the handler and sends what it answers; a stream has no one response to return. */
  serve(request: Request, context: CallContext): Promise<Answer<Response> | undefined>;
  fail(status: StatusError): void;
}

/** What every call has in common: decoding, the signal, the status of a failure, log and measure. */
export class CallRunner {
  readonly #dependencies: CallRunnerDependencies;

  constructor(dependencies: CallRunnerDependencies) {
    this.#dependencies = dependencies;
  }

  /** Runs a call to its end. Never rejects: a failure is the client's to learn. */
  async run<Request, Response>(
    method: Method<Request, Response>,
    grpcCall: GrpcCall,
    steps: CallSteps<Request, Response>,
  ): Promise<void> {
    const { running, logger, observer, originOf } = this.#dependencies;
    const name = methodName(method);
    const startedAt = performance.now();
    observer.started(name);
    using call = new RunningCall(name, grpcCall);
    running.add(call, method.responseStream ? 'stream' : 'unary');
    const { code, fields } = await tracedCalls.tracePromise(
      async () => await serve(method, call, steps, originOf, grpcCall.request),
      { method: name, traceparent: grpcCall.metadata.get('traceparent')[0]?.toString() },
    );
    running.delete(call);
    const ms = performance.now() - startedAt;
    observer.observe(name, code, ms / 1000, textOf(fields['handler']));
    logCall(logger, name, code, { ...fields, ms: Math.round(ms) });
  }
}

interface Outcome extends CallOutcome {
  readonly code: CallCode;
}

async function serve<Request, Response>(
  method: Method<Request, Response>,
  call: RunningCall,
  steps: CallSteps<Request, Response>,
  originOf: FindOrigin,
  bytes: Buffer,
): Promise<Outcome> {
  let fields: Outcome['fields'] = {};
  try {
    const request = decodeRequest(method, bytes);
    fields = identifiersIn(request);
    // Asked before, too: what the call removes can't be found afterwards.
    fields = { ...fields, ...originOf(fields) };
    const response = await steps.serve(request, call.context);
    // The handler carried on, but nobody got the answer.
    const code = call.callerLeft ? kindOf(call.context.signal.reason) : 'OK';
    const answered = { ...fields, ...identifiersIn(response) };
    return { code, fields: { ...answered, ...originOf(answered) } };
  } catch (error) {
    const failure = failureOf(call, error);
    steps.fail(statusOf(failure));
    return { code: kindOf(failure), fields: { ...fields, error: statusMessage(error) } };
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** `Version` of `/runtime.v1.RuntimeService/Version`. */
export const methodName = (method: { readonly path: string }): string =>
  method.path.slice(method.path.lastIndexOf('/') + 1);

// A handler may wrap the abort in an error of its own; how the call ended is for the signal to say.
function failureOf(call: RunningCall, error: unknown): unknown {
  const { signal } = call.context;
  const aborted = call.callerLeft || (signal.aborted && kindOf(error) === 'Cancelled');
  return aborted ? signal.reason : error;
}
