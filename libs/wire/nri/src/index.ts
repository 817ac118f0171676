/**
 * The Node Resource Interface, package `nri.pkg.api.v1alpha1`: messages with their codecs and service definitions,
 * whose paths name service and method. 64-bit numbers are `bigint`.
 */
export * from './generated/nri/pkg/api/v1alpha1/api.ts';
