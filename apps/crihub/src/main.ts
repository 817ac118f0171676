import { describeError } from '@crihub/kernel';
import { makeProgram } from './program.ts';

// Who reads our output may leave first, as `head` does.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}

const { stdin, stdout, stderr } = process;
try {
  await makeProgram({ stdin, stdout, stderr }).parseAsync();
} catch (error) {
  stderr.write(`crihub: ${describeError(error)}\n`);
  process.exitCode = 1;
}
