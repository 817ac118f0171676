import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DaemonProcess, startEngine } from '@crihub/tool-fixtures';
import { run } from '@crihub/transport/process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ociHandler } from './node/daemon-config.ts';
import { BUSYBOX, TestNode } from './node/test-node.ts';

const COMMAND = path.join(import.meta.dirname, '../../crihub/src/main.ts');
const PODS = Number(process.env['CRIHUB_TRIAL_PODS'] ?? '25');
const HANDLERS = ['runc', 'crun', 'docker', 'containerd'];

interface ReportJson {
  readonly arms: readonly { readonly arm: string; readonly pods: number; readonly failedPods: number }[];
  readonly metrics: readonly {
    readonly metric: { readonly name: string };
    readonly arms: readonly { readonly arm: string; readonly summary?: { readonly p50: number } }[];
  }[];
}

let directory: string;
let engines: readonly DaemonProcess[];
let node: TestNode;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'crihub-engines-'));
  engines = await Promise.all(
    (['docker', 'containerd'] as const).map((name) => startEngine(name, path.join(directory, name))),
  );
  const [docker = '', containerd = ''] = engines.map(({ socket }) => socket);
  node = await TestNode.start({
    number: 62,
    handlers: (own) => {
      const pins = { networkNamespaceDirectory: path.join(own, 'netns') };
      return {
        runc: ociHandler(own, 'runc'),
        crun: ociHandler(own, 'crun'),
        docker: { backend: 'docker', socket: docker, ...pins },
        containerd: { backend: 'containerd', socketPath: containerd, ...pins },
      };
    },
  });
});

afterAll(async () => {
  await node[Symbol.asyncDispose]();
  for (const engine of engines) await engine[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

it('compares all backends, with what each takes of the host', { timeout: 900_000 }, async () => {
  const socket = path.join(node.directory, 'crihub.sock');
  const options = ['--handlers', HANDLERS.join(','), '--image', BUSYBOX, '-n', String(PODS), '--hold', '0'];
  const page = ['--html', process.env['CRIHUB_TRIAL_PAGE'] ?? path.join(node.directory, 'bench.html')];
  const { exitCode, stdout, stderr } = await run(process.execPath, {
    args: [COMMAND, '--socket', socket, 'bench', ...options, ...page, '-o', 'json'],
    timeoutMs: 880_000,
  });
  expect(exitCode, stderr.toString()).toBe(0);
  const report = JSON.parse(stdout.toString()) as ReportJson;
  expect(report.arms).toEqual(
    HANDLERS.map((arm) => expect.objectContaining({ arm, pods: PODS, failedPods: 0 }) as object),
  );
  const overhead = report.metrics.find(({ metric }) => metric.name === 'overhead_memory')?.arms ?? [];
  const of = (name: string): number => overhead.find(({ arm }) => arm === name)?.summary?.p50 ?? 0;
  // An engine of tens of MiB serves one pod here; a monitor is small.
  for (const engine of ['docker', 'containerd']) expect(of(engine)).toBeGreaterThan(10 * of('runc'));
  expect(of('runc')).toBeGreaterThan(0);
});
