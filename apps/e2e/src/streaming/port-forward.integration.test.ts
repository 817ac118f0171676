import { openConnection, PORT_FORWARD_PROTOCOLS, SpdyClient } from '@crihub/service-streaming/testing';
import { execSync, freePort } from '@crihub/tool-fixtures';
import { LinuxPodSandboxConfig, NamespaceMode, type PodSandboxConfig } from '@crihub/wire/cri';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kubelet/eventually.ts';
import { TestPod } from '../kubelet/test-pod.ts';
import { TestNode } from '../node/test-node.ts';
import { portForwardUrl } from './open-stream.ts';

/** busybox's nc lets no more than three connections wait. */
const CONNECTIONS_PER_PORT = 3;
const ECHO_PORTS = Array.from({ length: 20 }, (_, index) => 9001 + index);
const WEB_PORT = 9080;
const CONNECTIONS = ECHO_PORTS.length * CONNECTIONS_PER_PORT;

/** Echoes on each port; a further server listens on the IPv6 loopback alone. */
const script = (echoPorts: readonly number[], webPort: number): string =>
  [
    ...echoPorts.map((port) => `nc -ll -p ${String(port)} -e cat &`),
    `echo found > /tmp/page; httpd -f -p '[::1]:${String(webPort)}' -h /tmp &`,
    'wait',
  ].join('\n');

describe('port-forward', () => {
  let node: TestNode;

  beforeAll(async () => {
    node = await TestNode.start({ number: 63 });
  });
  afterAll(async () => {
    await node[Symbol.asyncDispose]();
  });

  async function servingPod(
    change: (config: PodSandboxConfig) => PodSandboxConfig = (config) => config,
    echoPorts: readonly number[] = ECHO_PORTS,
    webPort = WEB_PORT,
  ): Promise<TestPod> {
    const pod = await TestPod.run(node, change(await node.podConfig('serving')));
    const id = await pod.start({ command: ['sh', '-c', script(echoPorts, webPort)] });
    await eventually('the servers listen', async () => {
      const { stdout } = await execSync(node.cri, id, ['cat', '/proc/net/tcp', '/proc/net/tcp6']);
      const isListened = (port: number): boolean =>
        Buffer.from(stdout)
          .toString()
          .includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} 0`);
      return [...echoPorts, webPort].every(isListened) || undefined;
    });
    return pod;
  }

  const connect = async (pod: TestPod): Promise<SpdyClient> =>
    (await SpdyClient.connect(await portForwardUrl(node.cri, pod.id), PORT_FORWARD_PROTOCOLS)).client;

  const echo = async (client: SpdyClient, port: number, id: string, text: string): Promise<string> => {
    const { data, error } = await openConnection(client, port, id);
    data.write(text);
    data.end(); // half-closed: the answer comes after our end
    const [answer, complaint] = await Promise.all([data.read(), error.read()]);
    return complaint === '' ? answer : complaint;
  };

  it('carries many connections to many ports at once, each to its end', async () => {
    const pod = await servingPod();
    const client = await connect(pod);
    const texts = Array.from({ length: CONNECTIONS }, (_, index) =>
      `connection ${String(index)} `.repeat(5000),
    );
    const answers = await Promise.all(
      texts.map((text, index) =>
        echo(client, ECHO_PORTS[index % ECHO_PORTS.length] ?? 0, String(index), text),
      ),
    );
    const wrong = answers.flatMap((answer, index) =>
      answer === texts[index]
        ? []
        : [
            `${String(index)}: ${answer.slice(0, 80)}, ${String(answer.length)} of ${String(texts[index]?.length)}`,
          ],
    );
    expect(wrong).toEqual([]);
    client.close();
  });

  it('says which port is refused, and keeps the session for the next one', async () => {
    const pod = await servingPod();
    const client = await connect(pod);
    expect(await echo(client, 9999, '1', 'x')).toContain("can't connect to port 9999 of the pod");
    expect(await echo(client, ECHO_PORTS[0] ?? 0, '2', 'still here')).toBe('still here');
    client.close();
  });

  it('reaches a server on the IPv6 loopback', async () => {
    const pod = await servingPod();
    const client = await connect(pod);
    expect(await echo(client, WEB_PORT, '1', 'GET /page HTTP/1.0\r\n\r\n')).toMatch(/200 OK[^]*found/);
    client.close();
  });

  it('reaches the ports of a pod on the node’s network', async () => {
    const [echoPort, webPort] = [await freePort(), await freePort()];
    const onHost = (config: PodSandboxConfig): PodSandboxConfig => ({
      ...config,
      hostname: '',
      linux: LinuxPodSandboxConfig.create({
        ...config.linux,
        securityContext: { namespaceOptions: { network: NamespaceMode.NODE, pid: NamespaceMode.CONTAINER } },
      }),
    });
    const pod = await servingPod(onHost, [echoPort], webPort);
    const client = await connect(pod);
    expect(await echo(client, echoPort, '1', 'to the host')).toBe('to the host');
    client.close();
  });

  it('ends with its pod', async () => {
    const pod = await servingPod();
    const client = await connect(pod);
    const { data } = await openConnection(client, ECHO_PORTS[0] ?? 0, '1');
    data.write('before the end');
    await eventually('the echo', async () => data.text === 'before the end' || undefined);
    await pod.remove();
    expect(await data.ended.promise).not.toBe('gone'); // the connection, not the session
    expect(await echo(client, ECHO_PORTS[0] ?? 0, '2', 'x')).toContain('not exist');
    client.close();
  });
});
