/**
 * The gRPC API of containerd, one namespace for each of its packages: messages with their codecs and service
 * definitions. 64-bit numbers are `bigint`, bytes are `Buffer`, times are `Timestamp`.
 */
export * as events from './generated/containerd/events/events.ts';
export * as runc from './generated/containerd/runc/v1/options.ts';
export * as containers from './generated/containerd/services/containers/v1/containers.ts';
export * as content from './generated/containerd/services/content/v1/content.ts';
export * as diff from './generated/containerd/services/diff/v1/diff.ts';
export * as eventService from './generated/containerd/services/events/v1/events.ts';
export * as images from './generated/containerd/services/images/v1/images.ts';
export * as introspection from './generated/containerd/services/introspection/v1/introspection.ts';
export * as leases from './generated/containerd/services/leases/v1/leases.ts';
export * as namespaces from './generated/containerd/services/namespaces/v1/namespaces.ts';
export * as runtimeOptions from './generated/runtimeoptions/v1/api.ts';
export * as snapshots from './generated/containerd/services/snapshots/v1/snapshots.ts';
export * as tasks from './generated/containerd/services/tasks/v1/tasks.ts';
export * as version from './generated/containerd/services/version/v1/version.ts';
export { Process, ProcessInfo, Status } from './generated/containerd/types/task/task.ts';
export * as types from './generated/containerd/types/types.ts';
export { Any } from './generated/google/protobuf/any.ts';
export { Timestamp } from './generated/google/protobuf/timestamp.ts';
