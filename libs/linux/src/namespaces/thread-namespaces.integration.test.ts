import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replaceDescriptor } from '../syscalls/sockets.ts';
import { type LinuxRig, startRig } from '../testing/rig.ts';
import { inOtherNamespaces, ThreadLostError } from './thread-namespaces.ts';

let rig: LinuxRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

const descriptors = (): readonly string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`];
    } catch {
      return []; // the descriptor that listed the directory
    }
  });

describe('inOtherNamespaces', () => {
  it('says that the thread is lost when the way back is gone', () => {
    const loseTheWay = (): void => {
      const way = descriptors()
        .find((line) => line.includes(' net:['))
        ?.split(' ')[0];
      const other = openSync('/dev/null', 'r');
      replaceDescriptor(other, Number(way));
      closeSync(other);
    };
    expect(() => inOtherNamespaces(['net'], () => undefined, loseTheWay)).toThrow(ThreadLostError);
  });

  it('passes on what the work throws', () => {
    const fail = (): never => {
      throw new Error('from the work');
    };
    expect(() => inOtherNamespaces(['net', 'ipc'], () => undefined, fail)).toThrow('from the work');
  });
});

describe('the worker', () => {
  it('leaves no descriptor open after any number of operations', async () => {
    const net = join(rig.directory, 'net');
    const once = async (): Promise<void> => {
      await rig.namespaces.create({ net });
      await rig.namespaces.listAddresses(net);
      await expect(rig.namespaces.connectTcp(net, { host: '127.0.0.1', port: 1 })).rejects.toThrow(
        'ECONNREFUSED',
      );
      await expect(rig.namespaces.create({ net })).rejects.toThrow('exists');
      await expect(rig.mounts.bind({ source: rig.directory, target: '/no/target' })).rejects.toThrow(
        'ENOENT',
      );
      await expect(
        rig.mounts.mountOverlay({ lower: ['/no/a', '/no/b'], target: rig.directory }),
      ).rejects.toThrow();
      await rig.namespaces.remove(net);
    };
    await once();
    const before = descriptors().length;
    for (let round = 0; round < 30; round += 1) await once();
    expect(descriptors().length).toBeLessThanOrEqual(before + 2);
  });
});
