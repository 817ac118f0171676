import { AsyncLocalStorage } from 'node:async_hooks';
import type { TracingChannel } from 'node:diagnostics_channel';
import { describeError } from '@crihub/kernel';
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';

/** How one kind of work becomes spans. */
export interface SpanShape<Work extends object> {
  readonly kind: SpanKind;
  name(work: Work): string;
  attributes(work: Work): Attributes;
  /** Where the work hangs in a trace if it is not within other work. */
  parent?(work: Work): Context;
  /** Known at the end: attributes, and what went wrong if something did. */
  outcome?(result: unknown): { readonly attributes: Attributes; readonly failure?: string };
}

/** What a channel adds to its message when the work is done. */
interface Settled {
  readonly result?: unknown;
  readonly error?: unknown;
}

/** Makes spans of what tracing channels tell. What runs within traced work is a child of it. */
export class Spans implements Disposable {
  readonly #tracer: Tracer;
  readonly #current = new AsyncLocalStorage<Context>();
  readonly #undo: (() => void)[] = [];

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  /** From now on, one span for each piece of work that the channel tells. */
  follow<Work extends object>(channel: TracingChannel<unknown, Work>, shape: SpanShape<Work>): void {
    const spans = new WeakMap<object, Span>();
    // The store is made before anything runs within the work, so it is here that the span begins.
    channel.start.bindStore(this.#current, (work: Work): Context => {
      const parent = this.#current.getStore() ?? shape.parent?.(work) ?? ROOT_CONTEXT;
      const options = { kind: shape.kind, attributes: shape.attributes(work) };
      const span = this.#tracer.startSpan(shape.name(work), options, parent);
      spans.set(work, span);
      return trace.setSpan(parent, span);
    });
    const onEnd = (message: unknown): void => {
      const work = message as Work & Settled;
      const span = spans.get(work);
      if (span !== undefined) endSpan(span, work, shape.outcome?.bind(shape));
    };
    channel.asyncEnd.subscribe(onEnd);
    this.#undo.push(() => {
      channel.asyncEnd.unsubscribe(onEnd);
      channel.start.unbindStore(this.#current);
    });
  }

  /** A span for work that has ended just now, within the work that tells of it. */
  record(name: string, seconds: number, attributes: Attributes): void {
    const parent = this.#current.getStore() ?? ROOT_CONTEXT;
    const endTime = Date.now();
    const startTime = endTime - seconds * 1000;
    this.#tracer.startSpan(name, { kind: SpanKind.INTERNAL, attributes, startTime }, parent).end(endTime);
  }

  [Symbol.dispose](): void {
    for (const undo of this.#undo.splice(0)) undo();
  }
}

function endSpan(span: Span, { error, result }: Settled, outcomeOf: SpanShape<object>['outcome']): void {
  const outcome = error === undefined && result !== undefined ? outcomeOf?.(result) : undefined;
  span.setAttributes(outcome?.attributes ?? {});
  const failure = error === undefined ? outcome?.failure : describeError(error);
  if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
  span.end();
}
