import { z } from 'zod';

/*
 * Every setting of the daemon, once: its type, its default and its meaning. The defaults, the messages about
 * mistakes and the documentation (`describe.ts`) all come from here.
 */

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;

const absolutePath = z.string().regex(/^\//, 'an absolute path');
const seconds = z.number().positive().max(86_400);
const count = z.int().positive();

const SCALES = { '': 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 } as const;
/** A number of bytes, written as in Kubernetes. */
const memorySize = z
  .string()
  .regex(/^\d+(Ki|Mi|Gi)?$/, 'bytes, or a number with Ki, Mi or Gi')
  .transform((text) => Number.parseInt(text, 10) * SCALES[text.replace(/\d+/, '') as keyof typeof SCALES]);

const images = z.strictObject({
  registryConfigDirectory: absolutePath
    .default('/etc/containerd/certs.d')
    .describe(
      'Registry hosts, as in containerd: one directory per registry with a hosts.toml (mirrors, TLS).',
    ),
  dockerConfigFile: absolutePath
    .default('/root/.docker/config.json')
    .describe(
      'Credentials for pulls that bring none, in the format of `docker login`; the file may be missing.',
    ),
  pinned: z
    .array(z.string())
    .default([])
    .describe('References of images that the kubelet must not remove to free space.'),
  maxConcurrentDownloads: count.max(64).default(3).describe('Layers downloaded at once, over all pulls.'),
  stallTimeoutSeconds: seconds.default(60).describe('A download fails when nothing has arrived for so long.'),
  maxLayerBytes: count
    .default(64 * 1024 ** 3)
    .describe('A layer that unpacks to more is refused (decompression bombs).'),
  maxLayerEntries: count.default(5_000_000).describe('A layer with more files is refused.'),
});

const network = z.strictObject({
  confDirectory: absolutePath
    .default('/etc/cni/net.d')
    .describe('Network lists (CNI); the first valid one by name is used.'),
  binDirectories: z
    .array(absolutePath)
    .min(1)
    .default(['/opt/cni/bin', '/usr/lib/cni'])
    .describe('Where the network plugins are.'),
  cacheDirectory: absolutePath
    .default('/var/lib/cni')
    .describe('Results of network plugins, in the format of libcni.'),
  ipPreference: z
    .enum(['cni', 'ipv4', 'ipv6'])
    .default('ipv4')
    .describe("Which family a pod's first address has; cni: in the order that the plugins give."),
  pluginTimeoutSeconds: seconds.default(30).describe('A plugin that takes longer is killed.'),
});

const streaming = z.strictObject({
  address: z
    .string()
    .regex(/^([^\s:]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/, 'host:port')
    .default('127.0.0.1:0')
    .describe('Where exec, attach and port-forward are served (host:port); port 0 takes a free one.'),
  advertisedUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('What clients are told to connect to, if it is not that address.'),
  tls: z
    .enum(['off', 'selfSigned', 'files'])
    .default('off')
    .describe('Plain HTTP, a certificate made at each start, or the two files below.'),
  certificateFile: absolutePath.optional().describe('PEM certificate chain, for tls: files.'),
  keyFile: absolutePath.optional().describe('PEM private key, for tls: files.'),
  idleTimeoutSeconds: z
    .number()
    .positive()
    .max(7 * 86_400)
    .default(14_400)
    .describe('A session silent for so long is ended.'),
  creationTimeoutSeconds: seconds.default(30).describe('Time for a client to open its streams.'),
});

const metrics = z.strictObject({
  address: z
    .string()
    .regex(/^(off|[^\s:]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5})$/, "host:port, or 'off'")
    .default('127.0.0.1:9670')
    .describe("Where Prometheus metrics are served (host:port); 'off' serves none."),
});

const traces = z.strictObject({
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Where OpenTelemetry traces are sent (OTLP over HTTP), such as http://127.0.0.1:4318/v1/traces; none are without.',
    ),
  sampleRatio: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Share of calls that are traced, where the kubelet has not decided.'),
});

/** Limits that a container gets whose request sets none. */
const defaultResources = z.strictObject({
  cpus: z.number().positive().max(10_000).optional().describe('CPUs at most.'),
  memory: memorySize.optional().describe('Memory at most, such as 512Mi.'),
  pids: count.optional().describe('Processes and threads at most.'),
});

const fallback = z.strictObject({
  handler: z.string().min(1).describe('The handler that takes its pods while this one can not.'),
  allowWeakerIsolation: z
    .boolean()
    .default(false)
    .describe('Whether that may be a handler which isolates less.'),
});

const nri = z.strictObject({
  socket: z
    .union([absolutePath, z.literal('off')])
    .default('/var/run/nri/nri.sock')
    .describe("Unix socket at which NRI plugins connect; 'off' lets none in."),
  registrationTimeoutSeconds: seconds
    .default(5)
    .describe('Time for a plugin to register, and to take in the state of the node.'),
  requestTimeoutSeconds: seconds
    .default(2)
    .describe('A plugin that takes longer for one call is cut off, and what was asked goes on without it.'),
});

