/** `npm run bench` runs every benchmark, `npm run bench -- voice` the named ones. Nothing passes or fails by its speed. */
import type { Bench } from './bench.ts';

const BENCHES: Record<string, () => Promise<Bench>> = {
  engine: () => import('./engine/engine.ts'),
  voice: () => import('./voice.ts'),
  footprint: () => import('./footprint.ts'),
  rls: () => import('./rls.ts'),
  health: () => import('./health/health.ts'),
  web: () => import('./web/web.ts'),
};

const say = (text: string): void => console.log(text);

const named = process.argv.slice(2);
const unknown = named.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  say(`unknown benchmark ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`);
  process.exitCode = 2;
} else {
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopped.abort());
  process.once('disconnect', () => stopped.abort());
  for (const [name, load] of Object.entries(BENCHES)) {
    if (stopped.signal.aborted || (named.length > 0 && !named.includes(name))) continue;
    say(`== ${name}`);
    try {
      const bench = await load();
      await bench.run({ say, signal: stopped.signal });
    } catch (error) {
      say(stopped.signal.aborted ? `${name} was stopped` : `${name} broke: ${describe(error)}`);
      process.exitCode = 1;
    }
  }
}
// LiveKit's client keeps the process alive.
process.exit();

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
