import type { SpecInput } from './spec-input.ts';

/**
 * Who the container is, under the names by which shims and hooks know it. Annotations of pods are not
 * passed on as they are: some runtimes take orders from them (`run.oci.*`), which is for the node's
 * operator to allow.
 */
export const identityAnnotations = ({
  container,
  sandbox,
  annotations = {},
}: SpecInput): Readonly<Record<string, string>> => ({
  ...annotations,
  'io.kubernetes.cri.container-type': 'container',
  'io.kubernetes.cri.container-name': container.metadata.name,
  'io.kubernetes.cri.image-name': container.imageRef,
  'io.kubernetes.cri.image-id': container.imageId,
  'io.kubernetes.cri.sandbox-id': sandbox.id,
  'io.kubernetes.cri.sandbox-name': sandbox.metadata.name,
  'io.kubernetes.cri.sandbox-namespace': sandbox.metadata.namespace,
  'io.kubernetes.cri.sandbox-uid': sandbox.metadata.uid,
});
