import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { measuredPhases, silentLogger, tracedCalls, tracedPhases, tracedProcesses } from '@crihub/kernel';
import { run } from '@crihub/transport/process';
import { Tracing } from '@crihub/observability/traces';

/** As much of OTLP's JSON as is looked at (opentelemetry-proto, trace/v1). */
interface OtlpSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}
interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

describe('tracing', () => {
  let received: OtlpSpan[];
  let collector: Server;
  let tracing: Tracing;

  beforeEach(async () => {
    received = [];
    collector = createServer((request, response) => {
      void json(request).then((body) => {
        const { resourceSpans } = body as OtlpRequest;
        received.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)));
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    const { port } = collector.address() as AddressInfo;
    const endpoint = `http://127.0.0.1:${String(port)}/v1/traces`;
    tracing = new Tracing({ endpoint, sampleRatio: 1, version: '1.2.3' }, { logger: silentLogger });
  });
  afterEach(() => {
    collector.closeAllConnections();
    collector.close();
  });

  const span = (name: string): OtlpSpan => {
    const found = received.find((one) => one.name === name);
    if (found === undefined)
      throw new Error(`no span ${name} among ${received.map((s) => s.name).join(', ')}`);
    return found;
  };
  const attribute = (of: OtlpSpan, key: string): unknown =>
    Object.values(of.attributes.find((one) => one.key === key)?.value ?? {})[0];

  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const serve = async (work: () => Promise<void>, code = 'OK'): Promise<unknown> =>
    await tracedCalls.tracePromise(
      async () => {
        await work();
        return { code, fields: { handler: 'runc', error: 'disk full' } };
      },
      { method: 'RunPodSandbox', traceparent },
    );

  it("joins the client's trace, with phases and processes below the call", async () => {
    await serve(async () => {
      await tracedPhases.tracePromise(
        async () => {
          await run('true');
          measuredPhases.publish({ phase: 'boot', handler: 'kata', pod: 'p', seconds: 0.25 });
        },
        { phase: 'network', handler: 'runc', pod: 'p1' },
      );
    });
    await tracing.close();
    const call = span('RunPodSandbox');
    expect([call.traceId, call.parentSpanId]).toEqual(traceparent.split('-').slice(1, 3));
    expect(attribute(call, 'crihub.handler')).toBe('runc');
    expect(span('network').parentSpanId).toBe(call.spanId);
    expect(attribute(span('network'), 'crihub.pod')).toBe('p1');
    expect(span('true').parentSpanId).toBe(span('network').spanId);
    expect(attribute(span('true'), 'process.exit.code')).toBe(0);
    const boot = span('boot');
    expect(BigInt(boot.endTimeUnixNano) - BigInt(boot.startTimeUnixNano)).toBe(250_000_000n);
    expect(new Set(received.map(({ traceId }) => traceId)).size).toBe(1);
  });

  it('tells what failed', async () => {
    await serve(async () => undefined, 'Internal');
    await tracedPhases
      .tracePromise(async () => await Promise.reject(new Error('no address')), {
        phase: 'network',
        handler: 'runc',
        pod: 'p1',
      })
      .catch(() => undefined);
    await run('false');
    await tracing.close();
    const ERROR = 2;
    expect(span('RunPodSandbox').status).toEqual({ code: ERROR, message: 'disk full' });
    expect(span('network').status).toEqual({ code: ERROR, message: 'no address' });
    expect(span('false').status).toEqual({ code: ERROR, message: 'exit code 1' });
  });

  it('leaves nothing behind that would be told of later work', async () => {
    await tracing.close();
    expect([tracedCalls, tracedPhases, tracedProcesses].map((one) => one.hasSubscribers)).toEqual([
      false,
      false,
      false,
    ]);
    expect(measuredPhases.hasSubscribers).toBe(false);
  });
});
