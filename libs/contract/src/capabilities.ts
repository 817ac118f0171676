/** What a backend can do on this host, as probed. The hub refuses what is false before anything exists. */
export interface Capabilities {
  readonly userNamespaces: boolean;
  readonly userNamespacesWithHostNetwork: boolean;
  readonly recursiveReadonlyMounts: boolean;
  readonly idmappedMounts: boolean;
  readonly mountOptions: boolean;
  readonly bidirectionalMounts: boolean;
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  readonly sharedPid: boolean;
  readonly privileged: boolean;
  readonly devices: boolean;
  readonly updateSandboxResources: boolean;
}

export type BackendHealth =
  | { readonly healthy: true; readonly version: string; readonly capabilities: Capabilities }
  | {
      readonly healthy: false;
      /** One CamelCase word: `EngineUnreachable`. */
      readonly reason: string;
      /** What is wrong, and what to do. */
      readonly message: string;
      /** Last known, if ever. */
      readonly version?: string;
      readonly capabilities?: Capabilities;
    };
