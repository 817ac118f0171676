import { describe, expect, it } from 'vitest';
import { Handler } from '@crihub/wire/admin';
import { ContainerEventResponse, ContainerEventType } from '@crihub/wire/cri';
import { describeEvent, formatEvent } from './events.ts';
import { KnownNames } from './known-names.ts';
import { lacking } from './list-handlers.ts';

it.each([
  [{}, 'not known'],
  [{ privileged: true }, ''],
  [{ privileged: false, devices: true, checkpoint: false }, 'checkpoint, privileged'],
])('a handler with %o lacks %s', (capabilities, text) => {
  expect(lacking(Handler.create({ capabilities }))).toBe(text);
});

describe('events', () => {
  const names = (): KnownNames => {
    const known = new KnownNames();
    known.add('p1', { kind: 'pod', namespace: 'default', pod: 'shop', container: '' });
    return known;
  };
  const event = (containerId: string, containerEventType: ContainerEventType): ContainerEventResponse =>
    ContainerEventResponse.create({ containerId, containerEventType, createdAt: 1_000_000n });
  const started = ContainerEventResponse.create({
    ...event('c1', ContainerEventType.CONTAINER_STARTED_EVENT),
    podSandboxStatus: { id: 'p2', metadata: { name: 'blog', namespace: 'web' } },
    containersStatuses: [{ id: 'c1', metadata: { name: 'nginx' } }],
  });

  it('name what they are about', () => {
    const told = describeEvent(started, names());
    expect(told).toEqual({
      time: '1970-01-01T00:00:00.001Z',
      type: 'started',
      kind: 'container',
      namespace: 'web',
      pod: 'blog',
      container: 'nginx',
      id: 'c1',
    });
    expect(formatEvent(told)).toMatch(
      /^1970-01-01T00:00:00.001Z {2}started {2}container {2}c1 +web\/blog\/nginx$/,
    );
  });

  it('name what is deleted from what was told before, once', () => {
    const known = names();
    describeEvent(started, known);
    const deleted = (id: string): unknown =>
      describeEvent(event(id, ContainerEventType.CONTAINER_DELETED_EVENT), known);
    expect(deleted('c1')).toMatchObject({ type: 'deleted', kind: 'container', container: 'nginx' });
    expect(deleted('p2')).toMatchObject({ kind: 'pod', pod: 'blog' });
    expect(deleted('p1')).toMatchObject({ kind: 'pod', pod: 'shop' });
    expect(deleted('p1')).toMatchObject({ kind: 'unknown', pod: '' });
  });
});
