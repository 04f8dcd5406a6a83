/** Liveness only: an outage elsewhere must not restart this process. */
export function GET(): Response {
  return Response.json({ ok: true }, { headers: { 'cache-control': 'no-store' } });
}
