/** A block of shell commands of a page. */
export interface DocBlock {
  readonly page: string;
  readonly line: number;
  readonly commands: string;
  /** Why it can't be run in a test, as the page says above it. */
  readonly notRun: string | undefined;
}

const NOT_RUN = /^\s*<!-- not run: (.+) -->$/;
const FENCE = /^(\s*)```(\w*)$/;

/** The blocks of a Markdown page that are marked as shell, in order. */
export function shellBlocks(page: string, text: string): readonly DocBlock[] {
  const blocks: DocBlock[] = [];
  let reason: string | undefined;
  let open: { line: number; indent: string; isShell: boolean; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = FENCE.exec(line);
    if (open !== undefined && fence !== null) {
      const commands = open.lines.map((one) => one.slice(open?.indent.length)).join('\n');
      if (open.isShell) blocks.push({ page, line: open.line, commands, notRun: reason });
      open = reason = undefined;
    } else if (open !== undefined) open.lines.push(line);
    else if (fence !== null)
      open = { line: index + 1, indent: fence[1] ?? '', isShell: fence[2] === 'sh', lines: [] };
    else if (line.trim() !== '') reason = NOT_RUN.exec(line)?.[1];
  }
  return blocks;
}
