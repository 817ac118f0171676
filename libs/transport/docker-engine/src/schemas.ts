import { z } from 'zod';

const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? {});

/** What a list says of a container. */
export const containerSummary = z.object({
  Id: z.string(),
  Names: z.array(z.string()).nullish(),
  /** `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`. */
  State: z.string(),
  Labels: labels,
});
export type ContainerSummary = z.output<typeof containerSummary>;

/** What an inspection says of a container, as far as crihub asks. */
export const containerDetails = z.object({
  Id: z.string(),
  Created: z.string(),
  State: z.object({
    Status: z.string(),
    Running: z.boolean(),
    Pid: z.number(),
    ExitCode: z.number(),
    Error: z.string(),
    OOMKilled: z.boolean(),
    StartedAt: z.string(),
    FinishedAt: z.string(),
  }),
  Config: z.object({ Labels: labels, Tty: z.boolean() }),
  /** Absent where the engine keeps its images in containerd. */
  GraphDriver: z.object({ Data: z.object({ UpperDir: z.string().optional() }).nullish() }).nullish(),
});
export type ContainerDetails = z.output<typeof containerDetails>;

export const execDetails = z.object({
  Running: z.boolean(),
  /** Absent until it has ended. */
  ExitCode: z.number().nullish(),
  /** 0 until it runs. */
  Pid: z.number(),
});
export type ExecDetails = z.output<typeof execDetails>;

export const engineVersion = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
});
export type EngineVersion = z.output<typeof engineVersion>;

/** What an engine was set to, as far as crihub asks. */
export const engineSettings = z.object({
  /** `cgroupfs`, `systemd`, or `none` without root. */
  CgroupDriver: z.string(),
  /** By name. */
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
});
export type EngineSettings = z.output<typeof engineSettings>;

export const engineEvent = z.object({
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: labels }),
  /** Nanoseconds since 1970; more than a number holds, so the last digits are not exact. */
  timeNano: z.number(),
});
export type EngineEvent = z.output<typeof engineEvent>;
