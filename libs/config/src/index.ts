export { describeSettings, renderDefaultConfig, renderSettingsTable } from './describe.ts';
export { describeIssues, loadConfig, parseConfig } from './load.ts';
export {
  type Config,
  configSchema,
  type DefaultResources,
  type ExperimentConfig,
  type HandlerConfig,
  LOG_LEVELS,
  type LogLevel,
} from './schema.ts';
