import type { Trial, Trials } from '@crihub/linux';
import { type Finding, ok, warning } from '../finding.ts';

/** Features that were tried, each with what pods lack without it. */
export const judgeTrials = (trials: Trials): readonly Finding[] => [
  judge('user namespaces', trials.userNamespaces, 'pods with hostUsers: false are refused'),
  judge('idmapped mounts', trials.idmappedMounts, 'volumes of pods with hostUsers: false are refused'),
  judge(
    'recursive read-only mounts',
    trials.recursiveReadOnlyMounts,
    'recursiveReadOnly: Enabled is refused',
  ),
];

const judge = (check: string, trial: Trial, consequence: string): Finding =>
  trial.usable
    ? ok(check, 'tried, and it works')
    : warning(
        check,
        `tried, and refused: ${trial.reason}`,
        `${consequence}; a newer kernel or filesystem may help`,
      );
