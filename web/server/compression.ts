/** What Vercel compresses on its way to the browser; streams of lines stay whole, so that each line comes at once. */
const COMPRESSED_TYPE =
  /^(text\/(html|css|javascript|plain|xml)|application\/(json|xml|wasm|manifest\+json)|image\/svg\+xml)\b/;

/** The answer as the edge of Vercel sends it, so that a page weighs here what it weighs there. */
export function compress(request: Request, answer: Response): Response {
  const { body, headers, status, statusText } = answer;
  const isAsked = /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '');
  const fits = COMPRESSED_TYPE.test(headers.get('content-type') ?? '') && !headers.has('content-encoding');
  if (!body || !isAsked || !fits) return answer;
  const changed = new Headers(headers);
  changed.set('content-encoding', 'gzip');
  changed.append('vary', 'accept-encoding');
  changed.delete('content-length');
  // The types of streams of bytes differ between fetch and the platform; the bytes do not.
  const gzip = new CompressionStream('gzip') as ReadableWritablePair<Uint8Array, Uint8Array>;
  return new Response(body.pipeThrough(gzip), { status, statusText, headers: changed });
}
