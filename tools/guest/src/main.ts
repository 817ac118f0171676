import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeError } from '@crihub/kernel';
import { buildGuest, GUEST_DIRECTORY } from './build.ts';

const USAGE = `usage: npm run guest [-- --output <directory>]

Builds the kernel and the root file system of the virtual machines of the kata backend from Debian packages.

  --output <directory>  where they go (default .cache/guest); the daemon looks in a handler's guestDirectory
`;

const { values } = parseArgs({
  options: { output: { type: 'string', default: GUEST_DIRECTORY }, help: { type: 'boolean', short: 'h' } },
});

if (values.help === true) console.log(USAGE);
else
  try {
    await buildGuest(path.resolve(values.output), (line) => console.log(`▸ ${line}`));
  } catch (error) {
    console.error(describeError(error));
    process.exitCode = 1;
  }
