// Breaks the rules on purpose: `npm run check` fails if the linter says nothing about this file.
import { spawn } from 'node:child_process';
import * as hub from '@crihub/hub';

/** The lowest layer may not import the hub, only the process library starts programs, promises are awaited. */
export function canary(): void {
  Promise.resolve(Object.keys(hub));
  spawn('true');
}
