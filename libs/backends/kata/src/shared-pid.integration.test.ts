import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { KataRig } from './testing/kata-rig.ts';

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

it(
  'lets the containers of a pod that shares its PID namespace see each other, under one first process',
  {
    timeout: 150_000,
  },
  async () => {
    await using rig = await KataRig.start();
    const namespaces = { network: 'pod', ipc: 'pod', pid: 'pod' } as const;
    const sandbox = await rig.makeSandbox({ namespaces });
    await rig.backend.sandboxes.prepare(sandbox, soon());
    await rig.backend.sandboxes.start(sandbox, undefined, soon());
    const start = async (...args: string[]): Promise<Awaited<ReturnType<KataRig['makeContainer']>>> => {
      const container = await rig.makeContainer(sandbox, {
        process: { args },
        pidNamespace: { mode: 'pod' },
      });
      await rig.backend.containers.create(container, sandbox, soon());
      await rig.backend.containers.start(container.id, soon());
      return container;
    };
    await start('sleep', '1001');
    const second = await start('sleep', '1002');
    const look = async (): Promise<string> => {
      const exec = { args: ['busybox', 'ps', '-o', 'pid,args'], terminal: false, stdin: false };
      const session = await rig.backend.processes.exec(second.id, exec, soon());
      session.stderr?.resume();
      return await text(session.stdout);
    };
    const seen = await look();
    expect(seen).toMatch(/^ *1 .*catatonit/m);
    expect(seen).toContain('sleep 1001');
    expect(seen).toContain('sleep 1002');
    await rig.reopen();
    expect(await look()).toContain('sleep 1001');
    await rig.backend.sandboxes.remove(sandbox.id, soon());
    expect(await rig.leaks()).toEqual([]);
  },
);
