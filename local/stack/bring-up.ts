import { join } from 'node:path';
import { findLivekitServer } from '../livekit/find.ts';
import { createChild, type Child, type ChildContext, type ChildSpec } from '../processes/child.ts';
import { seedDemo } from './demo.ts';
import { describeServices } from './services.ts';
import type { Settings } from './settings.ts';
import { watchSources } from '../processes/source-watch.ts';
import { buildWeb } from './web-build.ts';

const PROGRESS_MS = 10_000;

export interface BringUpContext extends ChildContext {
  settings: Settings;
  /** Aborted when the stack stops: nothing starts after that. */
  signal: AbortSignal;
  isLive: boolean;
  parts: Part[];
}

export interface Part {
  name: string;
  stop: () => Promise<void>;
}

/**
 * Starts every part as soon as those it needs are up, and adds the demo servers.
 * @returns why voice is unavailable, or null
 * @throws ChildFailed, BuildFailed
 */
export async function bringUp(context: BringUpContext): Promise<string | null> {
  const { settings, say, signal, isLive } = context;
  const services = describeServices(settings, process.env);
  const children = new Map<string, Child>();
  const starting = new Set<string>();
  const progress = setInterval(() => {
    if (starting.size > 0) say(`Waiting for ${[...starting].join(', ')}`);
  }, PROGRESS_MS);

  async function up(spec: ChildSpec): Promise<void> {
    signal.throwIfAborted();
    const startedAt = Date.now();
    const child = createChild(spec, context);
    children.set(spec.name, child);
    context.parts.push(child);
    starting.add(spec.name);
    await child.start();
    starting.delete(spec.name);
    say(`${spec.name} is up (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
  }

  async function upLivekit(): Promise<string | null> {
    if (!settings.livekit.isLocal) return null;
    const server = await findLivekitServer({ say, signal, watchdog: context.watchdog });
    if (server.path === null) {
      say(`Voice is unavailable: ${server.reason}`);
      return server.reason;
    }
    await up(services.livekit(server.path));
    return null;
  }

  async function seed(): Promise<void> {
    try {
      await seedDemo(settings);
    } catch (error) {
      // Not needed by the product; the next start tries again.
      signal.throwIfAborted();
      say(`Couldn't set up the demo servers: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  const supabase = settings.supabase.isEmbedded ? up(services.supabase) : Promise.resolve();
  const demos = Promise.all([up(services.clock), up(services.notes), up(services.everything)]);
  const model = settings.model.isRehearsal ? up(services.model) : Promise.resolve();
  const voice = upLivekit();
  const page = isLive
    ? Promise.resolve(null)
    : buildWeb({ root: settings.root, say, signal, watchdog: context.watchdog });
  const web = Promise.all([voice, page]).then(([reason, folder]) =>
    up(folder === null ? services.liveWeb(reason) : services.builtWeb(folder, reason)),
  );
  const worker = Promise.all([voice, supabase, model]).then(([reason]) =>
    reason === null ? up(services.worker) : undefined,
  );
  const monitor = supabase.then(() => up(services.monitor));
  const seeded = Promise.all([supabase, demos]).then(() =>
    settings.supabase.isEmbedded ? seed() : undefined,
  );
  const [reason] = await Promise.all([voice, web, worker, monitor, seeded]).finally(() =>
    clearInterval(progress),
  );

  if (isLive) context.parts.push(reloadOnChange(settings.root, children, say));
  return reason;
}

function reloadOnChange(root: string, children: Map<string, Child>, say: (text: string) => void): Part {
  const shared = join(root, 'shared/src');
  const stops = [
    watchSources([join(root, 'agent-worker/src'), shared], () => {
      say('Restarting the worker and the monitor: their source changed');
      void children.get('worker')?.restart();
      void children.get('monitor')?.restart();
    }),
    watchSources([join(root, 'supabase/functions'), shared], () => {
      say('Reloading the functions: their source changed');
      children.get('supabase')?.reload();
    }),
  ];
  return { name: 'source watch', stop: async () => stops.forEach((stop) => stop()) };
}
