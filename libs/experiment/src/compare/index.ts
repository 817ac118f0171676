export type { FootprintMetric, Metric } from './metric.ts';
export {
  type ArmFigures,
  type ArmReport,
  type Comparison,
  type ExclusionReport,
  makeReport,
  type MetricReport,
  type Report,
} from './report.ts';
export type { Summary } from './summary.ts';
export type { Exclusion, TrialData, TrialFootprint, TrialMeasurement, TrialPod } from './trial-data.ts';
