import type { SpanExport } from './finished-span.ts';

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
