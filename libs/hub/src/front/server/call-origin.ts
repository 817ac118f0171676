import type { LogFields } from '@crihub/kernel';

/** Whose call it is, as far as that is known: fields of its log line, and the handler of its measurement. */
export interface CallOrigin {
  readonly handler?: string;
  /** `namespace/name` */
  readonly pod?: string;
}

/** Finds it by the ids and names that a request or response carries (`identifiersIn`). */
export type FindOrigin = (identifiers: LogFields) => CallOrigin;
