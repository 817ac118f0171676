import type { Backend, ContainerOperations, ProcessSession, SandboxOperations } from '@crihub/contract';
import { describe, expect, it } from 'vitest';
import { MemoryRig } from '../memory/memory-rig.ts';
import type { Rig } from './rig.ts';
import { CONTRACT_TESTS } from './run-backend-contract.ts';
import { runGap, runTest } from './run-test.ts';

/** A backend with one fault, the fault in words, and a promise that it breaks. */
interface Fault {
  readonly fault: string;
  readonly breaks: string;
  readonly damage: (backend: Backend, rig: MemoryRig) => Partial<Backend>;
}

const onSandboxes = (backend: Backend, change: Partial<SandboxOperations>): Partial<Backend> => ({
  sandboxes: Object.assign(
    Object.create(backend.sandboxes) as SandboxOperations,
    bound(backend.sandboxes),
    change,
  ),
});
const onContainers = (backend: Backend, change: Partial<ContainerOperations>): Partial<Backend> => ({
  containers: Object.assign({} as ContainerOperations, bound(backend.containers), change),
});
const onExec = (
  backend: Backend,
  change: (session: ProcessSession) => Partial<ProcessSession>,
): Partial<Backend> => ({
  processes: {
    attach: (...args) => backend.processes.attach(...args),
    exec: async (...args) => {
      const session = await backend.processes.exec(...args);
      return { ...session, ...change(session) };
    },
  },
});

const FAULTS: readonly Fault[] = [
  {
    fault: 'remove leaves the pod',
    breaks: 'removes a pod that was only prepared',
    damage: (backend) => onSandboxes(backend, { remove: async () => undefined }),
  },
  {
    fault: 'stop does not kill',
    breaks: 'kills all containers when it stops a pod',
    damage: (backend) => onSandboxes(backend, { stop: async () => undefined }),
  },
  {
    fault: 'a signal that has aborted is ignored',
    breaks: 'refuses prepare with a signal that has aborted, and does nothing',
    damage: (backend) =>
      onSandboxes(backend, {
        prepare: (sandbox) => backend.sandboxes.prepare(sandbox, new AbortController().signal),
      }),
  },
  {
    fault: 'events are never told',
    breaks: 'tells within a second that a container exited with 7',
    damage: (_backend, rig) => ({
      events: async function* (signal) {
        for await (const event of rig.backend.events(signal)) if (event.type === 'resync') yield event;
      },
    }),
  },
  {
    fault: 'signals are all SIGKILL',
    breaks: 'sends a signal by its name to the first process',
    damage: (backend) =>
      onContainers(backend, {
        signal: (id, _name, scope, signal) => backend.containers.signal(id, 'SIGKILL', scope, signal),
      }),
  },
  {
    fault: 'update applies what it can',
    breaks: 'changes no limit at all if one of them is refused',
    damage: (backend) =>
      onContainers(backend, {
        update: async (id, { cpusetCpus, ...rest }, signal) => {
          await backend.containers.update(id, rest, signal);
          await backend.containers.update(id, cpusetCpus === undefined ? {} : { cpusetCpus }, signal);
        },
      }),
  },
  {
    fault: 'reopenLog does nothing',
    breaks: 'goes on in a new file after reopenLog, and loses no line',
    damage: (backend) => onContainers(backend, { reopenLog: async () => undefined }),
  },
  {
    fault: 'kill ends the first process of an exec alone',
    breaks: 'kills an exec and everything it started, in other sessions too',
    damage: (backend) => onExec(backend, () => ({ kill: async () => undefined })),
  },
  {
    fault: 'both streams are one',
    breaks: 'keeps the output streams of an exec apart and tells its exit code',
    damage: (backend) => onExec(backend, ({ stdout }) => ({ stderr: stdout })),
  },
  {
    fault: 'resize does nothing',
    breaks: 'gives an exec a terminal that can be resized',
    damage: (backend) => onExec(backend, () => ({ resize: async () => undefined })),
  },
  {
    fault: 'the inventory hides what is half made',
    breaks: 'shows and finishes or removes what is left of prepare after a death at any step',
    damage: (backend) => ({
      inventory: async (signal) => {
        const { sandboxes, containers } = await backend.inventory(signal);
        return { sandboxes: sandboxes.filter(({ state }) => state !== 'partial'), containers };
      },
    }),
  },
  {
    fault: 'the inventory shows no containers',
    breaks: 'finds running pods and containers again after a death',
    damage: (backend) => ({
      inventory: async (signal) => ({ ...(await backend.inventory(signal)), containers: [] }),
    }),
  },
];

const ALL_TESTS = Object.values(CONTRACT_TESTS).flat();
const promise = (name: string): (typeof ALL_TESTS)[number] => {
  const found = ALL_TESTS.find((test) => test.name === name);
  if (found === undefined) throw new Error(`no promise is named "${name}"`);
  return found;
};

describe('the contract kit', () => {
  it.concurrent.each(FAULTS)('finds out when $fault', { timeout: 40_000 }, async ({ breaks, damage }) => {
    await expect(runTest(promise(breaks), () => startDamaged(damage), noSkip)).rejects.toThrow();
  });

  it('fails a test that leaves something behind', async () => {
    const careless = { name: 'careless', run: async (rig: Rig) => void (await prepareOne(rig)) };
    await expect(runTest(careless, () => MemoryRig.start(), noSkip)).rejects.toThrow(/left on the machine/);
  });

  it('skips a gap with its reason', async () => {
    const reasons: string[] = [];
    const skip = (reason: string): never => {
      reasons.push(reason);
      throw new Error('skipped');
    };
    const broken = { name: 'broken', run: () => Promise.reject(new Error('not yet')) };
    await expect(runGap(broken, () => MemoryRig.start(), skip, 'no time')).rejects.toThrow('skipped');
    expect(reasons).toEqual(['no time']);
  });

  it('fails a gap that has closed', async () => {
    const kept = { name: 'kept', run: async () => undefined };
    await expect(runGap(kept, () => MemoryRig.start(), noSkip, 'no time')).rejects.toThrow(/has closed/);
  });

  it('names each promise once', () => {
    const names = ALL_TESTS.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});

async function startDamaged(damage: Fault['damage']): Promise<Rig> {
  const rig = await MemoryRig.start();
  const damaged = (whole: Backend): Backend =>
    Object.assign(Object.create(whole) as Backend, bound(whole), damage(whole, rig));
  return new Proxy<Rig>(rig, {
    get: (target, key) => {
      if (key === 'backend') return damaged(rig.backend);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** The methods of an object of a class, each bound to it. */
function bound<T extends object>(object: T): Partial<T> {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(object)) as (keyof T)[];
  const methods = names.filter((name) => name !== 'constructor' && typeof object[name] === 'function');
  return Object.fromEntries(
    methods.map((name) => [name, (object[name] as (...args: unknown[]) => unknown).bind(object)]),
  ) as Partial<T>;
}

async function prepareOne(rig: Rig): Promise<void> {
  await rig.backend.sandboxes.prepare(await rig.makeSandbox(), AbortSignal.timeout(5_000));
}

function noSkip(reason: string): never {
  throw new Error(`skipped: ${reason}`);
}
