import { silentLogger } from '@crihub/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { Metrics } from './metrics.ts';
import { StatusServer } from './status-server.ts';

describe('StatusServer', () => {
  let server: StatusServer | undefined;
  afterEach(async () => await server?.close());

  async function start(reasons: readonly string[], metrics = new Metrics()): Promise<string> {
    server = new StatusServer(
      { address: '127.0.0.1:0' },
      { metrics, notReady: () => reasons, logger: silentLogger },
    );
    return `http://127.0.0.1:${String(await server.listen())}`;
  }

  it('shows calls, phases and gauges to Prometheus', async () => {
    const metrics = new Metrics();
    metrics.calls.started('RunPodSandbox');
    metrics.calls.observe('RunPodSandbox', 'OK', 0.02);
    metrics.phases.observe({ handler: 'runc', phase: 'network', seconds: 0.01 });
    metrics.phases.observe({
      ...{ handler: 'crun', phase: 'network', seconds: 0.01 },
      ...{ failure: 'Internal', experiment: 'trial' },
    });
    metrics.addGauges({
      sandboxes: () => new Map([['runc', 3]]),
      containers: () => new Map(),
      handlerHealthy: () => new Map([['runc', true]]),
      owedWork: () => 0,
      eventSubscribers: () => 1,
      eventsDropped: () => 0,
      streamingTokens: () => 0,
    });
    const text = await (await fetch(`${await start([], metrics)}/metrics`)).text();
    expect(text).toContain('crihub_rpc_duration_seconds_count{method="RunPodSandbox",code="OK"} 1');
    expect(text).toContain(
      'crihub_phase_duration_seconds_count{handler="runc",phase="network",outcome="ok",experiment="",arm=""} 1',
    );
    expect(text).toContain(
      'crihub_phase_duration_seconds_count{handler="crun",phase="network",outcome="error",experiment="trial",arm="crun"} 1',
    );
    expect(text).toContain('crihub_sandboxes{handler="runc"} 3');
    expect(text).toContain('crihub_handler_healthy{handler="runc"} 1');
  });

  it.each([
    ['/healthz', [], 200, 'ok\n'],
    ['/readyz', [], 200, 'ok\n'],
    ['/readyz', ['no network'], 503, 'no network\n'],
    ['/other', [], 404, 'there are /metrics, /healthz and /readyz\n'],
  ])('answers %s when the reasons are %j', async (path, reasons, status, body) => {
    const response = await fetch(`${await start(reasons)}${path}`);
    expect([response.status, await response.text()]).toEqual([status, body]);
  });

  it('says which address it could not have', async () => {
    const url = new URL(await start([]));
    const second = new StatusServer(
      { address: url.host },
      { metrics: new Metrics(), notReady: () => [], logger: silentLogger },
    );
    await expect(second.listen()).rejects.toThrow(`metrics.address ${url.host} can't be used`);
  });
});
