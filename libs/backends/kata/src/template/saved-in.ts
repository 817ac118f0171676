import { join } from 'node:path';
import type { SavedMachine } from '../machine/machine-state.ts';

export const savedIn = (directory: string): SavedMachine => ({
  memory: join(directory, 'memory'),
  state: join(directory, 'state'),
});
