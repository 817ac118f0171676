import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeError } from '@crihub/kernel';
import {
  type BridgeNetwork,
  type DaemonProcess,
  freePort,
  newerDocker,
  removingPods,
  startDaemon,
  startEngine,
} from '@crihub/tool-fixtures';
import { run } from '@crihub/transport/process';
import { BENCH_IMAGE } from '../subject.ts';
import { PlainEngine } from './plain-engine.ts';

/** What packages of this machine's distribution don't bring: where it is, or else its name in PATH. */
const PROGRAM = process.env['CRIHUB_BENCH_CRI_DOCKERD'] ?? 'cri-dockerd';
const PAUSE_IMAGE = 'registry.k8s.io/pause:3.10';
const RUNC = '/usr/sbin/runc';

export interface CriDockerdOptions {
  readonly directory: string;
  readonly network: BridgeNetwork;
  /** Of the registry with the fixture images. */
  readonly registryUrl: string;
}

/**
 * Starts Debian's newest Docker Engine, which cri-dockerd wants since 0.4, with the images that pods need.
 * @throws FailedPrecondition, or an error with the code ENOENT, if one of both is not there.
 */
export async function startEngineForPeer({
  directory,
  registryUrl,
}: CriDockerdOptions): Promise<DaemonProcess> {
  await run(PROGRAM, { args: ['--version'] });
  const docker = await newerDocker();
  if (typeof docker === 'string') throw new RuntimeError('FailedPrecondition', docker);
  const programs = [await runcForScores(path.join(directory, 'bin')), ...docker.programs];
  const daemon = await startEngine('docker', directory, programs);
  const engine = new PlainEngine(daemon.socket);
  for (const image of [BENCH_IMAGE, PAUSE_IMAGE]) await engine.pull(image, new URL(registryUrl).host);
  return daemon;
}

/** cri-dockerd on an engine that runs. Pods outlive it, so disposing of it removes them. */
export async function startCriDockerd(
  engineSocket: string,
  { directory, network }: CriDockerdOptions,
): Promise<DaemonProcess> {
  const socket = path.join(directory, 'cri-dockerd.sock');
  const flags = {
    'container-runtime-endpoint': `unix://${socket}`,
    'docker-endpoint': `unix://${engineSocket}`,
    'cri-dockerd-root-directory': path.join(directory, 'cri-dockerd'),
    'network-plugin': 'cni',
    'cni-bin-dir': network.pluginDirectory,
    'cni-conf-dir': network.configDirectory,
    'cni-cache-dir': path.join(directory, 'cni-cache'),
    'pod-infra-container-image': PAUSE_IMAGE,
    'streaming-bind-addr': `127.0.0.1:${String(await freePort())}`,
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const logFile = path.join(directory, 'cri-dockerd.log');
  return removingPods(await startDaemon({ name: 'cri-dockerd', program: PROGRAM, args, socket, logFile }));
}

/**
 * cri-dockerd asks for a lower out-of-memory score than many a machine lets anybody set; here nothing gets
 * one. All that runs on this engine goes through it. @returns the directory of a `runc`.
 */
async function runcForScores(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  const file = path.join(directory, 'runc');
  await writeFile(
    file,
    `#!/bin/sh
previous=
creates=
for word in "$@"; do
  [ "$word" = create ] && creates=yes
  [ "$previous" = --bundle ] && bundle=$word
  previous=$word
done
[ -z "$creates" ] || sed -i 's/"oomScoreAdj":-[0-9]*/"oomScoreAdj":0/' "$bundle/config.json"
exec ${RUNC} "$@"
`,
  );
  await chmod(file, 0o755);
  return directory;
}
