export {
  type ChunkPlace,
  ContainerLog,
  type ContainerLogDependencies,
  type ContainerLogOptions,
} from './container-log.ts';
export { encodeChunk, type OutputStream } from './entry-format.ts';
export { followStream } from './follow-stream.ts';
export { type LogPosition, readLogPosition } from './log-position.ts';
export { formatTimestamp, parseTimestamp } from './timestamp.ts';
