import type { Sandbox } from '@crihub/contract';

export const UNITS = ['pod', 'workload', 'namespace'] as const;

/** What is drawn: each pod for itself, all pods of a workload together, or those of a namespace. */
export type Unit = (typeof UNITS)[number];

/** The key of the unit that a pod belongs to. A pod that is made again under its name has the same one. */
export function unitKey(unit: Unit, { metadata, labels }: Pick<Sandbox, 'metadata' | 'labels'>): string {
  const { namespace, name } = metadata;
  switch (unit) {
    case 'namespace':
      return namespace;
    case 'workload':
      return `${namespace}/${workloadName(name, labels)}`;
    case 'pod':
      return `${namespace}/${name}`;
  }
}

type Labels = Sandbox['labels'];

/**
 * The name of what made the pod. The CRI does not tell it; the labels that the controllers put on their
 * pods do: https://kubernetes.io/docs/reference/labels-annotations-taints/
 */
function workloadName(pod: string, labels: Labels): string {
  const job = labels['batch.kubernetes.io/job-name'] ?? labels['job-name'];
  if (job !== undefined) return cronJobName(job);
  const template = labels['pod-template-hash'];
  if (template !== undefined) return upTo(pod, `-${template}-`);
  if (labels['statefulset.kubernetes.io/pod-name'] !== undefined) return pod.replace(/-\d+$/, '');
  if (labels['controller-revision-hash'] !== undefined) return pod.replace(/-[a-z0-9]{5}$/, '');
  return labels['app.kubernetes.io/instance'] ?? labels['app.kubernetes.io/name'] ?? labels['app'] ?? pod;
}

/** A CronJob names its jobs after itself and the minute that they are due. */
const cronJobName = (job: string): string => job.replace(/-\d{8,}$/, '');

function upTo(text: string, mark: string): string {
  const end = text.lastIndexOf(mark);
  return end < 0 ? text : text.slice(0, end);
}
