import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { describeError } from '@crihub/kernel';
import { newBackend } from './new-backend.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');

const USAGE = `usage: npm run new-backend -- <name>

Makes libs/backends/<name>: a backend to be written, with the contract kit that says what is missing.
docs/write-a-backend.md goes on from there.
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { help: { type: 'boolean', short: 'h', default: false } },
    allowPositionals: true,
  });
  const [name] = positionals;
  if (values.help || name === undefined || positionals.length > 1) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 1;
    return;
  }
  const files = await newBackend(name, join(REPOSITORY, 'libs/backends', name));
  for (const file of files.toSorted()) console.log(relative(REPOSITORY, file));
  console.log(`\nnext: npm install, then npx vitest run --project integration libs/backends/${name}`);
}

try {
  await main();
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
}
