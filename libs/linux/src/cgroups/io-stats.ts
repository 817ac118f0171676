/** What went through one block device. */
export interface DeviceIo {
  readonly major: number;
  readonly minor: number;
  readonly readBytes: number;
  readonly writeBytes: number;
  readonly discardBytes: number;
  readonly readOperations: number;
  readonly writeOperations: number;
  readonly discardOperations: number;
}

const NAMES_V2: Readonly<Record<string, keyof DeviceIo>> = {
  rbytes: 'readBytes',
  wbytes: 'writeBytes',
  dbytes: 'discardBytes',
  rios: 'readOperations',
  wios: 'writeOperations',
  dios: 'discardOperations',
};

/** `io.stat`: `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6`. */
export function parseIoV2(text: string): readonly DeviceIo[] {
  const devices = new DeviceTable();
  for (const line of text.split('\n')) {
    const [device = '', ...pairs] = line.split(' ');
    for (const pair of pairs) {
      const [name = '', value] = pair.split('=');
      const field = NAMES_V2[name];
      if (field !== undefined) devices.add(device, field, Number(value));
    }
  }
  return devices.all();
}

const NAMES_V1 = {
  bytes: { Read: 'readBytes', Write: 'writeBytes', Discard: 'discardBytes' },
  operations: { Read: 'readOperations', Write: 'writeOperations', Discard: 'discardOperations' },
} as const;

/** `blkio.throttle.io_service_bytes_recursive` and `…io_serviced_recursive`: `8:0 Read 123`. */
export function parseIoV1(bytes = '', operations = ''): readonly DeviceIo[] {
  const devices = new DeviceTable();
  for (const [text, names] of [
    [bytes, NAMES_V1.bytes],
    [operations, NAMES_V1.operations],
  ] as const) {
    for (const line of text.split('\n')) {
      const [device = '', name = '', value] = line.split(' ');
      if (name in names) devices.add(device, names[name as keyof typeof names], Number(value));
    }
  }
  return devices.all();
}

type Counters = { -readonly [Name in keyof DeviceIo]: number };

class DeviceTable {
  readonly #devices = new Map<string, Counters>();

  add(device: string, field: keyof DeviceIo, value: number): void {
    const [major, minor] = device.split(':').map(Number);
    if (major === undefined || minor === undefined) return;
    const counters = this.#devices.get(device) ?? emptyCounters(major, minor);
    counters[field] += value;
    this.#devices.set(device, counters);
  }

  all(): readonly DeviceIo[] {
    return [...this.#devices.values()];
  }
}

const emptyCounters = (major: number, minor: number): Counters => ({
  major,
  minor,
  readBytes: 0,
  writeBytes: 0,
  discardBytes: 0,
  readOperations: 0,
  writeOperations: 0,
  discardOperations: 0,
});
