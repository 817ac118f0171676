#!/usr/bin/env node
// Runs on whatever Node the machine has (18 or newer) and needs no package: it installs the packages of
// the lock file, the pinned Node among them, and hands over to the task's TypeScript under that Node.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { missingPackages } from './missing-packages.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const INSTALL_TIMEOUT_MS = 15 * 60_000;

/** Each task: its script, what it is for, and whether it needs root. */
const tasks = {
  up: { script: 'tools/setup/up.ts', summary: 'start the daemon and run a demo pod', root: true },
  test: { script: 'tools/setup/test.ts', summary: 'everything: check, then integration tests', root: true },
  check: { script: 'tools/setup/check.ts', summary: 'format, lint, types, generated code, unit tests' },
  conformance: {
    script: 'tools/conformance/src/main.ts',
    summary: 'critest against one handler',
    root: true,
  },
  ci: {
    script: 'tools/conformance/src/ci.ts',
    summary: 'test, then conformance of every handler',
    root: true,
  },
  bench: { script: 'tools/bench/src/main.ts', summary: 'crihub beside its peers', root: true },
  'bench:docker': {
    script: 'tools/bench/src/docker/main.ts',
    summary: 'the Docker backend beside plain calls of its engine',
    root: true,
  },
};

const usage = [
  'usage: npm run <task> [-- options]     (npm run <task> -- --help for the options of a task)',
  '',
  ...Object.entries(tasks).map(([name, { summary }]) => `  ${name.padEnd(14)} ${summary}`),
].join('\n');

const [name, ...args] = process.argv.slice(2);
const task = Object.hasOwn(tasks, name ?? '') ? tasks[name] : undefined;
const wantsHelp = args.includes('--help') || args.includes('-h');
if (task === undefined) {
  const asked = name === undefined || name === '--help' || name === '-h';
  console.log(asked ? usage : `there is no task ${JSON.stringify(name)}\n\n${usage}`);
  process.exit(asked ? 0 : 2);
}
if (process.platform !== 'linux') {
  console.error(`crihub runs on Linux; this is ${process.platform}`);
  process.exit(2);
}
if (task.root && !wantsHelp && process.getuid() !== 0) {
  console.error(`npm run ${name} needs root: it makes namespaces, mounts and cgroups. Run it with sudo.`);
  process.exit(2);
}

await installPackages();
process.exitCode = await runTask();

async function installPackages() {
  const missing = missingPackages(root);
  if (missing.length === 0) return;
  console.log(`▸ installing ${missing.length} npm packages (npm ci); this happens once for each lock file`);
  const code = await child('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    timeout: INSTALL_TIMEOUT_MS,
  });
  if (code !== 0) {
    console.error(`npm ci failed with exit code ${code}; its messages are above`);
    process.exit(1);
  }
}

async function runTask() {
  const bin = path.join(root, 'node_modules/.bin');
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH ?? ''}` };
  return await child(path.join(bin, 'node'), [path.join(root, task.script), ...args], { env });
}

/** Runs a program on this terminal, passes our signals on, and gives its exit code. */
function child(program, programArgs, options) {
  return new Promise((resolve) => {
    const running = spawn(program, programArgs, { cwd: root, stdio: 'inherit', ...options });
    const pass = (signal) => running.kill(signal);
    process.on('SIGINT', pass).on('SIGTERM', pass);
    const done = (code) => {
      process.off('SIGINT', pass).off('SIGTERM', pass);
      resolve(code);
    };
    running.once('error', (error) => {
      console.error(`can't run ${program}: ${error.message}`);
      done(1);
    });
    running.once('exit', (code, signal) => done(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}
