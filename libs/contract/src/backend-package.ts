import type { Clock, Logger } from '@crihub/kernel';
import type { Backend } from './backend.ts';

/** Where a backend may keep things, and what the node decides for all of them. */
export interface BackendPlacement {
  /** The handler's name; a package is asked for one backend per handler. */
  readonly handler: string;
  /** Another one for each handler of each hub on this host: marks what belongs to this backend. */
  readonly instance: string;
  /** Survives a reboot. The backend makes it, for itself alone. */
  readonly stateDirectory: string;
  /** Of this boot alone. The backend makes it, for itself alone. */
  readonly runDirectory: string;
  readonly cgroupDriver: 'cgroupfs' | 'systemd';
}

/** What the hub lends to a backend package. */
export interface BackendServices {
  /** Adds the handler's name to every line. */
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * A schema by the Standard Schema convention, version 1 (standardschema.dev), which zod, valibot and
 * ArkType follow. Only what the hub calls is named here.
 */
export interface OptionsSchema {
  readonly '~standard': {
    readonly version: 1;
    validate(value: unknown): OptionsResult | Promise<OptionsResult>;
  };
}

export type OptionsResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string;
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
      }[];
    };

/** What a package exports as `backend`, so that `backend: <package name>` in the configuration loads it. */
export interface BackendPackage {
  /** `CONTRACT_VERSION` of the contract that it was built against. */
  readonly contractVersion: string;
  /** Checks what a handler says beyond what every handler has, and fills in defaults. */
  readonly options: OptionsSchema;
  /** Makes the backend of one handler, and starts nothing yet. @param options as the schema gave them. */
  create(options: unknown, placement: BackendPlacement, services: BackendServices): Backend;
}
