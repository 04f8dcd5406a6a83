/** What Vercel compresses. Streams of lines stay uncompressed, so that each line arrives at once. */
const COMPRESSED_TYPE =
  /^(text\/(html|css|javascript|plain|xml)|application\/(json|xml|wasm|manifest\+json)|image\/svg\+xml)\b/;

/** Compresses a response as Vercel's edge does, so page weights match. */
export function compress(request: Request, answer: Response): Response {
  const { body, headers, status, statusText } = answer;
  const isAsked = /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '');
  const fits = COMPRESSED_TYPE.test(headers.get('content-type') ?? '') && !headers.has('content-encoding');
  if (!body || !isAsked || !fits) return answer;
  const changed = new Headers(headers);
  changed.set('content-encoding', 'gzip');
  changed.append('vary', 'accept-encoding');
  changed.delete('content-length');
  // The stream types of fetch and the platform differ only in name.
  const gzip = new CompressionStream('gzip') as ReadableWritablePair<Uint8Array, Uint8Array>;
  return new Response(body.pipeThrough(gzip), { status, statusText, headers: changed });
}
