export { RUNTIME_PACKAGES, TEST_PACKAGES } from './debian-packages.ts';
export { runForeground } from './foreground.ts';
export { InterruptedError, interruption } from './interrupt.ts';
export { prepareHost } from './prepare-host.ts';
export { CACHE, REPOSITORY } from './repository.ts';
export { runTests } from './run-tests.ts';
export { formatCounts, NO_TESTS, type TestCounts } from './test-counts.ts';
export { failedVerdict, sumVerdicts, type Verdict } from './verdict.ts';
