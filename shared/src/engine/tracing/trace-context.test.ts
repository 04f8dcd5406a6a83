import { describe, expect, it } from 'vitest';
import { TraceContext, traceIdOf } from './trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
const SESSION = '5E551000-0000-4000-8000-000000000001';

describe('a trace context', () => {
  it('continues the trace of the caller with its own span', () => {
    const context = new TraceContext(`00-${TRACE}-${CALLER}-01`);
    expect(context).toMatchObject({ traceId: TRACE, parentSpanId: CALLER, isSampled: true });
    expect(context.traceparent).toBe(`00-${TRACE}-${context.spanId}-01`);
    expect(context.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(context.spanId).not.toBe(CALLER);
  });

  it('is not recorded if the caller does not record its trace', () => {
    const context = new TraceContext(`00-${TRACE}-${CALLER}-00`);
    expect(context.isSampled).toBe(false);
    expect(new TraceContext(context.traceparent)).toMatchObject({ traceId: TRACE, isSampled: false });
  });

  it('reads the known fields of future versions', () => {
    expect(new TraceContext(`01-${TRACE}-${CALLER}-01-more`).traceId).toBe(TRACE);
  });

  it.each([
    null,
    '',
    'nonsense',
    `00-${TRACE}-${CALLER}`,
    `00-${TRACE}-${CALLER}-01-more`,
    `ff-${TRACE}-${CALLER}-01`,
    `00-${'0'.repeat(32)}-${CALLER}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${CALLER}-01`,
    `00-${TRACE}-${CALLER}-01\n`,
  ])('starts a new trace if traceparent is unreadable: %j', (traceparent) => {
    const context = new TraceContext(traceparent);
    expect(context.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(context).toMatchObject({ parentSpanId: null, isSampled: true });
    expect([TRACE, new TraceContext(traceparent).traceId]).not.toContain(context.traceId);
  });

  it('joins the trace of a conversation, whose id is the trace id', () => {
    const context = new TraceContext(`00-${TRACE}-${CALLER}-00`);
    context.joinConversation(SESSION);
    expect(context).toMatchObject({
      traceId: '5e551000000040008000000000000001',
      parentSpanId: null,
      isSampled: true,
      sessionId: SESSION,
    });
  });

  it('keeps its parent if that is already in the trace of the conversation', () => {
    const context = new TraceContext(`00-${traceIdOf(SESSION)}-${CALLER}-01`);
    context.joinConversation(SESSION);
    expect(context.parentSpanId).toBe(CALLER);
  });
});
