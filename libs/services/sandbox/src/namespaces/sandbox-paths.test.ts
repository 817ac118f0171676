import type { Sandbox } from '@crihub/contract';
import { sampleSandbox } from '@crihub/contract-testkit';
import { expect, it } from 'vitest';
import { preparedSandbox, sandboxPaths } from './sandbox-paths.ts';

const layout = { sandbox: () => '/pods/a', networkNamespace: () => '/netns/a' };
const range = { containerId: 0, hostId: 100_000, length: 65_536 };
const user = { uids: [range], gids: [range] };
const net = { net: '/netns/a', uts: '/pods/a/uts' };
const ipc = { ipc: '/pods/a/ipc', shm: '/pods/a/shm' };

it.each<[string, Partial<Sandbox['namespaces']>, object, object]>([
  ['of its own', {}, { ...net, ...ipc }, { networkNamespace: '/netns/a' }],
  ["with the node's network and host name", { network: 'node' }, ipc, {}],
  ["with the node's IPC", { ipc: 'node' }, net, { networkNamespace: '/netns/a' }],
  [
    'with users of its own',
    { user },
    { ...net, ...ipc, user: '/pods/a/user' },
    { networkNamespace: '/netns/a', userNamespace: '/pods/a/user' },
  ],
])('a pod %s has what pins it at', (_what, namespaces, paths, prepared) => {
  const sandbox = sampleSandbox({ directory: '/pod' });
  const pod = { ...sandbox, namespaces: { ...sandbox.namespaces, ...namespaces } };
  expect(sandboxPaths(pod, layout)).toEqual(paths);
  expect(preparedSandbox(pod, layout)).toEqual(prepared);
});
