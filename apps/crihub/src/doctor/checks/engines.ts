import { stat } from 'node:fs/promises';
import type { Config } from '@crihub/config';
import { describeError } from '@crihub/kernel';
import { DockerEngine } from '@crihub/transport/docker-engine';
import { GrpcConnection } from '@crihub/transport/grpc-client';
import { version } from '@crihub/wire/containerd';
import { error, type Finding, ok } from '../finding.ts';
import { judgeSocketMode } from './daemon.ts';

const ANSWER_MS = 5_000;

/** A daemon of somebody else's that a backend drives. */
interface Engine {
  readonly title: string;
  /** The option that names its socket, and the socket if none is named. */
  readonly option: string;
  readonly socket: string;
  readonly start: string;
  /** Gives its version. */
  readonly ask: (socket: string, signal: AbortSignal) => Promise<string>;
}

const ENGINES: Readonly<Record<string, Engine>> = {
  docker: {
    title: 'Docker Engine',
    option: 'socket',
    socket: '/var/run/docker.sock',
    start: 'systemctl start docker',
    ask: async (socketPath, signal) => {
      return (await new DockerEngine({ socketPath }).identify(signal)).version;
    },
  },
  containerd: {
    title: 'containerd',
    option: 'socketPath',
    socket: '/run/containerd/containerd.sock',
    start: 'systemctl start containerd',
    ask: async (socketPath, signal) => {
      const connection = new GrpcConnection({ socketPath, server: `containerd at ${socketPath}` });
      try {
        return (await connection.call(version.VersionService.version, {}, signal)).version;
      } finally {
        connection.close();
      }
    },
  },
};

/** Asks every engine that a handler drives who it is; the daemon need not run for that. */
export async function checkEngines({ handlers }: Config, signal: AbortSignal): Promise<readonly Finding[]> {
  const findings = Object.entries(handlers).map(async ([handler, { backend, ...options }]) => {
    const engine = Object.hasOwn(ENGINES, backend) ? ENGINES[backend] : undefined;
    if (engine === undefined) return [];
    const named = options[engine.option];
    return await checkEngine(handler, engine, typeof named === 'string' ? named : engine.socket, signal);
  });
  return (await Promise.all(findings)).flat();
}

async function checkEngine(
  handler: string,
  { title, ask, start, option }: Engine,
  socket: string,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const check = `engine of ${handler}`;
  try {
    const answer = await ask(socket, AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]));
    return [ok(check, `${title} ${answer} on ${socket}`), judgeSocketMode(socket, (await stat(socket)).mode)];
  } catch (cause) {
    signal.throwIfAborted();
    const advice = `handler '${handler}' takes no pods until it answers: ${start}, or set handlers.${handler}.${option}`;
    return [error(check, describeError(cause), advice)];
  }
}
