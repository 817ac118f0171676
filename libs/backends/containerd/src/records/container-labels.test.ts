import { sampleContainer, sampleSandbox } from '@crihub/contract-testkit';
import { containers } from '@crihub/wire/containerd';
import { expect, it } from 'vitest';
import { containerLabels, exitLabel, LABELS, sandboxLabels, storedRecord } from './container-labels.ts';

const identity = { handler: 'containerd', bootId: 'boot-1' };
const sandbox = sampleSandbox({ directory: '/pods/one' });
const container = sampleContainer(sandbox, { rootfs: '/root', logPath: '/log' });
const exit = { exitCode: 3, finishedAt: 1_790_000_000_123_456_789n, oomKilled: true };

it('gives a pod back as it was given', () => {
  const stored = containers.Container.create({ id: sandbox.id, ...sandboxLabels(sandbox, identity) });
  expect(storedRecord(stored)).toEqual({ kind: 'sandbox', id: sandbox.id, bootId: 'boot-1', sandbox });
});

it('gives a container back as it was given, and its exit to the nanosecond', () => {
  const made = containerLabels(container, identity);
  const stored = containers.Container.create({
    id: container.id,
    ...made,
    labels: { ...made.labels, ...exitLabel(exit) },
  });
  const { id, sandboxId } = container;
  expect(storedRecord(stored)).toEqual({
    kind: 'container',
    id,
    sandboxId,
    bootId: 'boot-1',
    container,
    exit,
  });
});

it.each<[string, string, string]>([
  ['an exit that is no JSON', LABELS.exit, '{'],
  ['an exit without a code', LABELS.exit, '{"finishedAt":"1","oomKilled":false}'],
  ['an exit with a time that is none', LABELS.exit, '{"exitCode":1,"finishedAt":"soon","oomKilled":false}'],
])('leaves out %s, so that the container can still be removed', (_sentence, label, value) => {
  const made = containerLabels(container, identity);
  const stored = containers.Container.create({
    id: container.id,
    labels: { ...made.labels, [label]: value },
    extensions: { 'crihub/as-given': { typeUrl: 'crihub/Container', value: Buffer.from('damaged') } },
  });
  expect(storedRecord(stored)).toMatchObject({ id: container.id, container: undefined, exit: undefined });
});
