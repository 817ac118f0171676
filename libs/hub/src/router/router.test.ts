import type { Isolation } from '@crihub/contract';
import { MemoryBackend, MemoryNode } from '@crihub/contract-testkit';
import { RuntimeError, Semaphore } from '@crihub/kernel';
import { describe, expect, it } from 'vitest';
import { parseSandbox } from '../front/parse/sandbox.ts';
import type { Refusal } from '../records/placement.ts';
import { FakeNetwork } from '../testing/fake-network.ts';
import { sandboxConfig } from '../testing/hub-rig.ts';
import type { Experiment } from './experiment.ts';
import type { Handler } from './handler.ts';
import { Handlers } from './handlers.ts';
import { type Placed, Router } from './router.ts';

function handler(
  name: string,
  isolation: Isolation = 'namespaces',
  settings: Partial<Handler> = {},
): Handler {
  return {
    name,
    backend: new MemoryBackend({ isolation }, { node: new MemoryNode() }),
    network: new FakeNetwork(),
    admission: new Semaphore(1),
    timeouts: { createSandboxMs: 1, createContainerMs: 1, callMs: 1 },
    defaults: { overhead: {}, resources: {} },
    allowWeakerFallback: false,
    ...settings,
  };
}

const trial: Experiment = {
  ...{ name: 'trial', shares: { runc: 50, docker: 50 }, salt: 'salt' },
  ...{ unit: 'pod', enabled: true },
};

interface Setting {
  readonly handlers?: readonly Handler[];
  readonly experiment?: Partial<Experiment>;
  readonly refuse?: Readonly<Record<string, Refusal['reason']>>;
}

function place(asked: string, { handlers, experiment = {}, refuse = {} }: Setting, pod = 'pod'): Placed {
  const router = new Router({
    handlers: new Handlers({
      handlers: handlers ?? [handler('runc'), handler('docker')],
      experiments: [{ ...trial, ...experiment }],
      defaultHandler: 'runc',
    }),
    admission: {
      refusal: ({ name }) => {
        const reason = refuse[name];
        const message = `${name} is ${reason ?? ''}`;
        return reason && { handler: name, reason, message, error: new RuntimeError('Unavailable', message) };
      },
    },
  });
  return router.place(asked, parseSandbox(sandboxConfig(pod)).sandbox);
}

const names = Array.from({ length: 200 }, (_, index) => `pod-${String(index)}`);

describe('a handler that is asked for', () => {
  const vm = (settings: Partial<Handler> = {}): Handler =>
    handler('kata', 'virtualMachine', { fallback: 'gvisor', ...settings });
  const chain = (settings: Partial<Handler> = {}): readonly Handler[] => [
    vm(settings),
    handler('gvisor', 'userspaceKernel', { fallback: 'runc' }),
    handler('runc'),
    handler('other-vm', 'virtualMachine'),
  ];

  it('takes the pod', () => {
    const placed = place('runc', {});
    expect([placed.handler.name, placed.placement]).toEqual(['runc', { by: 'request', refusals: [] }]);
  });

  it('is the default where none is named, and must exist', () => {
    expect(place('', {}).handler.name).toBe('runc');
    expect(() => place('none', {})).toThrow(/there are: runc, docker, trial/);
  });

  it('lets another one of the same isolation stand in for it, and says why', () => {
    const handlers = chain({ fallback: 'other-vm' });
    const { handler: taken, placement } = place('kata', { handlers, refuse: { kata: 'Unhealthy' } });
    expect(taken.name).toBe('other-vm');
    expect(placement).toEqual({
      by: 'request',
      refusals: [{ handler: 'kata', reason: 'Unhealthy', message: 'kata is Unhealthy' }],
    });
  });

  it('does not weaken the isolation, however long the chain', () => {
    const refuse = { kata: 'Unhealthy' } as const;
    expect(() => place('kata', { handlers: chain(), refuse })).toThrow('kata is Unhealthy');
  });

  it('weakens it where an operator allows it, and goes on along the chain', () => {
    const handlers = chain({ allowWeakerFallback: true });
    const refuse = { kata: 'Drained', gvisor: 'Unhealthy' } as const;
    const { handler: taken, placement } = place('kata', { handlers, refuse });
    expect(taken.name).toBe('runc');
    expect(placement).toMatchObject({
      refusals: [
        { handler: 'kata', reason: 'Drained' },
        { handler: 'gvisor', reason: 'Unhealthy' },
      ],
    });
  });

  it('has no stand-in without a fallback', () => {
    expect(() => place('runc', { refuse: { runc: 'Unhealthy' } })).toThrow('runc is Unhealthy');
  });
});

describe('an experiment', () => {
  it('draws each pod, always the same way', () => {
    const arms = names.map((name) => place('trial', {}, name).handler.name);
    expect(new Set(arms)).toEqual(new Set(['runc', 'docker']));
    expect(names.map((name) => place('trial', {}, name).handler.name)).toEqual(arms);
    expect(place('trial', {}).placement).toEqual({
      ...{ by: 'draw', experiment: 'trial', unit: 'pod', key: 'default/pod' },
    });
  });

  it('draws no pod that one arm could not take', () => {
    const placed = names.map((name) => place('trial', { refuse: { docker: 'Unhealthy' } }, name));
    expect(new Set(placed.map((one) => one.handler.name))).toEqual(new Set(['runc']));
    expect(new Set(placed.map((one) => one.placement.by))).toEqual(new Set(['exclusion']));
    expect(placed[0]?.placement).toMatchObject({ refusals: [{ handler: 'docker', reason: 'Unhealthy' }] });
  });

  it('does not care for an arm without a share', () => {
    const setting: Setting = {
      experiment: { shares: { runc: 1, docker: 0 } },
      refuse: { docker: 'Unhealthy' },
    };
    expect(place('trial', setting)).toMatchObject({ handler: { name: 'runc' }, placement: { by: 'draw' } });
  });

  it('can be stopped', () => {
    const setting: Setting = { experiment: { enabled: false, excludedTo: 'docker' } };
    const placed = place('trial', setting);
    expect(placed.handler.name).toBe('docker');
    expect(placed.placement).toMatchObject({ by: 'exclusion', refusals: [{ reason: 'Stopped' }] });
  });

  it('refuses a pod that nobody can take', () => {
    const refuse = { runc: 'Unsupported', docker: 'Unhealthy' } as const;
    expect(() => place('trial', { refuse })).toThrow('runc is Unsupported');
  });
});
