export { ManualClock } from './manual-clock.ts';
export { RecordingLogger } from './recording-logger.ts';
