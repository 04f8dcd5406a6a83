import { createServer, type IncomingMessage, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { BODY_TOO_LARGE, withBodyLimit } from '@patchbay/shared/engine/outgoing/body-limit';
import { createOutputServer } from './build-output.ts';

const TIMEOUTS = { headersTimeout: 15_000, requestTimeout: 60_000, connectionsCheckingInterval: 5_000 };

/**
 * Creates the HTTP server of a build output, not listening yet. It cuts off slow clients and rejects large bodies.
 * @param publicUrl the page's public URL, if requests arrive by another one
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
 * The public URL of a request, whatever its `Host` says. SvelteKit compares it with a form's origin, so a path that
 * begins with two slashes must not name another host.
 */
export function publicAddress(requested: string, publicUrl: string): URL {
  const { pathname, search } = new URL(requested);
  return Object.assign(new URL(publicUrl), { pathname, search });
}

/** The page's own forms read JSON (SvelteKit's `ActionResult`). */
function refuseBody(request: Request): Response {
  const isAction = request.headers.get('x-sveltekit-action') === 'true';
  const result = { type: 'error', error: { message: BODY_TOO_LARGE } };
  const head = { status: 413, headers: { connection: 'close' } };
  return isAction ? Response.json(result, head) : new Response(BODY_TOO_LARGE, head);
}
