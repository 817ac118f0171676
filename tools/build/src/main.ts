import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeError } from '@crihub/kernel';
import { buildDistribution } from './distribution.ts';
import { REPOSITORY } from './entry-points.ts';

const USAGE = `usage: npm run build [-- --output <directory>] [--without-node]

Makes the directory that a node needs to run crihub; deploy/install.sh in it installs it.

  --output <directory>  what to make or replace (default dist)
  --without-node        ship no Node; the node must then have one of its own, 24.12 or newer
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      output: { type: 'string', default: path.join(REPOSITORY, 'dist') },
      'without-node': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const directory = path.resolve(values.output);
  await buildDistribution({
    directory,
    ...(values['without-node'] ? {} : { node: process.execPath }),
  });
  console.log(`${directory} is ready; install it with ${path.join(directory, 'deploy/install.sh')}`);
}

try {
  await main();
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
}
