import { StringDecoder } from 'node:string_decoder';
import type { TerminalSize } from '@crihub/contract';
import { z } from 'zod';

/** A size as text is below 40 characters; more than this without an object is no size. */
const MAX_PENDING = 4096;
const cells = z.int().min(1).max(0xffff);
const message = z.object({ Width: cells, Height: cells });

/** Finds the sizes in a stream of JSON objects, one after the other; what is none is passed over. */
export class TerminalSizes {
  readonly #decoder = new StringDecoder('utf8');
  #pending = '';

  /** The sizes that these bytes complete. */
  push(bytes: Buffer): readonly TerminalSize[] {
    const objects = (this.#pending + this.#decoder.write(bytes)).split('}');
    this.#pending = (objects.pop() ?? '').slice(-MAX_PENDING);
    return objects.flatMap((object) => parseSize(`${object}}`));
  }
}

function parseSize(text: string): readonly TerminalSize[] {
  const { data } = message.safeParse(parseJson(text));
  return data === undefined ? [] : [{ width: data.Width, height: data.Height }];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the same as an object that is no size
  }
}
