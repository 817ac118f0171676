import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { addHubGauges, type HubGauges } from './hub-gauges.ts';

// From a memory lookup to a slow machine's boot.
const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** One phase of one pod, as the hub tells it. */
export interface MeasuredPhase {
  readonly handler: string;
  readonly phase: string;
  readonly seconds: number;
  /** The kind of error that ended it. */
  readonly failure?: string;
  /** The experiment of which the handler is an arm. */
  readonly experiment?: string;
}

/** The daemon's Prometheus metrics. Names and units follow Prometheus' conventions. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #calls: Histogram<'method' | 'code' | 'handler'>;
  readonly #running: Gauge<'method'>;
  readonly #phases: Histogram<'handler' | 'phase' | 'outcome' | 'experiment' | 'arm'>;
  readonly #sessions: Histogram<'kind' | 'transport' | 'outcome'>;
  readonly #openSessions: Gauge<'kind' | 'transport'>;
  readonly #refusals: Counter<'status'>;
  readonly #fallbacks: Counter<'from' | 'to' | 'reason'>;
  readonly #exclusions: Counter<'experiment' | 'handler' | 'reason'>;
  readonly #pluginCalls: Histogram<'plugin' | 'call' | 'outcome'>;

  constructor() {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#calls = new Histogram({
      name: 'crihub_rpc_duration_seconds',
      help: 'Duration of CRI calls; the handler is empty for calls about no pod',
      labelNames: ['method', 'code', 'handler'],
      buckets: BUCKETS,
      registers,
    });
    this.#running = new Gauge({
      name: 'crihub_rpcs_running',
      help: 'CRI calls being served now',
      labelNames: ['method'],
      registers,
    });
    this.#phases = new Histogram({
      name: 'crihub_phase_duration_seconds',
      help: "Duration of the phases of a pod's life by handler; experiment and arm are empty outside one",
      labelNames: ['handler', 'phase', 'outcome', 'experiment', 'arm'],
      buckets: BUCKETS,
      registers,
    });
    this.#sessions = new Histogram({
      name: 'crihub_streaming_session_duration_seconds',
      help: 'Duration of exec, attach and port-forward sessions',
      labelNames: ['kind', 'transport', 'outcome'],
      buckets: BUCKETS,
      registers,
    });
    this.#openSessions = new Gauge({
      name: 'crihub_streaming_sessions_open',
      help: 'Exec, attach and port-forward sessions open now',
      labelNames: ['kind', 'transport'],
      registers,
    });
    this.#refusals = new Counter({
      name: 'crihub_streaming_refusals_total',
      help: 'Clients of the streaming server that were refused, by HTTP status',
      labelNames: ['status'],
      registers,
    });
    this.#fallbacks = new Counter({
      name: 'crihub_fallbacks_total',
      help: 'Pods that another handler took in place of the one asked for',
      labelNames: ['from', 'to', 'reason'],
      registers,
    });
    this.#exclusions = new Counter({
      name: 'crihub_experiment_exclusions_total',
      help: 'Arms that kept a pod from taking part in an experiment',
      labelNames: ['experiment', 'handler', 'reason'],
      registers,
    });
    this.#pluginCalls = new Histogram({
      name: 'crihub_nri_call_duration_seconds',
      help: 'Duration of calls to NRI plugins',
      labelNames: ['plugin', 'call', 'outcome'],
      buckets: BUCKETS,
      registers,
    });
  }

  /** For the router. */
  readonly placements = {
    fellBack: (from: string, to: string, reason: string): void => this.#fallbacks.inc({ from, to, reason }),
    excluded: (experiment: string, handler: string, reason: string): void =>
      this.#exclusions.inc({ experiment, handler, reason }),
  };

  /** For the CRI front. */
  readonly calls = {
    started: (method: string): void => this.#running.inc({ method }),
    observe: (method: string, code: string, seconds: number, handler: string): void => {
      this.#running.dec({ method });
      this.#calls.observe({ method, code, handler }, seconds);
    },
  };

  /** For the lifecycle. */
  readonly phases = {
    observe: ({ handler, phase, seconds, failure, experiment }: MeasuredPhase): void =>
      this.#phases.observe(
        {
          handler,
          phase,
          outcome: failure === undefined ? 'ok' : 'error',
          experiment: experiment ?? '',
          arm: experiment === undefined ? '' : handler,
        },
        seconds,
      ),
  };

  /** For the streaming server. */
  readonly streams = {
    opened: (kind: string, transport: string): void => this.#openSessions.inc({ kind, transport }),
    closed: (kind: string, transport: string, seconds: number, outcome: string): void => {
      this.#openSessions.dec({ kind, transport });
      this.#sessions.observe({ kind, transport, outcome }, seconds);
    },
    refused: (status: number): void => this.#refusals.inc({ status: String(status) }),
  };

  /** For the plugins. */
  readonly plugins = {
    observe: (plugin: string, call: string, seconds: number, outcome: 'ok' | 'error'): void =>
      this.#pluginCalls.observe({ plugin, call, outcome }, seconds),
  };

  /** Adds the numbers that are read on demand. Call once. */
  addGauges(gauges: HubGauges): void {
    addHubGauges(this.#registry, gauges);
  }

  /** The text that Prometheus reads, and its content type. */
  async render(): Promise<{ readonly contentType: string; readonly body: string }> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}
