import type { OciHook, OciHookName, OciIntelRdt, OciMount } from '../oci-spec.ts';
import type { ResolvedDevice } from '../devices/resolved-device.ts';

export interface CdiDevice extends ResolvedDevice {
  /** Where the host has it, which may be elsewhere than in the container. */
  readonly hostPath: string;
}

/** What a set of CDI devices changes in a container, device nodes already looked up on the host. */
export interface CdiEdits {
  /** `NAME=value`; replaces a variable of the same name. */
  readonly env: readonly string[];
  readonly devices: readonly CdiDevice[];
  readonly mounts: readonly OciMount[];
  readonly hooks: readonly { readonly name: OciHookName; readonly hook: OciHook }[];
  readonly additionalGids: readonly number[];
  readonly intelRdt?: OciIntelRdt;
}
