import { openConnection, PORT_FORWARD_PROTOCOLS, SpdyClient } from '@crihub/service-streaming/testing';
import { sleep } from '@crihub/kernel';
import {
  containerConfig,
  createContainer,
  podConfig,
  removePod,
  runPod,
  startContainer,
} from '@crihub/tool-fixtures';
import { PortForwardRequest, RuntimeServiceService as runtime } from '@crihub/wire/cri';
import type { Suite } from '../suite.ts';
import { BENCH_IMAGE, type Subject } from '../subject.ts';
import { secondsOf } from './exec.ts';

const PORT = 9000;
const SERVER = ['nc', '-ll', '-p', String(PORT), '-e', 'cat'];
const BYTES = 128 * 1024 * 1024;
const CHUNK = Buffer.alloc(32 * 1024, 'forwarded ');
const ROUNDS = 3;
const PATIENCE_MS = 10_000;

export const portForward: Suite = {
  name: 'port-forward',
  about: 'An echo server in a pod, reached through PortForward over SPDY; connections one after the other.',
  measure: async (subjects, { repeats, say }) => {
    say(
      `${String(ROUNDS)} × ${String(BYTES / 1024 / 1024)} MiB and ${String(repeats)} connections by port-forward`,
    );
    for (const subject of subjects) await measureOne(subject, repeats);
  },
};

async function measureOne(subject: Subject, connections: number): Promise<void> {
  const { daemon, recorder, handler, logDirectory } = subject;
  const { cri } = daemon;
  const config = podConfig('echo', `${logDirectory}/echo`);
  const pod = await runPod(cri, config, handler);
  try {
    await startContainer(
      cri,
      await createContainer(cri, pod, containerConfig('echo', BENCH_IMAGE, SERVER), config),
    );
    const { url } = await cri.call(runtime.portForward, PortForwardRequest.create({ podSandboxId: pod }));
    const { client } = await SpdyClient.connect(url, PORT_FORWARD_PROTOCOLS);
    await untilServing(client);
    for (let round = 0; round < ROUNDS; round += 1) {
      const seconds = await secondsOf(
        async () => (await begin(client, `bulk-${String(round)}`, BYTES)).received,
      );
      recorder.record('port-forward echo', BYTES / 1e6 / seconds, 'MB/s');
    }
    const over: Promise<unknown>[] = [];
    const seconds = await secondsOf(async () => {
      for (let count = 0; count < connections; count += 1)
        await recorder.time('connection, until its bytes are back', async () => {
          const connection = await begin(client, `short-${String(count)}`, CHUNK.length);
          over.push(connection.over);
          await connection.received;
        });
    });
    recorder.record('connections', connections / seconds, '1/s');
    await Promise.all(over);
    client.close();
    await client.closed;
  } finally {
    await removePod(cri, pod);
  }
}

interface Echo {
  /** All bytes have come back. */
  readonly received: Promise<void>;
  /** Both streams have ended. @throws Error if not all bytes came back. */
  readonly over: Promise<void>;
}

/** Opens a connection and sends so many bytes, while they come back. */
async function begin(client: SpdyClient, id: string, bytes: number): Promise<Echo> {
  const { data, error } = await openConnection(client, PORT, id);
  const complete = Promise.withResolvers<void>();
  let received = 0;
  data.consume((chunk) => {
    received += chunk.length;
    if (received === bytes) complete.resolve();
  });
  const over = Promise.all([error.read(), data.ended.promise]).then(([complaint]) => {
    if (received !== bytes)
      throw new Error(`${String(received)} of ${String(bytes)} bytes came back: ${complaint}`);
  });
  for (let left = bytes; left > 0; left -= CHUNK.length) await data.send(CHUNK);
  data.end();
  return { received: Promise.race([complete.promise, over]), over };
}

const echo = async (client: SpdyClient, id: string, bytes: number): Promise<void> =>
  await (
    await begin(client, id, bytes)
  ).over;

async function untilServing(client: SpdyClient): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; ; await sleep(50)) {
    try {
      await echo(client, `probe-${String(Date.now())}`, CHUNK.length);
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}
