export { describeSettings, renderDefaultConfig, renderSettingsTable } from './describe.ts';
export { describeIssues, loadConfig, parseConfig } from './load.ts';
export { type Config, configSchema, type HandlerConfig, type LogLevel } from './schema.ts';
