export { OutputBuffer } from './output-buffer.ts';
export { exitCodeOf, killGroup, run, type RunOptions, type RunResult } from './run.ts';
export { spawnProcess, type SpawnedProcess, type SpawnOptions } from './spawn-session.ts';
export { BASE_ENVIRONMENT } from './start-child.ts';
