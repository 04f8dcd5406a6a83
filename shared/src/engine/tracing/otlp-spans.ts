import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags, type Context } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type IdGenerator } from '@opentelemetry/sdk-trace-base';
import type { FinishedSpan, SpanExport } from './finished-span.ts';
import type { TraceContext } from './trace-context.ts';

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT };

/** Spans under the ids that their contexts have had from the beginning, before any SDK was asked. */
export class OtlpSpans implements SpanExport {
  readonly #ids = new GivenIds();
  readonly #provider: BasicTracerProvider;

  constructor(serviceName: string) {
    this.#provider = new BasicTracerProvider({
      resource: defaultResource()
        .merge(resourceFromAttributes({ 'service.name': serviceName }))
        .merge(detectResources({ detectors: [envDetector] })),
      spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
      idGenerator: this.#ids,
    });
  }

  add({ name, kind, context, startedAtMs, endedAtMs, attributes, isError }: FinishedSpan): void {
    this.#ids.next = context;
    const { sessionId } = context;
    const span = this.#provider.getTracer('patchbay').startSpan(
      name,
      {
        kind: KINDS[kind],
        startTime: startedAtMs,
        attributes: { ...attributes, ...(sessionId !== null && { 'gen_ai.conversation.id': sessionId }) },
      },
      parentOf(context),
    );
    if (isError) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(endedAtMs);
  }

  async flush(): Promise<void> {
    await this.#provider.forceFlush().catch(() => {});
  }
}

class GivenIds implements IdGenerator {
  next: TraceContext | undefined;

  generateTraceId = (): string => this.next?.traceId ?? '';
  generateSpanId = (): string => this.next?.spanId ?? '';
}

function parentOf({ traceId, parentSpanId, isSampled }: TraceContext): Context {
  if (parentSpanId === null) return ROOT_CONTEXT;
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parentSpanId, traceFlags, isRemote: true });
}
