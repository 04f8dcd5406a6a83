/** Liveness: this process answers. It asks nobody else, so that an outage elsewhere does not restart it. */
export function GET(): Response {
  return Response.json({ ok: true }, { headers: { 'cache-control': 'no-store' } });
}
