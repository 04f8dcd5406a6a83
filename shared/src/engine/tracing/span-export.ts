import type { TraceContext } from './trace-context.ts';

/** A piece of work that is over. Of what it was about it holds names, ids, outcomes and times, and nothing else. */
export interface FinishedSpan {
  name: string;
  kind: 'server' | 'client';
  context: TraceContext;
  /** Both since 1970. */
  startedAtMs: number;
  endedAtMs: number;
  attributes: Record<string, string | number>;
  isError: boolean;
}

export interface SpanExport {
  /** Takes the span and returns at once; it is sent with others, a little later. */
  add(span: FinishedSpan): void;
  /** Sends what waits. Never rejects: spans that cannot be sent are lost. */
  flush(): Promise<void>;
}

/** What says whether spans are sent. */
interface SpanEnvironment {
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string | undefined;
}

/**
 * Sends spans to the OTLP endpoint (HTTP, protobuf) of the environment, where one is set; headers, timeout and
 * resource attributes are read from there as usual. The SDK is loaded only then.
 * @returns null when there is no endpoint
 */
export async function openSpanExport(env: SpanEnvironment, serviceName: string): Promise<SpanExport | null> {
  if (!env.OTEL_EXPORTER_OTLP_ENDPOINT && !env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) return null;
  const { OtlpSpans } = await import('./otlp-spans.ts');
  return new OtlpSpans(serviceName);
}
