/** Each request to a function is a piece of a trace: of its caller's, of its conversation's, or of one that begins here. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { TraceContext } from '../../../shared/src/trace-context.ts';

export type Handler = (request: Request) => Response | Promise<Response>;

/** Asked for by what writes into the log and by what finds the conversation, both deep inside of a request. */
const current = new AsyncLocalStorage<TraceContext>();

/** Lets everything that a function does for a request know the trace that it belongs to. */
export function traced(handler: Handler): Handler {
  return (request) =>
    current.run(new TraceContext(request.headers.get('traceparent')), () => handler(request));
}

/** Of the request that is being answered; undefined outside of one. */
export function currentTrace(): TraceContext | undefined {
  return current.getStore();
}
