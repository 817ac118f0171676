import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { readFile } from 'node:fs/promises';
import {
  containerConfig,
  createContainer,
  execSync,
  removePod,
  runPod,
  startContainer,
} from '@crihub/tool-fixtures';
import { Semaphore } from '@crihub/kernel';
import { run } from '@crihub/transport/process';
import { PodSandboxStatusRequest, RuntimeServiceService as runtime } from '@crihub/wire/cri';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './kubelet/eventually.ts';
import { ociHandler } from './node/daemon-config.ts';
import { BUSYBOX, TestNode } from './node/test-node.ts';

const COMMAND = path.join(import.meta.dirname, '../../crihub/src/main.ts');
/** `npm run test:trial` takes 200. */
const PODS = Number(process.env['CRIHUB_TRIAL_PODS'] ?? '40');
/** Pods that also have a container; the others are bare. */
const WITH_CONTAINER = Math.ceil(PODS / 4);
const PARALLEL = 4;

interface ArmJson {
  readonly arm: string;
  readonly pods: number;
  readonly failedPods: number;
}

interface ReportJson {
  readonly pods: number;
  readonly excludedPods: number;
  readonly exclusions: readonly {
    readonly handler: string;
    readonly reason: string;
    readonly pods: number;
  }[];
  readonly arms: readonly ArmJson[];
  readonly metrics: readonly {
    readonly metric: { readonly name: string };
    readonly arms: readonly {
      readonly arm: string;
      readonly summary?: { readonly count: number; readonly p50: number; readonly p99: number };
      readonly comparison?: { readonly verdict: string; readonly difference?: number };
    }[];
  }[];
}

