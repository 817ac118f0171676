import { z } from 'zod';
import { HOOK_NAMES } from '../oci-spec.ts';

/** The versions of the Container Device Interface that are understood. */
export const CDI_VERSIONS = ['0.3.0', '0.4.0', '0.5.0', '0.6.0', '0.7.0', '0.8.0', '1.0.0'] as const;

const id = z.int().nonnegative().max(0xffffffff);
const path = z.string().startsWith('/', 'must be an absolute path');

const deviceNode = z.object({
  path,
  hostPath: path.optional(),
  type: z.enum(['b', 'c', 'u', 'p']).optional(),
  major: z.int().nonnegative().optional(),
  minor: z.int().nonnegative().optional(),
  fileMode: z.int().nonnegative().max(0o7777).optional(),
  permissions: z
    .string()
    .regex(/^[rwm]{0,3}$/, 'must be some of r, w and m')
    .optional(),
  uid: id.optional(),
  gid: id.optional(),
});

const mount = z.object({
  hostPath: z.string().min(1),
  containerPath: path,
  type: z.string().optional(),
  options: z.array(z.string()).default([]),
});

const hook = z.object({
  hookName: z.enum(HOOK_NAMES),
  path,
  args: z.array(z.string()).optional(),
  env: z.array(z.string()).optional(),
  timeout: z.int().positive().optional(),
});

const intelRdt = z.object({
  closID: z.string().optional(),
  l3CacheSchema: z.string().optional(),
  memBwSchema: z.string().optional(),
  enableCMT: z.boolean().optional(),
  enableMBM: z.boolean().optional(),
});

const containerEdits = z.object({
  env: z.array(z.string().regex(/^[^=]+=/, 'must be NAME=value')).default([]),
  deviceNodes: z.array(deviceNode).default([]),
  mounts: z.array(mount).default([]),
  hooks: z.array(hook).default([]),
  additionalGids: z.array(id).default([]),
  intelRdt: intelRdt.optional(),
});

const NAME = /^[A-Za-z0-9]([A-Za-z0-9_.:-]*[A-Za-z0-9])?$/;
const KIND = /^[A-Za-z][A-Za-z0-9_.-]*\/[A-Za-z][A-Za-z0-9_-]*$/;

/** A file of /etc/cdi or /var/run/cdi: https://github.com/cncf-tags/container-device-interface (SPEC.md). */
export const cdiSpecSchema = z.object({
  cdiVersion: z.enum(CDI_VERSIONS),
  kind: z.string().regex(KIND, 'must be vendor/class'),
  devices: z
    .array(
      z.object({
        name: z.string().regex(NAME, 'is no name of a device'),
        containerEdits: containerEdits.prefault({}),
      }),
    )
    .min(1),
  containerEdits: containerEdits.prefault({}),
});

export type CdiSpecFile = z.output<typeof cdiSpecSchema>;
export type CdiFileEdits = z.output<typeof containerEdits>;
export type CdiDeviceNode = z.output<typeof deviceNode>;
