import { expect, it } from 'vitest';
import { shellBlocks } from './doc-blocks.ts';

const PAGE = `
\`\`\`sh
one
\`\`\`

\`\`\`yaml
no: command
\`\`\`

   <!-- not run: needs a cluster -->

   \`\`\`sh
   two \\
     more
   \`\`\`

\`\`\`sh
three
\`\`\`
`;

it('finds the shell commands of a page, and why some are not run', () => {
  expect(shellBlocks('a.md', PAGE)).toEqual([
    { page: 'a.md', line: 2, commands: 'one', notRun: undefined },
    { page: 'a.md', line: 12, commands: 'two \\\n  more', notRun: 'needs a cluster' },
    { page: 'a.md', line: 17, commands: 'three', notRun: undefined },
  ]);
});
