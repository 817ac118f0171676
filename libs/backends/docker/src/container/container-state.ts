import { dirname } from 'node:path';
import type { ContainerExit, WritableLayer } from '@crihub/contract';
import { parseTimestamp } from '@crihub/service-container-log';
import type { ContainerDetails } from '@crihub/transport/docker-engine';

export type EngineState =
  | { readonly name: 'created' }
  | { readonly name: 'running'; readonly pid: number; readonly startedAt: bigint }
  | { readonly name: 'exited'; readonly exit: ContainerExit }
  /** Being removed, or half made: only removal helps. */
  | { readonly name: 'partial' };

/** Where a container is in its life, from what the engine says of it. */
export function stateOf({ State, Created }: ContainerDetails): EngineState {
  if (State.Running && State.Pid > 0) {
    return { name: 'running', pid: State.Pid, startedAt: timeOf(State.StartedAt) ?? 0n };
  }
  if (State.Status === 'created' && State.Error === '') return { name: 'created' };
  if (State.Status === 'created' || State.Status === 'exited') {
    const finishedAt = timeOf(State.FinishedAt) ?? timeOf(Created) ?? 0n;
    return { name: 'exited', exit: { exitCode: State.ExitCode, finishedAt, oomKilled: State.OOMKilled } };
  }
  return { name: 'partial' };
}

/** Of an engine that keeps layers as directories; `undefined` of another one. */
export function writableLayerOf({ GraphDriver }: ContainerDetails): WritableLayer | undefined {
  const directory = GraphDriver?.Data?.UpperDir;
  return directory === undefined ? undefined : { directory, store: dirname(dirname(directory)) };
}

/** When its program was started; the epoch if it never was. */
export const startTimeOf = ({ State }: ContainerDetails): bigint => timeOf(State.StartedAt) ?? 0n;

/** The engine writes the year 1 for what has not happened. */
function timeOf(text: string): bigint | undefined {
  const time = parseTimestamp(text);
  return time === undefined || time <= 0n ? undefined : time;
}
