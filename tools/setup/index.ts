export { RUNTIME_PACKAGES, TEST_PACKAGES } from './debian-packages.ts';
export { runForeground } from './foreground.ts';
export { InterruptedError, interruption } from './interrupt.ts';
export { prepareHost } from './prepare-host.ts';
export { CACHE, REPOSITORY } from './repository.ts';
export { addCounts, formatCounts, readCounts, type TestCounts } from './test-reports.ts';
