/**
 * The Kubernetes Container Runtime Interface, package `runtime.v1`: messages with their codecs
 * (`encode`, `decode`, `create`), service definitions and clients. 64-bit numbers are `bigint`, bytes are `Buffer`.
 */
export * from './generated/runtime/v1/api.ts';
