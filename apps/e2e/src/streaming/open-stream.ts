import type { CriClient } from '@crihub/tool-fixtures';
import {
  AttachRequest,
  ExecRequest,
  PortForwardRequest,
  RuntimeServiceService as runtime,
} from '@crihub/wire/cri';

/** Asks for the URL of a command in a container, without a terminal; stdout is always asked for. */
export async function execUrl(
  cri: CriClient,
  containerId: string,
  cmd: readonly string[],
  streams: { readonly stdin?: boolean; readonly stderr?: boolean } = {},
): Promise<string> {
  const request = ExecRequest.create({ containerId, cmd, stdout: true, ...streams });
  return (await cri.call(runtime.exec, request)).url;
}

export async function attachUrl(
  cri: CriClient,
  containerId: string,
  streams: { readonly stdin?: boolean; readonly stderr?: boolean } = {},
): Promise<string> {
  const request = AttachRequest.create({ containerId, stdout: true, ...streams });
  return (await cri.call(runtime.attach, request)).url;
}

export async function portForwardUrl(cri: CriClient, podSandboxId: string): Promise<string> {
  return (await cri.call(runtime.portForward, PortForwardRequest.create({ podSandboxId }))).url;
}
