export { OutputBuffer } from './output-buffer.ts';
export { BASE_ENVIRONMENT, exitCodeOf, killGroup, run, type RunOptions, type RunResult } from './run.ts';
export { spawnProcess, type SpawnedProcess, type SpawnOptions } from './spawn-session.ts';
