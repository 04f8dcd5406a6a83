/**
 * OpenTelemetry traces of a conversation, when an endpoint is configured: without one nothing here runs, and
 * every span is the API's own no-op. The framework makes the spans of session, turn, model and speech;
 * trace-call.ts adds those of a tool call.
 */
import { telemetry } from '@livekit/agents';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider, RandomIdGenerator } from '@opentelemetry/sdk-trace-node';
import { traceIdOf } from '@patchbay/shared/engine/tracing/trace-context';
import type { Environment } from '../environment.ts';

const SERVICE_NAME = 'patchbay-worker';

export interface Tracing {
  /** Sends what is left; spans that cannot be sent in time are lost. Never rejects. */
  stop(withinMs: number): Promise<void>;
}

/**
 * Sends the spans of this process to the OTLP endpoint (HTTP, protobuf) of the environment. Words of the user,
 * arguments and results never leave: the framework marks them, and they are taken out before export.
 * @param sessionId on every span, as `gen_ai.conversation.id`; without its hyphens it is the id of the trace
 * @returns null when no endpoint is set
 */
export function startTracing(
  { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT }: Environment,
  sessionId: string,
): Tracing | null {
  if (!OTEL_EXPORTER_OTLP_ENDPOINT && !OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) return null;
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': SERVICE_NAME }))
    .merge(detectResources({ detectors: [envDetector] }));
  // The framework puts its filter for personal data in here; it works on spans before any is exported.
  const filters = new telemetry.FanoutSpanProcessor();
  const exporter = new BatchSpanProcessor(new OTLPTraceExporter());
  const provider = new NodeTracerProvider({
    resource,
    spanProcessors: [filters, exporter],
    idGenerator: new SessionTrace(sessionId),
  });
  // No propagator: servers that users add don't learn trace ids.
  provider.register({ propagator: null });
  telemetry.setTracerProvider(provider, {
    metadata: { 'gen_ai.conversation.id': sessionId },
    registerSpanProcessor: (processor) => filters.add(processor),
    allowPii: false,
  });
  return {
    async stop(withinMs) {
      const late = new Promise<void>((resolve) => setTimeout(resolve, withinMs).unref());
      await Promise.race([provider.shutdown().catch(() => {}), late]);
    },
  };
}

/** The trace of a conversation is called as its row is, in all parts: none has to hand an id to the next. */
class SessionTrace extends RandomIdGenerator {
  override generateTraceId: () => string;

  constructor(sessionId: string) {
    super();
    const traceId = traceIdOf(sessionId);
    this.generateTraceId = () => traceId;
  }
}
