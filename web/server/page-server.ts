import { createServer, type IncomingMessage, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { BODY_TOO_LARGE, withBodyLimit } from '@patchbay/shared/engine/outgoing/body-limit';
import { createOutputServer } from './build-output.ts';

/** How long a client may take to send the headers, and the whole of a request. */
const TIMEOUTS = { headersTimeout: 15_000, requestTimeout: 60_000, connectionsCheckingInterval: 5_000 };

/**
 * The HTTP server of a build output, not listening yet. It cuts off slow clients and refuses large bodies.
 * @param publicUrl the address that people know, if requests come by another one
 */
export function createPageServer(folder: string, publicUrl?: string): Server {
  const serve = createOutputServer(folder);
  const listener = getRequestListener((received, env) => {
    const { incoming } = env as { incoming: IncomingMessage };
    const request = publicUrl ? new Request(publicAddress(received.url, publicUrl), received) : received;
    const address = incoming.socket.remoteAddress ?? '127.0.0.1';
    return withBodyLimit(
      request,
      (limited) => serve(limited, address),
      () => refuseBody(request),
    );
  });
  return createServer(TIMEOUTS, (incoming, outgoing) => void listener(incoming, outgoing));
}

/**
 * The address of a request as people know it, whatever its `Host` says. A path that begins with two slashes names no
 * other site: SvelteKit judges by the address whether a form came from its own pages.
 */
export function publicAddress(requested: string, publicUrl: string): URL {
  const { pathname, search } = new URL(requested);
  return Object.assign(new URL(publicUrl), { pathname, search });
}

/** The page's own forms read their answers as JSON (SvelteKit's `ActionResult`). */
function refuseBody(request: Request): Response {
  const isAction = request.headers.get('x-sveltekit-action') === 'true';
  const result = { type: 'error', error: { message: BODY_TOO_LARGE } };
  // The rest of the body is not read.
  const head = { status: 413, headers: { connection: 'close' } };
  return isAction ? Response.json(result, head) : new Response(BODY_TOO_LARGE, head);
}
