/** The other end of OTLP over HTTP: receives spans in protobuf, for tests. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface CollectedSpan {
  traceId: string;
  spanId: string;
  /** Empty for the root of a trace. */
  parentSpanId: string;
  name: string;
  startedAtMs: number;
  endedAtMs: number;
  attributes: Record<string, string>;
}

export interface TraceCollector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string;
  spans: CollectedSpan[];
  /** Everything received, as one text, to look for what must not be in it. */
  raw: () => string;
  close(): Promise<void>;
}

export async function startTraceCollector(): Promise<TraceCollector> {
  const spans: CollectedSpan[] = [];
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      bodies.push(body);
      spans.push(...spansIn(body));
      response.setHeader('content-type', 'application/x-protobuf').end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    raw: () => Buffer.concat(bodies).toString('latin1'),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The numbers are those of opentelemetry-proto: ExportTraceServiceRequest > ResourceSpans > ScopeSpans > Span. */
function spansIn(body: Buffer): CollectedSpan[] {
  return all(body, 1)
    .flatMap((resource) => all(resource, 2))
    .flatMap((scope) => all(scope, 2))
    .map((span) => ({
      traceId: first(span, 1).toString('hex'),
      spanId: first(span, 2).toString('hex'),
      parentSpanId: first(span, 4).toString('hex'),
      name: first(span, 5).toString(),
      startedAtMs: Number(first(span, 7).readBigUInt64LE() / 1_000_000n),
      endedAtMs: Number(first(span, 8).readBigUInt64LE() / 1_000_000n),
      attributes: Object.fromEntries(
        all(span, 9).map((pair) => [first(pair, 1).toString(), first(first(pair, 2), 1).toString()]),
      ),
    }));
}

const NOTHING = Buffer.alloc(0);

function first(message: Buffer, field: number): Buffer {
  return all(message, field)[0] ?? NOTHING;
}

/** The values of a field: bytes of strings, messages and fixed numbers; varints are passed over. */
function all(message: Buffer, wanted: number): Buffer[] {
  const values: Buffer[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const kind = tag & 7;
    if (kind === 0) {
      varint();
      continue;
    }
    const size = kind === 2 ? varint() : kind === 1 ? 8 : 4;
    if (tag >> 3 === wanted) values.push(message.subarray(at, at + size));
    at += size;
  }
  return values;
}
