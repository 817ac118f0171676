import { parseArgs } from 'node:util';
import { runChecks } from './check-steps.ts';

const USAGE = `usage: npm run check

Format, lint with module boundaries, types, generated code, unit tests. All of them run, also if one
fails. It needs neither root nor an engine.`;

const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } });
if (values.help === true) console.log(USAGE);
else process.exitCode = await check();

async function check(): Promise<number> {
  const failed = await runChecks(console.log);
  console.log(
    failed.length === 0 ? 'all checks are good' : `failed: ${failed.map(({ name }) => name).join(', ')}`,
  );
  return failed.length === 0 ? 0 : 1;
}
