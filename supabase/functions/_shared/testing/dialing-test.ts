/**
 * A test that dials servers. undici counts its timeouts with one timer, which runs on for up to half a second after the
 * last request; the hosted Deno version would report it as a leak, of this test or of the next one.
 */
export function dialingTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}
