import { SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import type { RecordedCall } from '@patchbay/shared/contract/schema/session';

/**
 * The spans of a tool call that has ended, inside the span that is active: the call as the model sees it, and
 * within it the wait in the server's queue and the request to the server. Named as the semantic conventions
 * have it: https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/
 */
export function traceCall(call: RecordedCall): void {
  const tracer = trace.getTracer('patchbay');
  const startedAtMs = Date.parse(call.started_at);
  const endedAtMs = startedAtMs + (call.duration_ms ?? 0);
  const status = {
    'patchbay.outcome': call.outcome,
    ...(call.error_code !== null && { 'error.type': call.error_code }),
  };
  const tool = {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': call.tool_name,
    'patchbay.server.id': call.server_id,
  };

  const whole = tracer.startSpan(`execute_tool ${call.tool_name}`, {
    startTime: startedAtMs,
    attributes: { ...tool, ...status, 'gen_ai.tool.type': 'function', 'patchbay.call.id': call.id },
  });
  // Without it the call never reached its turn: refused, unavailable, or answered from the cache.
  if (call.queue_ms !== null) {
    const inside = trace.setSpan(context.active(), whole);
    const dequeuedAtMs = Math.min(startedAtMs + call.queue_ms, endedAtMs);
    tracer.startSpan('queue', { startTime: startedAtMs }, inside).end(dequeuedAtMs);
    const request = tracer.startSpan(
      `tools/call ${call.tool_name}`,
      {
        kind: SpanKind.CLIENT,
        startTime: dequeuedAtMs,
        attributes: { ...tool, ...status, 'mcp.method.name': 'tools/call' },
      },
      inside,
    );
    if (call.error_code !== null) request.setStatus({ code: SpanStatusCode.ERROR });
    request.end(endedAtMs);
  }
  if (call.error_code !== null) whole.setStatus({ code: SpanStatusCode.ERROR });
  whole.end(endedAtMs);
}
