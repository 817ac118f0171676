import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { silentLogger, systemClock } from '@crihub/kernel';
import { ContainerLog } from '../container-log.ts';

const USAGE = `usage: npm run bench:log -- [--directory <path>] [--megabytes <n>]

How fast output becomes CRI log entries: bytes of output (without headers) for each second of CPU time of this
process, which is what one core can do, and for each second of the clock, which depends on the disk too.
`;

const CHUNK_BYTES = 64 * 1024;
const LINE_BYTES = [20, 100, 1_000, 40_000];

const { values } = parseArgs({
  options: {
    directory: { type: 'string', default: tmpdir() },
    megabytes: { type: 'string', default: '1000' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

/** What a pipe gives of an endless run of lines, chunk by chunk. */
function* chunksOf(lineBytes: number, total: number): Generator<Buffer> {
  const line = `${'x'.repeat(lineBytes - 1)}\n`;
  const text = Buffer.from(line.repeat(Math.ceil((2 * CHUNK_BYTES) / lineBytes) + 1));
  for (let sent = 0; sent < total; sent += CHUNK_BYTES) {
    const start = sent % lineBytes;
    yield text.subarray(start, start + CHUNK_BYTES);
  }
}

async function measure(lineBytes: number, total: number, directory: string): Promise<string> {
  await using scratch = await mkdtempDisposable(join(directory, 'log-bench-'));
  const log = new ContainerLog(
    { path: join(scratch.path, '0.log') },
    { clock: systemClock, logger: silentLogger },
  );
  const cpu = process.cpuUsage();
  const begun = performance.now();
  for (const chunk of chunksOf(lineBytes, total)) await log.write('stdout', chunk);
  await log.close();
  const seconds = (performance.now() - begun) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = (time: number): string => (total / 1e6 / time).toFixed(0).padStart(6);
  if (log.droppedBytes > 0) throw new Error(`the disk refused ${String(log.droppedBytes)} bytes`);
  return `${String(lineBytes).padStart(7)} ${perSecond((user + system) / 1e6)} ${perSecond(seconds)}`;
}

if (values.help) console.log(USAGE);
else {
  console.log('   line   CPU  clock   (bytes; MB/s of output)');
  for (const lineBytes of LINE_BYTES)
    console.log(await measure(lineBytes, Number(values.megabytes) * 1e6, values.directory));
}
