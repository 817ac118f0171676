import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeError } from '@crihub/kernel';
import { interruption, prepareHost, TEST_PACKAGES } from '@crihub/tool-setup';
import { choose, type Choice, USAGE } from './choice.ts';
import { renderPage } from './page.ts';
import { formatReport, reportJson, type SuiteResult } from './report.ts';
import { Recorder } from './samples.ts';
import { startSubjects } from './subjects.ts';

// Standard output is for the result alone.
const say = (line: string): void => console.error(`▸ ${line}`);

async function main(choice: Choice): Promise<void> {
  if (choice.help) {
    console.log(USAGE);
    return;
  }
  await prepareHost(TEST_PACKAGES, say);
  const directory = await mkdtemp(path.join(tmpdir(), 'crihub-bench-'));
  try {
    const results = await measure(choice, directory);
    const text =
      choice.output === 'json' ? JSON.stringify(reportJson(results), null, 2) : formatReport(results);
    console.log(text);
    if (choice.page !== undefined) await writeFile(choice.page, renderPage(results));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measure(
  choice: Choice & { readonly help: false },
  directory: string,
): Promise<readonly SuiteResult[]> {
  const interrupted = interruption(say);
  await using subjects = await startSubjects(choice.subjects, directory, say);
  const work = async (): Promise<readonly SuiteResult[]> => {
    const results: SuiteResult[] = [];
    for (const { name, about, measure: run } of choice.suites) {
      const recording = subjects.all.map((subject) => ({ ...subject, recorder: new Recorder() }));
      await run(recording, { ...choice.settings, say });
      results.push({ suite: name, about, subjects: recording });
    }
    return results;
  };
  return await Promise.race([work(), interrupted]);
}

try {
  await main(choose(process.argv.slice(2)));
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
}
