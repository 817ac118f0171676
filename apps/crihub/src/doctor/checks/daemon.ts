import { stat } from 'node:fs/promises';
import { connectionTrouble, unreachable } from '../../client/call-failure.ts';
import { NodeClient } from '../../client/node-client.ts';
import { AdminService, HandlersRequest } from '@crihub/wire/admin';
import { RuntimeServiceService, StatusRequest, VersionRequest } from '@crihub/wire/cri';
import { error, type Finding, ok, warning } from '../finding.ts';

const ANSWER_MS = 5_000;
const OTHERS_BITS = 0o007;

/** The daemon, if it runs: its socket, its conditions and its handlers. */
export async function checkDaemon(socket: string): Promise<readonly Finding[]> {
  const trouble = await connectionTrouble(socket);
  if (trouble !== undefined) {
    const { message } = unreachable(socket, trouble);
    return [warning('daemon', message, 'the checks that need no daemon are complete')];
  }
  using node = new NodeClient(socket);
  const options = { timeoutMs: ANSWER_MS };
  const [version, { status }, { handlers }, { mode }] = await Promise.all([
    node.call(RuntimeServiceService.version, VersionRequest.create(), options),
    node.call(RuntimeServiceService.status, StatusRequest.create(), options),
    node.call(AdminService.handlers, HandlersRequest.create(), options),
    stat(socket),
  ]);
  return [
    ok('daemon', `${version.runtimeName} ${version.runtimeVersion} answers on ${socket}`),
    judgeSocketMode(socket, mode),
    ...(status?.conditions ?? []).map(({ type, status: met, reason, message }) =>
      met ? ok('daemon', type) : error('daemon', `not ${type} (${reason}): ${message}`, "see crihubd's log"),
    ),
    ...handlers.map(({ name, healthy, version: what, message }) =>
      healthy
        ? ok(`handler ${name}`, what)
        : warning(`handler ${name}`, message, 'its pods wait; other handlers are not concerned'),
    ),
  ];
}

export function judgeSocketMode(socket: string, mode: number): Finding {
  const bits = (mode & 0o777).toString(8).padStart(4, '0');
  if ((mode & OTHERS_BITS) === 0) return ok('socket', `${socket} has mode ${bits}`);
  return error(
    'socket',
    `${socket} has mode ${bits}: everybody on the node is root by it`,
    'take the rights of others away (crihubd: socketMode "0600")',
  );
}
