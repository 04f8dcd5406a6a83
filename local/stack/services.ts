import { join } from 'node:path';
import { connect } from 'node:net';
import { livekitConfig } from '../livekit/config.ts';
import type { ChildSpec } from '../processes/child.ts';
import { FUNCTIONS, MACHINE, MONITOR, NETWORK, pickEnv, TRACES, WORKER } from '../processes/child-env.ts';
import { demoServers } from './demo.ts';
import { supabaseFolder, type Settings } from './settings.ts';

const GUARD = new URL('./loopback-guard.ts', import.meta.url).href;
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--import', GUARD];
/** A killed demo server stays offline for a while, so that one can hear how a conversation handles it. */
const DEMO_RESTART_MS = 5_000;

type Extra = Partial<Pick<ChildSpec, 'restartDelayMs' | 'readyTimeoutMs' | 'stopTimeoutMs' | 'stderrIsLog'>>;

/** Describes how each part runs, without starting anything. `env` is the supervisor's environment. */
export function describeServices(settings: Settings, env: NodeJS.ProcessEnv) {
  const { root, ports } = settings;
  const machine = pickEnv(env, MACHINE);
  const outgoing = (names: readonly string[] = []) => pickEnv(env, NETWORK, TRACES, names);

  const program = (
    name: string,
    command: string,
    args: string[],
    own: NodeJS.ProcessEnv,
    isReady: ChildSpec['isReady'],
    extra: Extra = {},
  ): ChildSpec => ({
    name,
    command,
    args,
    cwd: root,
    env: { ...machine, ...own },
    isReady,
    readyTimeoutMs: 60_000,
    restartDelayMs: 500,
    stopTimeoutMs: 5_000,
    stderrIsLog: false,
    ...extra,
  });
  const script = (
    name: string,
    file: string,
    own: NodeJS.ProcessEnv,
    isReady: ChildSpec['isReady'],
    extra: Extra = {},
  ): ChildSpec => program(name, process.execPath, [...NODE_FLAGS, join(root, file)], own, isReady, extra);

  const livekitEnv = {
    LIVEKIT_URL: settings.livekit.url,
    LIVEKIT_API_KEY: settings.livekit.apiKey,
    LIVEKIT_API_SECRET: settings.livekit.apiSecret,
  };
  const sealedEnv = {
    PATCHBAY_SECRETS_KEYS: settings.secretsKeys,
    PATCHBAY_ADDRESS_POLICY: settings.addressPolicy,
  };
  const webEnv = (voiceUnavailable: string | null): NodeJS.ProcessEnv => ({
    ...outgoing(),
    PUBLIC_SUPABASE_URL: settings.supabase.url,
    PUBLIC_SUPABASE_PUBLISHABLE_KEY: settings.supabase.publishableKey,
    SUPABASE_URL: settings.supabase.url,
    SUPABASE_PUBLISHABLE_KEY: settings.supabase.publishableKey,
    // For the page's Content-Security-Policy.
    LIVEKIT_URL: settings.livekit.url,
    PATCHBAY_MODEL: settings.model.isRehearsal ? 'rehearsal' : 'openai',
    OPENAI_BASE_URL: settings.model.url,
    ...(settings.supabase.isEmbedded && {
      PATCHBAY_INBOX_URL: `${settings.supabase.url}/inbox`,
      PATCHBAY_DEMO_EMAIL: settings.demo.email,
      PATCHBAY_DEMO_PASSWORD: settings.demo.password,
      // Without the key, which must not be in a page; it is in stack.json.
      PATCHBAY_DEMO_SERVERS: JSON.stringify(
        demoServers(settings).map(({ name, url, auth_method }) => ({ name, url, auth_method })),
      ),
    }),
    ...(voiceUnavailable !== null && { PATCHBAY_VOICE_UNAVAILABLE: voiceUnavailable }),
  });
  const demo = { restartDelayMs: DEMO_RESTART_MS };

  return {
    supabase: script(
      'supabase',
      'local/supabase/main.ts',
      {
        ...outgoing(FUNCTIONS),
        ...livekitEnv,
        ...sealedEnv,
        PATCHBAY_WEB_URL: settings.webUrl,
        PATCHBAY_PORT_BASE: String(settings.portBase),
        PATCHBAY_DATA_DIR: supabaseFolder(settings.dataDir),
      },
      answersOk(`${settings.supabase.url}/auth/v1/health`, { apikey: settings.supabase.publishableKey }),
      // The first start creates a database, and a stop waits until it has written everything.
      { readyTimeoutMs: 120_000, stopTimeoutMs: 15_000, restartDelayMs: 200, stderrIsLog: true },
    ),
    livekit: (binary: string) =>
      program(
        'livekit',
        binary,
        [],
        { LIVEKIT_CONFIG: livekitConfig({ ports, ...settings.livekit }) },
        answersOk(`http://127.0.0.1:${ports.livekit}/`),
        // It ignores SIGTERM while rooms are live.
        { stopTimeoutMs: 1_500, stderrIsLog: true },
      ),
    model: script(
      'model',
      'local/model/main.ts',
      { PORT: String(ports.model) },
      answersOk(`http://127.0.0.1:${ports.model}/health`),
    ),
    clock: script(
      'clock',
      'local/servers/clock.ts',
      { PORT: String(ports.clock) },
      listens(ports.clock),
      demo,
    ),
    notes: script(
      'notes',
      'local/servers/notes.ts',
      { PORT: String(ports.notes), NOTES_API_KEY: settings.notesApiKey },
      listens(ports.notes),
      demo,
    ),
    everything: script(
      'everything',
      'local/servers/everything.ts',
      { PORT: String(ports.everything) },
      listens(ports.everything),
      { ...demo, stderrIsLog: true },
    ),
    worker: script(
      'worker',
      'agent-worker/src/main.ts',
      {
        ...outgoing(WORKER),
        ...livekitEnv,
        ...sealedEnv,
        SUPABASE_URL: settings.supabase.url,
        SUPABASE_SECRET_KEY: settings.supabase.secretKey,
        OPENAI_API_KEY: settings.model.apiKey,
        OPENAI_BASE_URL: settings.model.url,
        PATCHBAY_WORKER_PORT: String(ports.worker),
        // Stopping the stack must not wait for conversations.
        PATCHBAY_DRAIN_TIMEOUT_MS: '500',
      },
      answersOk(`http://127.0.0.1:${ports.worker}/`),
      // Open conversations say goodbye first.
      { stopTimeoutMs: 15_000 },
    ),
    monitor: script(
      'monitor',
      'agent-worker/src/monitor/main.ts',
      {
        ...outgoing(MONITOR),
        ...sealedEnv,
        SUPABASE_URL: settings.supabase.url,
        SUPABASE_SECRET_KEY: settings.supabase.secretKey,
        PATCHBAY_MONITOR_PORT: String(ports.monitor),
      },
      answersOk(`http://127.0.0.1:${ports.monitor}/`),
      { stopTimeoutMs: 2_000 },
    ),
    builtWeb: (folder: string, voiceUnavailable: string | null) => {
      const own = webEnv(voiceUnavailable);
      const spec = script('web', 'web/server/main.ts', own, listens(ports.web));
      return { ...spec, args: [...spec.args, folder, String(ports.web)] };
    },
    liveWeb: (voiceUnavailable: string | null) => {
      const args = ['--host', '127.0.0.1', '--port', String(ports.web), '--strictPort'];
      const spec = script(
        'web',
        'node_modules/vite/bin/vite.js',
        webEnv(voiceUnavailable),
        listens(ports.web),
      );
      return { ...spec, args: [...spec.args, 'dev', ...args], cwd: join(root, 'web') };
    },
  };
}

function answersOk(url: string, headers: Record<string, string> = {}): ChildSpec['isReady'] {
  return async (signal) => {
    const response = await fetch(url, {
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]),
    });
    await response.body?.cancel();
    return response.ok;
  };
}

function listens(port: number): ChildSpec['isReady'] {
  return (signal) =>
    new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', signal });
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
}
