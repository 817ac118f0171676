import type { FileHandle } from 'node:fs/promises';

const NEWLINE = 0x0a;
const BLOCK_BYTES = 64 * 1024;

/** Where the last `lines` entries of a log begin. Like the kubelet's, it counts parts of long lines as lines. */
export async function tailOffset(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat();
  if (lines === 0) return size;
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  let missing = lines;
  // The newline that ends the last entry begins none.
  for (let end = size - 1; end > 0;) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const { bytesRead } = await file.read(block, 0, end - start, start);
    const found = newlinesFromEnd(block.subarray(0, bytesRead), missing);
    if (found.index >= 0) return start + found.index + 1;
    missing -= found.count;
    end = start;
  }
  return 0;
}

/** The index of the `wanted`th newline from the end; -1 with how many there are, if fewer. */
function newlinesFromEnd(block: Buffer, wanted: number): { readonly index: number; readonly count: number } {
  let count = 0;
  let index = block.lastIndexOf(NEWLINE);
  while (index >= 0) {
    count += 1;
    if (count === wanted) return { index, count };
    index = index === 0 ? -1 : block.lastIndexOf(NEWLINE, index - 1);
  }
  return { index: -1, count };
}
