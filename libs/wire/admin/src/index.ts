/**
 * The operator's service, package `crihub.admin.v1`: messages with their codecs, the service definition and
 * its client. 64-bit numbers are `bigint`.
 */
export * from './generated/crihub/admin/v1/admin.ts';