/** What every handler has; further keys belong to its backend. */
const handler = z.looseObject({
  backend: z
    .string()
    .min(1)
    .describe('Which backend runs the pods: runc, docker, containerd, or the name of an installed package.'),
  cniConfDirectory: absolutePath
    .optional()
    .describe("Network lists for this handler's pods, in place of the node's."),
  maxConcurrentCreations: count
    .max(1_000)
    .default(16)
    .describe('Pods created at once; the others wait in order of arrival.'),
  createTimeoutSeconds: seconds
    .default(240)
    .describe('The longest that creating a pod or a container may take.'),
  callTimeoutSeconds: seconds.default(30).describe('The longest for every other call to the backend.'),
  fallback: fallback.optional().describe('Used only before anything of a pod exists; may go on from there.'),
  defaultResources: defaultResources.optional().describe('Limits of containers whose requests set none.'),
  defaultOverhead: defaultResources.optional().describe('Overhead of pods whose RuntimeClass sets none.'),
});

/** A handler that gives its pods to several others, to compare them. */
const experiment = z.strictObject({
  experiment: z.strictObject({
    arms: z
      .record(z.string(), z.number().min(0).max(1_000_000))
      .refine((arms) => Object.values(arms).some((share) => share > 0), 'at least one arm with a share')
      .describe('Shares by handler; the first one is what the others are compared with.'),
    unit: z
      .enum(['pod', 'workload', 'namespace'])
      .default('pod')
      .describe('What gets an arm together: a pod, all pods of a workload, or all of a namespace.'),
    salt: z.string().optional().describe("Another salt draws anew; the experiment's name by default."),
    excludedTo: z
      .string()
      .optional()
      .describe('The handler of pods that some arm can not run; the first arm that can, by default.'),
    enabled: z.boolean().default(true).describe('False: no pod takes part any more.'),
  }),
});

const measurements = z.strictObject({
  keepDays: count.max(3_650).default(30).describe('Measurements older than this are dropped.'),
  maxRows: count.min(1_000).default(500_000).describe('And the oldest, if there are more than this.'),
});

export const configSchema = z.strictObject({
  socket: absolutePath
    .default('/run/crihub/crihub.sock')
    .describe('Unix socket of the CRI; the kubelet connects here.'),
  socketMode: z
    .string()
    .regex(/^0?[0-7]{3}$/, 'an octal mode such as "0660"')
    .default('0600')
    .describe('Permission bits of the socket, octal, in quotes.'),
  stateDirectory: absolutePath
    .default('/var/lib/crihub')
    .describe('What must outlive a reboot: records, images, root filesystems.'),
  runDirectory: absolutePath
    .default('/run/crihub')
    .describe(
      'What need not: namespaces, sockets, state of OCI runtimes. A short path, on a tmpfs; for `kata` one that takes user attributes, as from Linux 6.6 on.',
    ),
  cgroupDriver: z
    .enum(['cgroupfs', 'systemd'])
    .default('cgroupfs')
    .describe("Who manages cgroups; one for the whole node, and the kubelet's too."),
  logLevel: z.enum(LOG_LEVELS).default('info').describe('The least level logged.'),
  drainSeconds: z
    .number()
    .min(0)
    .max(600)
    .default(10)
    .describe('Time for running calls when the daemon is stopped.'),
  streaming: streaming
    .refine(
      ({ tls, certificateFile, keyFile }) =>
        tls !== 'files' || (certificateFile !== undefined && keyFile !== undefined),
      "tls 'files' needs certificateFile and keyFile",
    )
    .prefault({})
    .describe('The streaming server.'),
  metrics: metrics.prefault({}).describe('Prometheus metrics.'),
  measurements: measurements.prefault({}).describe('What is kept of the phases of pods, for comparisons.'),
  traces: traces.prefault({}).describe('OpenTelemetry traces.'),
  images: images.prefault({}).describe('The image store.'),
  network: network.prefault({}).describe('The pod network.'),
  nri: nri.prefault({}).describe('Plugins of the Node Resource Interface.'),
  backendDirectory: absolutePath
    .default('/usr/local/lib/crihub')
    .describe('Where packages with backends of others are installed (npm install --prefix).'),
  handlers: z
    .record(
      z.string().regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'a lower-case name as in a RuntimeClass'),
      z.union([experiment, handler]),
    )
    .refine((map) => Object.keys(map).length > 0, 'at least one handler')
    .default({
      runc: {
        backend: 'runc',
        maxConcurrentCreations: 16,
        createTimeoutSeconds: 240,
        callTimeoutSeconds: 30,
      },
    })
    .describe('Handlers by the name that a RuntimeClass gives. Further keys are options of the backend.'),
  defaultHandler: z.string().default('runc').describe('The handler of pods that name none.'),
});

type FileConfig = z.infer<typeof configSchema>;
export type HandlerConfig = z.infer<typeof handler>;
export type ExperimentConfig = z.infer<typeof experiment>['experiment'];
export type DefaultResources = z.infer<typeof defaultResources>;

/** The configuration, with the two kinds of handlers apart. */
export type Config = Omit<FileConfig, 'handlers'> & {
  readonly handlers: Readonly<Record<string, HandlerConfig>>;
  readonly experiments: Readonly<Record<string, ExperimentConfig>>;
};

export function separateExperiments({ handlers, ...rest }: FileConfig): Config {
  const entries = Object.entries(handlers);
  const isExperiment = (entry: FileConfig['handlers'][string]): entry is z.infer<typeof experiment> =>
    'experiment' in entry;
  return {
    ...rest,
    handlers: Object.fromEntries(
      entries.flatMap(([name, entry]) => (isExperiment(entry) ? [] : [[name, entry]])),
    ),
    experiments: Object.fromEntries(
      entries.flatMap(([name, entry]) => (isExperiment(entry) ? [[name, entry.experiment]] : [])),
    ),
  };
}
export type LogLevel = Config['logLevel'];
