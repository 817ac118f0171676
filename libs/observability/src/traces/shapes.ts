import { basename } from 'node:path';
import { type Attributes, defaultTextMapGetter, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import type { CallOutcome, TracedCall, TracedPhase, TracedProcess } from '@crihub/kernel';
import type { SpanShape } from './spans.ts';

/* Names and attributes follow OpenTelemetry's semantic conventions where there are any (rpc.*, process.*). */

const propagator = new W3CTraceContextPropagator();

/** A client's call: a child of the client's own span, if it sent its trace context. */
export const callShape: SpanShape<TracedCall> = {
  kind: SpanKind.SERVER,
  name: ({ method }) => method,
  attributes: ({ method }) => ({ 'rpc.system': 'grpc', 'rpc.method': method }),
  parent: ({ traceparent }) =>
    traceparent === undefined
      ? ROOT_CONTEXT
      : propagator.extract(ROOT_CONTEXT, { traceparent }, defaultTextMapGetter),
  outcome: (result) => {
    const { code, fields } = result as CallOutcome;
    const { error, ...ids } = fields;
    const attributes = { 'rpc.grpc.status': code, ...crihubAttributes(ids) };
    return code === 'OK' ? { attributes } : { attributes, failure: typeof error === 'string' ? error : code };
  },
};

export const phaseShape: SpanShape<TracedPhase> = {
  kind: SpanKind.INTERNAL,
  name: ({ phase }) => phase,
  attributes: ({ handler, pod, container }) => crihubAttributes({ handler, pod, container }),
};

export const processShape: SpanShape<TracedProcess> = {
  kind: SpanKind.INTERNAL,
  name: ({ program }) => basename(program),
  attributes: ({ program }) => ({ 'process.executable.name': program }),
  outcome: (result) => {
    const { exitCode } = result as { readonly exitCode: number };
    const attributes = { 'process.exit.code': exitCode };
    return exitCode === 0 ? { attributes } : { attributes, failure: `exit code ${String(exitCode)}` };
  },
};

export const crihubAttributes = (fields: Readonly<Record<string, unknown>>): Attributes =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      typeof value === 'string' && value !== '' ? [[`crihub.${name}`, value]] : [],
    ),
  );
