import type { IdMapping, SandboxNamespaces, UserNamespace } from '@crihub/contract';
import {
  type IDMapping as WireMapping,
  type NamespaceOption,
  NamespaceMode,
  type UserNamespace as WireUserNamespace,
} from '@crihub/wire/cri';
import { invalid } from './check.ts';

const FIELD = 'linux.security_context.namespace_options';

/** The namespaces of a pod. TARGET is a mode of containers alone. */
export function parseSandboxNamespaces(wire: NamespaceOption | undefined): SandboxNamespaces {
  const user = parseUserNamespace(wire?.usernsOptions);
  return {
    network: podOrNode(wire?.network, 'network'),
    ipc: podOrNode(wire?.ipc, 'ipc'),
    pid: parsePid(wire?.pid),
    ...(user === undefined ? {} : { user }),
  };
}

/** The id mappings of a mount or a user namespace. */
export const parseMappings = (wire: readonly WireMapping[]): readonly IdMapping[] =>
  wire.map(({ containerId, hostId, length }) => ({ containerId, hostId, length }));

function podOrNode(mode: NamespaceMode | undefined, name: string): 'pod' | 'node' {
  if (mode === undefined || mode === NamespaceMode.POD) return 'pod';
  if (mode === NamespaceMode.NODE) return 'node';
  throw invalid(`${FIELD}.${name} of a pod is POD or NODE, not ${modeName(mode)}`);
}

function parsePid(mode: NamespaceMode | undefined): SandboxNamespaces['pid'] {
  switch (mode) {
    case undefined:
    case NamespaceMode.POD:
      return 'pod';
    case NamespaceMode.CONTAINER:
      return 'container';
    case NamespaceMode.NODE:
      return 'node';
    default:
      throw invalid(`${FIELD}.pid of a pod is POD, CONTAINER or NODE, not ${modeName(mode)}`);
  }
}

function parseUserNamespace(wire: WireUserNamespace | undefined): UserNamespace | undefined {
  if (wire === undefined || wire.mode === NamespaceMode.NODE) {
    if (wire !== undefined && (wire.uids.length > 0 || wire.gids.length > 0)) {
      throw invalid(`${FIELD}.userns_options has id mappings, but its mode is NODE`);
    }
    return undefined;
  }
  if (wire.mode !== NamespaceMode.POD) {
    throw invalid(`${FIELD}.userns_options.mode is POD or NODE, not ${modeName(wire.mode)}`);
  }
  return { uids: oneMapping(wire.uids, 'uids'), gids: oneMapping(wire.gids, 'gids') };
}

// The kubelet gives each pod one range; more can't be idmapped by every runtime.
function oneMapping(wire: readonly WireMapping[], name: string): readonly IdMapping[] {
  const [first, ...more] = parseMappings(wire);
  if (first === undefined || more.length > 0) {
    throw invalid(`${FIELD}.userns_options.${name} has ${String(wire.length)} mappings; one is needed`);
  }
  if (first.length === 0) throw invalid(`${FIELD}.userns_options.${name} maps no id`);
  return [first];
}

const modeName = (mode: NamespaceMode): string =>
  Object.entries(NamespaceMode).find(([, value]) => value === mode)?.[0] ?? String(mode);
