/**
 * Where one piece of work (a request, a probe) stands in a trace, in the form of W3C Trace Context:
 * https://www.w3.org/TR/trace-context/. Needs no SDK, so that log lines have their `trace_id` also where nothing is
 * traced. What carries it from part to part is the header `traceparent`.
 */

const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 1;

/** The id of a conversation's trace: whoever has its row, a line of a log or an answer of `voice-token` finds it. */
export function traceIdOf(sessionId: string): string {
  return sessionId.replaceAll('-', '').toLowerCase();
}

export class TraceContext {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits; of this piece of work. */
  readonly spanId = randomHex(8);
  /** Of who asked for the work; null where the trace begins here. */
  parentSpanId: string | null;
  /** False when who asked does not record this trace. */
  isSampled: boolean;
  /** The conversation that the work belongs to. */
  sessionId: string | null = null;

  /** @param traceparent of the request; without one, or with one that cannot be read, a trace begins here */
  constructor(traceparent: string | null = null) {
    const [, version, traceId, parentSpanId, flags, more] = TRACEPARENT.exec(traceparent ?? '') ?? [];
    const isRead = traceId !== undefined && !(version === '00' && more !== undefined);
    this.traceId = isRead ? traceId : randomHex(16);
    this.parentSpanId = isRead ? (parentSpanId ?? null) : null;
    this.isSampled = !isRead || (Number.parseInt(flags ?? '', 16) & SAMPLED) === SAMPLED;
  }

  /** The header of requests that this work makes. */
  get traceparent(): string {
    return `00-${this.traceId}-${this.spanId}-${this.isSampled ? '01' : '00'}`;
  }

  /** From here on the work is a part of the conversation's trace, whatever trace it came from. */
  joinConversation(sessionId: string): void {
    this.sessionId = sessionId;
    const traceId = traceIdOf(sessionId);
    if (traceId === this.traceId) return;
    this.traceId = traceId;
    this.parentSpanId = null;
    this.isSampled = true;
  }
}

function randomHex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
