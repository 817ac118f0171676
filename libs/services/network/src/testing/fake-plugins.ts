import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoCode } from '@crihub/kernel';
import type { CniCommand } from '../plugin-runner.ts';

/** One run of a fake plugin. */
export interface RecordedCall {
  readonly plugin: string;
  readonly command: CniCommand;
  readonly containerId: string;
  readonly netns: string;
  readonly interfaceName: string;
  readonly args: string;
  readonly path: string;
  readonly config: Readonly<Record<string, unknown>>;
}

export const RESULT = {
  cniVersion: '1.0.0',
  interfaces: [
    { name: 'bridge0', mac: '00:00:00:00:00:01' },
    { name: 'eth0', mac: '00:00:00:00:00:02', mtu: 1400, sandbox: '/run/netns/pod' },
  ],
  ips: [{ address: '10.1.0.2/24', gateway: '10.1.0.1', interface: 1 }],
  routes: [{ dst: '0.0.0.0/0' }],
  dns: {},
};

// It writes down each call (in one piece: calls may overlap), then does what the file <plugin>.<command> beside it says, if there is one.
const SCRIPT = `#!/bin/sh
here=$(dirname "$0"); me=$(basename "$0"); input=$(cat)
printf '{"plugin":"%s","command":"%s","containerId":"%s","netns":"%s","interfaceName":"%s","args":"%s","path":"%s","config":%s}\\n' \\
  "$me" "$CNI_COMMAND" "$CNI_CONTAINERID" "$CNI_NETNS" "$CNI_IFNAME" "$CNI_ARGS" "$CNI_PATH" "$input" > "$here/call.$$"
cat "$here/call.$$" >> "$here/calls"; rm "$here/call.$$"
if [ -f "$here/$me.$CNI_COMMAND" ]; then . "$here/$me.$CNI_COMMAND"; fi
if [ "$CNI_COMMAND" = ADD ]; then cat "$here/result"; fi
`;

/** CNI plugins that do as they are told, in a directory of their own. */
export class FakePlugins {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  static async install(directory: string, ...names: readonly string[]): Promise<FakePlugins> {
    await mkdir(directory, { recursive: true });
    for (const name of names) {
      await writeFile(join(directory, name), SCRIPT);
      await chmod(join(directory, name), 0o755);
    }
    await writeFile(join(directory, 'result'), JSON.stringify(RESULT));
    return new FakePlugins(directory);
  }

  /** From now on the plugin runs these shell commands before it answers; empty: nothing special. */
  async tell(plugin: string, command: CniCommand, shell: string): Promise<void> {
    const file = join(this.directory, `${plugin}.${command}`);
    await (shell === '' ? rm(file, { force: true }) : writeFile(file, shell));
  }

  async calls(): Promise<readonly RecordedCall[]> {
    try {
      const text = await readFile(join(this.directory, 'calls'), 'utf8');
      return text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as RecordedCall);
    } catch (error) {
      if (errnoCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  /** `ADD first`, `ADD second`, … */
  async history(): Promise<readonly string[]> {
    return (await this.calls()).map(({ command, plugin }) => `${command} ${plugin}`);
  }

  async forget(): Promise<void> {
    await rm(join(this.directory, 'calls'), { force: true });
  }
}