describe('an experiment on real runtimes', () => {
  let node: TestNode;
  const arms = new Map<string, string>();

  const crihub = async (...args: readonly string[]): Promise<string> => {
    const socket = path.join(node.directory, 'crihub.sock');
    const result = await run(process.execPath, {
      args: [COMMAND, '--socket', socket, ...args],
      timeoutMs: 120_000,
    });
    if (result.exitCode !== 0) throw new Error(`crihub ${args.join(' ')}: ${result.stderr.toString()}`);
    return result.stdout.toString();
  };
  const json = async <T>(...args: readonly string[]): Promise<T> =>
    JSON.parse(await crihub(...args, '-o', 'json')) as T;

  const handlerOf = async (podSandboxId: string): Promise<string> => {
    const request = PodSandboxStatusRequest.create({ podSandboxId, verbose: true });
    const { info } = await node.cri.call(runtime.podSandboxStatus, request);
    return (JSON.parse(info['info'] ?? '') as { readonly handler: string }).handler;
  };

  /** One pod through its life; with a container if asked. @returns the handler that it was given. */
  const live = async (name: string, experiment: string, withContainer = false): Promise<string> => {
    const config = await node.podConfig(name);
    const pod = await runPod(node.cri, config, experiment);
    try {
      if (withContainer) {
        const container = await createContainer(
          node.cri,
          pod,
          containerConfig('main', BUSYBOX, ['sleep', '1000']),
          config,
        );
        await startContainer(node.cri, container);
        await execSync(node.cri, container, ['true']);
      }
      return await handlerOf(pod);
    } finally {
      await removePod(node.cri, pod);
    }
  };

  beforeAll(async () => {
    node = await TestNode.start({
      number: 61,
      handlers: (directory) => ({
        runc: ociHandler(directory, 'runc'),
        crun: ociHandler(directory, 'crun'),
        docker: { backend: 'docker', socket: path.join(directory, 'no-docker.sock') },
        trial: { experiment: { arms: { runc: 70, crun: 30 } } },
        'trial-of-docker': { experiment: { arms: { runc: 50, docker: 50 } } },
      }),
    });
  });
  // Without a node the failure to make it is what matters.
  afterAll(async () => await (node as TestNode | undefined)?.[Symbol.asyncDispose]());

  it(`splits ${String(PODS)} pods as configured`, { timeout: 240_000 }, async () => {
    const gate = new Semaphore(PARALLEL);
    const names = Array.from({ length: PODS }, (_, index) => `trial-${String(index)}`);
    await Promise.all(
      names.map((name, index) =>
        gate.run(async () => arms.set(name, await live(name, 'trial', index < WITH_CONTAINER))),
      ),
    );
    const crun = [...arms.values()].filter((arm) => arm === 'crun').length;
    // 3.3 standard deviations of a binomial: chance exceeds them once in 1,000 times, and the names are always the same.
    expect(Math.abs(crun - 0.3 * PODS)).toBeLessThan(3.3 * Math.sqrt(PODS * 0.3 * 0.7));
    expect(new Set(arms.values())).toEqual(new Set(['runc', 'crun']));
  });

  it('gives pods of the same names the same arms after the daemon was killed', async () => {
    await node.killDaemon();
    await node.startDaemon();
    for (const name of [...arms.keys()].slice(0, 8)) expect(await live(name, 'trial')).toBe(arms.get(name));
  });

  it('reports numbers that equal those made from the raw data', async () => {
    const report = await json<ReportJson>('experiment', 'report', 'trial');
    using database = new DatabaseSync(path.join(node.directory, 'state', 'crihub.db'), { readOnly: true });
    const armsOf = database.prepare("SELECT pod, unit, arm FROM trial_pods WHERE experiment = 'trial'").all();
    expect(report.pods).toBe(armsOf.length);
    for (const { arm, pods, failedPods } of report.arms) {
      expect(pods).toBe(armsOf.filter((row) => row['arm'] === arm).length);
      expect(failedPods).toBe(0);
    }
    const rows = database.prepare('SELECT pod, phase, seconds FROM measurements WHERE failure IS NULL').all();
    for (const phase of [
      'sandbox_create',
      'network',
      'container_create',
      'container_start',
      'exec',
      'sandbox_stop',
    ]) {
      const metric = report.metrics.find((one) => one.metric.name === phase);
      const medians = ['runc', 'crun'].map((arm) => {
        const pods = armsOf.filter((row) => row['arm'] === arm);
        const values = [...Map.groupBy(pods, (row) => String(row['unit'])).values()].flatMap((ofUnit) => {
          const ids = ofUnit.map((row) => row['pod']);
          const perPod = ids.flatMap((id) => {
            const seconds = rows
              .filter((row) => row['pod'] === id && row['phase'] === phase)
              .map((row) => Number(row['seconds']));
            return seconds.length === 0 ? [] : [at(seconds, 0.5)];
          });
          return perPod.length === 0 ? [] : [at(perPod, 0.5)];
        });
        const summary = metric?.arms.find((one) => one.arm === arm)?.summary;
        expect(summary?.count, `${phase} of ${arm}`).toBe(values.length);
        expect(summary?.p50).toBeCloseTo(at(values, 0.5), 9);
        expect(summary?.p99).toBeCloseTo(at(values, 0.99), 9);
        return at(values, 0.5);
      });
      const comparison = metric?.arms[1]?.comparison;
      if (comparison?.verdict === 'compared')
        expect(comparison.difference).toBeCloseTo((medians[1] ?? 0) - (medians[0] ?? 0), 9);
    }
    const units = report.arms.map(
      ({ arm }) => new Set(armsOf.filter((row) => row['arm'] === arm).map((row) => row['unit'])).size,
    );
    const creation = report.metrics.find(({ metric }) => metric.name === 'sandbox_create')?.arms[1]
      ?.comparison;
    expect(creation?.verdict).toBe(Math.min(...units) < 20 ? 'tooFewSamples' : 'compared');
  });

  it('knows what each pod took of the host beside its workload', async () => {
    const { metrics } = await json<ReportJson>('experiment', 'report', 'trial');
    const memory = (name: string): readonly number[] =>
      metrics.find(({ metric }) => metric.name === name)?.arms.map(({ summary }) => summary?.p50 ?? 0) ?? [];
    const [overhead, workload] = [memory('overhead_memory'), memory('workload_memory')];
    for (const bytes of [...overhead, ...workload]) {
      expect(bytes).toBeGreaterThan(50_000);
      expect(bytes).toBeLessThan(20_000_000);
    }
    expect(overhead).toHaveLength(2);
  });

  it('leaves the arm of runc alone when Docker is broken, and records who was excluded', async () => {
    const before = await json<ReportJson>('experiment', 'report', 'trial');
    for (let index = 0; index < 3; index += 1)
      expect(await live(`broken-${String(index)}`, 'trial-of-docker')).toBe('runc');
    const report = await json<ReportJson>('experiment', 'report', 'trial-of-docker');
    expect(report).toMatchObject({ pods: 3, excludedPods: 3 });
    expect(report.exclusions).toEqual([{ handler: 'docker', reason: 'Unhealthy', pods: 3 }]);
    expect(report.arms.map(({ pods }) => pods)).toEqual([0, 0]);
    expect(await json<ReportJson>('experiment', 'report', 'trial')).toEqual(before);
    expect(await node.metrics()).toMatch(
      /crihub_experiment_exclusions_total\{experiment="trial-of-docker",handler="docker",reason="Unhealthy"\} 3/,
    );
  });

  it('excludes pods while an arm is drained, and says why a pod is where it is', async () => {
    await crihub('drain', 'crun');
    const config = await node.podConfig('explained');
    const pod = await runPod(node.cri, config, 'trial');
    expect(await handlerOf(pod)).toBe('runc');
    const text = await crihub('explain', pod);
    expect(text).toContain('takes no part in experiment trial');
    expect(text).toContain("crun: Drained: handler 'crun' is drained");
    await expect(runPod(node.cri, await node.podConfig('refused'), 'crun')).rejects.toThrow(/is drained/);
    await crihub('undrain', 'crun');
    await removePod(node.cri, pod);
    await removePod(node.cri, await runPod(node.cri, await node.podConfig('again'), 'crun'));
  });

  it('takes a changed configuration while pods live, and stays with the old one if the new is wrong', async () => {
    const text = await readFile(node.configuration, 'utf8');
    const rewrite = async (change: (handlers: Record<string, unknown>) => void): Promise<void> => {
      const config = JSON.parse(text) as { handlers: Record<string, unknown> };
      change(config.handlers);
      await node.writeConfiguration(JSON.stringify(config));
    };
    await rewrite((handlers) => (handlers['trial'] = { experiment: { arms: { runc: 0, crun: 1 } } }));
    expect(await json('reload')).toEqual({ applied: ['experiments'], needsRestart: [] });
    expect(await live('moved', 'trial')).toBe('crun');
    await rewrite((handlers) => (handlers['trial'] = { experiment: { arms: { runc: 1, none: 1 } } }));
    await expect(crihub('reload')).rejects.toThrow(/'none', which is not among the handlers/);
    expect(await live('moved-again', 'trial')).toBe('crun');
    await rewrite((handlers) => (handlers['trial'] = { experiment: { arms: { runc: 1, crun: 0 } } }));
    process.kill(node.daemon.pid, 'SIGHUP');
    await eventually('the shares of the signal', async () =>
      (await live('back', 'trial')) === 'runc' ? true : undefined,
    );
  });

  it('compares handlers by pods of its own', { timeout: 120_000 }, async () => {
    const options = ['--handlers', 'runc,crun', '--image', BUSYBOX, '-n', '2', '--hold', '3'];
    const report = await json<ReportJson>('bench', ...options);
    expect(report.arms).toEqual(
      ['runc', 'crun'].map((arm) => expect.objectContaining({ arm, pods: 2, failedPods: 0 }) as ArmJson),
    );
    const exec = report.metrics.find(({ metric }) => metric.name === 'exec');
    expect(exec?.arms[1]?.comparison).toEqual({ verdict: 'tooFewSamples', needed: 20, smallest: 2 });
    const cpu = report.metrics.find(({ metric }) => metric.name === 'overhead_cpu');
    expect(cpu?.arms.map(({ summary }) => summary?.count)).toEqual([2, 2]);
  });
});

/** A quantile of a sample, with linear interpolation. */
function at(sample: readonly number[], share: number): number {
  const sorted = sample.toSorted((one, other) => one - other);
  const place = (sorted.length - 1) * share;
  const [low = 0, high = 0] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low + (high - low) * (place - Math.floor(place));
}
