export type SeccompProfile =
  | { readonly type: 'runtimeDefault' }
  | { readonly type: 'unconfined' }
  /** A profile file on the node; absolute path. */
  | { readonly type: 'localhost'; readonly path: string };

export type AppArmorProfile =
  | { readonly type: 'runtimeDefault' }
  | { readonly type: 'unconfined' }
  /** The name of a profile loaded into the kernel. */
  | { readonly type: 'localhost'; readonly name: string };

export interface SelinuxOptions {
  readonly user?: string;
  readonly role?: string;
  readonly type?: string;
  readonly level?: string;
}

/** Changes to the default set, without the `CAP_` prefix; `ALL` stands for every capability. */
export interface CapabilityChanges {
  readonly add: readonly string[];
  readonly drop: readonly string[];
  readonly addAmbient: readonly string[];
}

export interface SandboxSecurity {
  readonly privileged: boolean;
  readonly seccomp: SeccompProfile;
  readonly apparmor: AppArmorProfile;
  readonly selinux?: SelinuxOptions;
}

export interface ContainerSecurity {
  readonly privileged: boolean;
  readonly capabilities: CapabilityChanges;
  readonly noNewPrivileges: boolean;
  readonly readonlyRootfs: boolean;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
  readonly seccomp: SeccompProfile;
  readonly apparmor: AppArmorProfile;
  readonly selinux?: SelinuxOptions;
}
