import type { Suite } from '../suite.ts';
import { exec } from './exec.ts';
import { held } from './held.ts';
import { lifecycle } from './lifecycle.ts';
import { logs } from './logs.ts';
import { portForward } from './port-forward.ts';
import { pull } from './pull.ts';

/** In the order in which they are run: what is held comes last, since its daemons are killed. */
export const SUITES: readonly Suite[] = [lifecycle, exec, portForward, logs, pull, held];

/** What `--streaming` stands for. */
export const STREAMING_SUITES: readonly string[] = [exec.name, portForward.name];
