import {
  describeError,
  type Logger,
  measuredPhases,
  type MeasuredPhase,
  tracedCalls,
  tracedPhases,
  tracedProcesses,
} from '@crihub/kernel';
import { diag, DiagLogLevel } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  TracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { callShape, crihubAttributes, phaseShape, processShape } from './shapes.ts';
import { Spans } from './spans.ts';

export interface TracingOptions {
  /** Where OTLP is taken over HTTP: `http://127.0.0.1:4318/v1/traces`. */
  readonly endpoint: string;
  /** Share of calls that are traced, 0 to 1, where the client has not decided. */
  readonly sampleRatio: number;
  readonly version: string;
}

/** Last words when the daemon stops, in ms. */
const FLUSH_MS = 3_000;

/**
 * Sends a span for every call, phase and child process to an OpenTelemetry collector. Importing this
 * loads the SDK, so whoever does not trace does not import it. A collector that is away costs nothing but
 * the spans: the queue is bounded.
 */
export class Tracing {
  readonly #provider: TracerProvider;
  readonly #spans: Spans;
  readonly #logger: Logger;
  readonly #onMeasured = (message: unknown): void => {
    const { phase, seconds, handler, pod, container } = message as MeasuredPhase;
    this.#spans.record(phase, seconds, crihubAttributes({ handler, pod, container }));
  };

  constructor({ endpoint, sampleRatio, version }: TracingOptions, deps: { readonly logger: Logger }) {
    this.#logger = deps.logger;
    diag.setLogger(asDiagnostics(deps.logger), {
      logLevel: DiagLogLevel.WARN,
      suppressOverrideMessage: true,
    });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'crihubd', 'service.version': version }),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
      spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: endpoint }) })],
    });
    this.#spans = new Spans(this.#provider.getTracer('crihub', version));
    this.#spans.follow(tracedCalls, callShape);
    this.#spans.follow(tracedPhases, phaseShape);
    this.#spans.follow(tracedProcesses, processShape);
    measuredPhases.subscribe(this.#onMeasured);
  }

  /** Stops tracing, and sends what is still queued if that takes no longer than a few seconds. */
  async close(): Promise<void> {
    measuredPhases.unsubscribe(this.#onMeasured);
    this.#spans[Symbol.dispose]();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, FLUSH_MS);
    try {
      await Promise.race([this.#provider.shutdown(), late]);
    } catch (error) {
      this.#logger.warn('the last spans could not be sent', { error: describeError(error) });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What the SDK has to say, in our log. */
function asDiagnostics(logger: Logger): Parameters<typeof diag.setLogger>[0] {
  const at =
    (level: 'error' | 'warn' | 'info' | 'debug' | 'trace') =>
    (...said: readonly unknown[]): void =>
      logger[level]('tracing', { said: said.map(String).join(' ').slice(0, 1_000) });
  return { error: at('warn'), warn: at('warn'), info: at('info'), debug: at('debug'), verbose: at('trace') };
}
