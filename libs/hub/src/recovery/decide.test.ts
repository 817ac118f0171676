import type { InventoryContainer, InventorySandbox } from '@crihub/contract';
import { newContainerId, newSandboxId } from '@crihub/kernel';
import { describe, expect, it } from 'vitest';
import type { ContainerPhase } from '../records/container-record.ts';
import type { SandboxPhase } from '../records/sandbox-record.ts';
import { decideContainer, decideSandbox } from './decide.ts';

const ids = { id: newContainerId(), sandboxId: newSandboxId() };
const exit = { exitCode: 3, finishedAt: 1n, oomKilled: false };
const found: Record<string, InventoryContainer | undefined> = {
  nothing: undefined,
  partial: { ...ids, state: 'partial' },
  created: { ...ids, state: 'created' },
  running: { ...ids, state: 'running', pid: 7 },
  exited: { ...ids, state: 'exited', exit },
  vanished: { ...ids, state: 'exited' },
};

describe('the recovery table of containers', () => {
  it.each<[ContainerPhase, readonly string[]]>([
    // nothing, partial, created, running, exited, ended unseen
    ['creating', ['remove', 'remove', 'remove', 'remove', 'remove', 'remove']],
    ['created', ['markLost', 'markLost', 'keep', 'markRunning', 'markExited', 'markLost']],
    ['running', ['markLost', 'markLost', 'markLost', 'keep', 'markExited', 'markLost']],
    ['unknown', ['markLost', 'markLost', 'markLost', 'markRunning', 'markExited', 'markLost']],
    ['exited', ['keep', 'keep', 'keep', 'keep', 'keep', 'keep']],
    ['removing', ['remove', 'remove', 'remove', 'remove', 'remove', 'remove']],
  ])('decides for a record that says %s', (phase, verdicts) => {
    expect(Object.values(found).map((state) => decideContainer(phase, state).do)).toEqual(verdicts);
  });

  it('takes over how the container ended', () => {
    expect(decideContainer('running', found['exited'])).toEqual({ do: 'markExited', exit });
  });
});

describe('the recovery table of pods', () => {
  const sandbox = (state: InventorySandbox['state']): InventorySandbox => ({ id: ids.sandboxId, state });
  it.each<[SandboxPhase, readonly string[]]>([
    // nothing, partial, prepared, running, stopped
    ['creating', ['remove', 'remove', 'remove', 'remove', 'remove']],
    ['ready', ['markNotReady', 'markNotReady', 'markNotReady', 'keep', 'markNotReady']],
    ['notReady', ['keep', 'keep', 'keep', 'keep', 'keep']],
    ['removing', ['remove', 'remove', 'remove', 'remove', 'remove']],
  ])('decides for a record that says %s', (phase, verdicts) => {
    const states = [
      undefined,
      sandbox('partial'),
      sandbox('prepared'),
      sandbox('running'),
      sandbox('stopped'),
    ];
    expect(states.map((state) => decideSandbox(phase, state).do)).toEqual(verdicts);
  });
});
