import type { Phase } from '@crihub/contract';
import type { TrialData, TrialFootprint, TrialMeasurement, TrialPod } from '@crihub/experiment/compare';
import {
  AdminService,
  type Experiment,
  type Footprint,
  MeasurementsRequest,
  type PhaseMeasurement,
  type TrialPod as TrialPodMessage,
} from '@crihub/wire/admin';
import type { NodeClient } from '../client/node-client.ts';

/** All that the daemon has recorded of an experiment. */
export async function readTrial(
  node: NodeClient,
  { name, arms }: Pick<Experiment, 'name' | 'arms'>,
): Promise<TrialData> {
  const pods: TrialPod[] = [];
  const measurements: TrialMeasurement[] = [];
  const footprints: TrialFootprint[] = [];
  for await (const piece of node.stream(
    AdminService.measurements,
    MeasurementsRequest.create({ experiment: name }),
  )) {
    pods.push(...piece.pods.map(readPod));
    measurements.push(...piece.phases.map(readPhase));
    footprints.push(...piece.footprints.map(readFootprint));
  }
  return { experiment: name, arms: arms.map(({ handler }) => handler), pods, measurements, footprints };
}

const readPod = ({ podSandboxId, at, unit, arm, exclusions }: TrialPodMessage): TrialPod => ({
  ...{ pod: podSandboxId, at: Number(at), unit },
  ...(arm === '' ? {} : { arm }),
  exclusions: exclusions.map(({ handler, reason }) => ({ handler, reason })),
});

const readPhase = ({ podSandboxId, phase, seconds, failure }: PhaseMeasurement): TrialMeasurement => ({
  ...{ pod: podSandboxId, phase: phase as Phase, seconds },
  ...(failure === '' ? {} : { failure }),
});

const readFootprint = (message: Footprint): TrialFootprint => ({
  pod: message.podSandboxId,
  at: Number(message.at),
  overheadMemoryBytes: Number(message.overheadMemoryBytes),
  overheadCpuSeconds: message.overheadCpuSeconds,
  workloadMemoryBytes: Number(message.workloadMemoryBytes),
  workloadCpuSeconds: message.workloadCpuSeconds,
});
