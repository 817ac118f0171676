import { silentLogger } from '@crihub/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { Metrics } from '../metrics.ts';
import { STILL_GAUGES } from '../testing/still-gauges.ts';
import type { LiveView } from './live-view.ts';
import { StatusServer } from './status-server.ts';

const STILL: LiveView = {
  snapshot: () => ({}),
  async *changes() {
    yield* [];
  },
};

const report = async (name: string): Promise<string | undefined> =>
  name === 'trial' ? '<!doctype html><p>runc against crun</p>' : undefined;

describe('StatusServer', () => {
  let server: StatusServer | undefined;
  afterEach(async () => await server?.close());

  async function start(
    reasons: readonly string[],
    metrics = new Metrics(),
    view: LiveView = STILL,
  ): Promise<string> {
    server = new StatusServer(
      { address: '127.0.0.1:0' },
      { metrics, notReady: () => reasons, view, report, logger: silentLogger },
    );
    return `http://127.0.0.1:${String(await server.listen())}`;
  }

  it('shows calls, phases and gauges to Prometheus', async () => {
    const metrics = new Metrics();
    metrics.calls.started('RunPodSandbox');
    metrics.calls.observe('RunPodSandbox', 'OK', 0.02, 'runc');
    metrics.phases.observe({ handler: 'runc', phase: 'network', seconds: 0.01 });
    metrics.phases.observe({
      ...{ handler: 'crun', phase: 'network', seconds: 0.01 },
      ...{ failure: 'Internal', experiment: 'trial' },
    });
    metrics.placements.fellBack('kata', 'runc', 'Unhealthy');
    metrics.placements.excluded('trial', 'kata', 'Drained');
    metrics.addGauges(STILL_GAUGES);
    const text = await (await fetch(`${await start([], metrics)}/metrics`)).text();
    expect(text).toContain(
      'crihub_rpc_duration_seconds_count{method="RunPodSandbox",code="OK",handler="runc"} 1',
    );
    expect(text).toContain(
      'crihub_phase_duration_seconds_count{handler="runc",phase="network",outcome="ok",experiment="",arm=""} 1',
    );
    expect(text).toContain(
      'crihub_phase_duration_seconds_count{handler="crun",phase="network",outcome="error",experiment="trial",arm="crun"} 1',
    );
    expect(text).toContain('crihub_fallbacks_total{from="kata",to="runc",reason="Unhealthy"} 1');
    expect(text).toContain(
      'crihub_experiment_exclusions_total{experiment="trial",handler="kata",reason="Drained"} 1',
    );
    expect(text).toContain('crihub_sandboxes{handler="runc"} 3');
    expect(text).toContain('crihub_handler_healthy{handler="runc"} 1');
    expect(text).toContain('crihub_sandbox_creations_waiting{handler="runc"} 2');
    expect(text).toContain('crihub_leaks_found_total{kind="orphanSandbox"} 4');
    expect(text).toContain('crihub_events_dropped_total 5');
    expect(text).toContain('crihub_image_store_bytes 77');
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
  });

  it.each([
    ['/healthz', [], 200, 'ok\n'],
    ['/readyz', [], 200, 'ok\n'],
    ['/readyz', ['no network'], 503, 'no network\n'],
    ['/other', [], 404, 'there are / (for people), /metrics, /healthz and /readyz\n'],
  ])('answers %s when the reasons are %j', async (path, reasons, status, body) => {
    const response = await fetch(`${await start(reasons)}${path}`);
    expect([response.status, await response.text()]).toEqual([status, body]);
  });

  it('serves the page to people, with nothing from elsewhere allowed in it', async () => {
    const response = await fetch(`${await start([])}/`);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(await response.text()).toContain('<title>crihub</title>');
  });

  it('serves the report of an experiment, which may run nothing', async () => {
    const address = await start([]);
    const response = await fetch(`${address}/experiments/trial`);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await response.text()).toContain('runc against crun');
    expect((await fetch(`${address}/experiments/other`)).status).toBe(404);
  });

  it('takes no request that would change anything', async () => {
    expect((await fetch(`${await start([])}/`, { method: 'POST' })).status).toBe(405);
  });

  it('tells each change once, and ends with the server', async () => {
    const changed = Promise.withResolvers<void>();
    let pods = 0;
    const view: LiveView = {
      snapshot: () => ({ pods }),
      async *changes() {
        await changed.promise;
        yield;
      },
    };
    const { body } = await fetch(`${await start([], new Metrics(), view)}/events`);
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe('data: {"pods":0}\n\n');
    pods = 1;
    changed.resolve();
    expect((await reader?.read())?.value).toBe('data: {"pods":1}\n\n');
    await server?.close();
    server = undefined;
    await expect(reader?.read()).rejects.toThrow();
  });

  it('says which address it could not have', async () => {
    const url = new URL(await start([]));
    const second = new StatusServer(
      { address: url.host },
      { metrics: new Metrics(), notReady: () => [], view: STILL, report, logger: silentLogger },
    );
    await expect(second.listen()).rejects.toThrow(`metrics.address ${url.host} can't be used`);
  });
});
