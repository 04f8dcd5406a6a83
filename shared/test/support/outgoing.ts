import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import { afterEach } from 'vitest';
import { createOutgoingFetch, type OutgoingFetchOptions } from '../../src/engine/outgoing/outgoing-fetch.ts';
import { classify } from '../../src/engine/messages/classify.ts';
import { listen } from './listen.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Serves requests until the end of the test, and records them. */
export async function serve(handler: RequestListener) {
  const seen: { url: string; headers: IncomingHttpHeaders }[] = [];
  const server = await listen((request, response) => {
    seen.push({ url: request.url ?? '', headers: request.headers });
    handler(request, response);
  });
  cleanups.push(() => server.stop());
  return { origin: `http://127.0.0.1:${server.port}`, port: server.port, seen };
}

/** An outgoing fetch that is closed at the end of the test. */
export function outgoing(options: Partial<OutgoingFetchOptions> = {}) {
  const client = createOutgoingFetch({ policy: 'local', ...options });
  cleanups.push(() => client.close());
  return client.fetch;
}

/** The error code of a failed request, or 'ok'. */
export const codeOf = (request: Promise<unknown>) =>
  request.then(
    () => 'ok',
    (error: unknown) => classify(error).code,
  );
