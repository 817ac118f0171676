/** A line of a container's log. */
export interface LogLine {
  /** As it stands there: RFC 3339 with nanoseconds. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** What the container wrote, with the end of its line unless more of the line follows. */
  readonly text: Buffer;
}

const NEWLINE = 0x0a;
/** `time stream tag text`, and further tags after a colon some day (Kubernetes, "CRI container log format"). */
const HEADER = /^(\S+) (stdout|stderr) ([FP])(?::\S*)? /;
const MAX_HEADER_BYTES = 128;

/** Reads the CRI's log format as it comes, in chunks that end anywhere. */
export class EntryParser {
  #rest: Buffer = Buffer.alloc(0);

  *push(chunk: Buffer): Generator<LogLine> {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, start)) {
      yield parseEntry(data.subarray(start, end));
      start = end + 1;
    }
    this.#rest = Buffer.from(data.subarray(start));
  }
}

function parseEntry(line: Buffer): LogLine {
  const header = HEADER.exec(line.toString('latin1', 0, MAX_HEADER_BYTES));
  // Torn by a crash in the middle of a write: better shown as it is than not at all.
  if (header === null) return { time: '', stream: 'stdout', text: Buffer.concat([line, END]) };
  const [whole, time = '', stream, tag] = header;
  const text = line.subarray(whole.length);
  return {
    time,
    stream: stream === 'stderr' ? 'stderr' : 'stdout',
    text: tag === 'P' ? text : Buffer.concat([text, END]),
  };
}

const END = Buffer.of(NEWLINE);
