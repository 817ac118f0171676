import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile, generate, textFiles } from '../../testing/compile.ts';
import { wireTable } from '../../testing/wire-table.ts';
import { containers, events, tasks } from './index.ts';

/** Packages that containerd shares with others, or keeps beside its API. */
const NOT_IN_TABLE = /^\w+\t(google\.|containerd\.runc\.|runtimeoptions\.)/;

const readTable = async (): Promise<readonly string[]> => {
  const text = await readFile(join(import.meta.dirname, '../test/containerd.tsv'), 'utf8');
  return text.split('\n').slice(1, -1);
};

describe('the .proto files of containerd', () => {
  it('have every row of the wire table, and nothing else', async () => {
    const [expected, compiled] = await Promise.all([
      readTable(),
      compile('containerd/proto').then(wireTable),
    ]);
    const actual = compiled.filter((row) => !NOT_IN_TABLE.test(row));
    expect(expected).toHaveLength(444);
    expect(actual.toSorted()).toEqual(expected.toSorted());
  });

  it('are what the generated code was made from', async () => {
    const [fresh, checkedIn] = await Promise.all([
      generate('containerd/proto'),
      textFiles(join(import.meta.dirname, 'generated')),
    ]);
    expect([...checkedIn.keys()].toSorted()).toEqual([...fresh.keys()].toSorted());
    for (const [path, text] of fresh) {
      expect(checkedIn.get(path) === text, `${path} is stale: run "npm run generate"`).toBe(true);
    }
  });
});

describe('the codec', () => {
  it('keeps times to the nanosecond', () => {
    const exit = events.TaskExit.create({ exitedAt: { seconds: 1_790_000_000n, nanos: 123_456_789 } });
    expect(events.TaskExit.decode(events.TaskExit.encode(exit).finish()).exitedAt).toEqual(exit.exitedAt);
  });

  it('keeps the bytes of what another package defines', () => {
    const spec = {
      typeUrl: 'types.containerd.io/opencontainers/runtime-spec/1/Spec',
      value: Buffer.from('{}'),
    };
    const container = containers.Container.create({ id: 'one', spec });
    expect(containers.Container.decode(containers.Container.encode(container).finish()).spec).toEqual(spec);
  });

  it('names the path of a call as containerd serves it', () => {
    expect(tasks.TasksService.closeIo.path).toBe('/containerd.services.tasks.v1.Tasks/CloseIO');
  });
});
