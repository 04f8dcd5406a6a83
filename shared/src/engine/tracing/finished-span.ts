import type { TraceContext } from './trace-context.ts';

/** A finished piece of work: names, ids, outcomes and times, no content. */
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
