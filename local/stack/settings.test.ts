import { describe, expect, it } from 'vitest';
import { portsFrom } from './ports.ts';
import { describeServices } from './services.ts';
import { BadEnvironment, makeSettings, type SettingsSource } from './settings.ts';

const SECRETS_KEYS = 'local-1:c2VjcmV0LWtleQ==';
const source = (env: NodeJS.ProcessEnv = {}, keys: SettingsSource['keys'] = embedded): SettingsSource => ({
  root: '/repo',
  dataDir: '/repo/.local',
  ports: portsFrom(4100),
  portBase: 4100,
  env,
  keys,
  secrets: {
    secretsKeys: SECRETS_KEYS,
    livekitApiKey: 'APIlocal',
    livekitApiSecret: 'livekit-secret'.repeat(3),
    notesApiKey: 'notes-key',
    demoPassword: 'demo-password',
  },
});
const embedded = { publishableKey: 'sb_publishable_x', secretKey: 'sb_secret_x', databasePassword: 'p@ss' };

describe('settings', () => {
  it('use loopback addresses if the environment names no others', () => {
    const settings = makeSettings(source());
    expect(settings.supabase).toMatchObject({ url: 'http://127.0.0.1:4101', isEmbedded: true });
    expect(settings.supabase.databaseUrl).toBe('postgresql://postgres:p%40ss@127.0.0.1:4102/postgres');
    expect(settings.livekit).toMatchObject({ url: 'ws://127.0.0.1:4104', isLocal: true });
    expect(settings.model).toMatchObject({ url: 'http://127.0.0.1:4107/v1', isRehearsal: true });
  });

  it('follow the environment for each part', () => {
    const env = {
      LIVEKIT_URL: 'wss://x.livekit.cloud',
      LIVEKIT_API_KEY: 'k',
      LIVEKIT_API_SECRET: 's',
      OPENAI_API_KEY: 'sk-1',
    };
    const settings = makeSettings(source(env));
    expect(settings.livekit).toEqual({
      url: 'wss://x.livekit.cloud',
      apiKey: 'k',
      apiSecret: 's',
      isLocal: false,
    });
    expect(settings.model).toEqual({ url: 'https://api.openai.com/v1', apiKey: 'sk-1', isRehearsal: false });
    expect(settings.supabase.isEmbedded).toBe(true);
  });

  it('name the variables that an external part still needs', () => {
    expect(() => makeSettings(source({ LIVEKIT_URL: 'wss://x', LIVEKIT_API_KEY: 'k' }))).toThrow(
      new BadEnvironment('LIVEKIT_URL is set, so LIVEKIT_API_SECRET must be set too'),
    );
    expect(() => makeSettings(source({ SUPABASE_URL: 'https://x' }, null))).toThrow('PATCHBAY_SECRETS_KEYS');
  });
});

describe('the environment of each part', () => {
  const env = {
    PATH: '/bin',
    HOME: '/home/dev',
    LC_ALL: 'C.UTF-8',
    HTTPS_PROXY: 'http://user:proxy-password@proxy',
    OTEL_EXPORTER_OTLP_HEADERS: 'trace-key',
    OPENAI_API_KEY: 'sk-person',
    PATCHBAY_IDLE_TIMEOUT_MS: '1000',
    PATCHBAY_MONITOR_CONCURRENCY: '4',
    PATCHBAY_TEST_TIMEOUT_MS: '3000',
    SUPABASE_SECRET_KEY: 'sb_secret_other',
    AWS_SECRET_ACCESS_KEY: 'other-secret',
    GITHUB_TOKEN: 'other-secret',
    DATABASE_URL: 'other-secret',
    PATCHBAY_ANYTHING: 'other-secret',
    PATH_TO_SECRETS: 'other-secret',
    NODE_OPTIONS: '--require other-secret',
    LD_PRELOAD: 'other-secret',
    npm_config_x: 'other-secret',
  };
  const settings = makeSettings(source(env));
  const services = describeServices(settings, env);
  const { livekit, builtWeb, liveWeb, ...plain } = services;
  const specs = [
    ...Object.values(plain),
    livekit('/bin/livekit-server'),
    builtWeb('/out', null),
    liveWeb('none'),
  ];

  it('has the key that decrypts credentials only for the functions, the worker and the monitor', () => {
    const holders = specs
      .filter((spec) => JSON.stringify(spec.env).includes(SECRETS_KEYS))
      .map(({ name }) => name);
    expect(holders.sort()).toEqual(['monitor', 'supabase', 'worker']);
  });

  it('has the Supabase secret key only for the worker and the monitor, and the OpenAI key only for the worker', () => {
    const holding = (text: string): string[] =>
      specs.filter((spec) => JSON.stringify(spec.env).includes(text)).map(({ name }) => name);
    expect(holding('sb_secret_x')).toEqual(['worker', 'monitor']);
    expect(holding('sk-person')).toEqual(['worker']);
    expect(holding('sb_secret_other')).toEqual([]);
  });

  it('is chosen by name, so nothing else of the shell reaches any part', () => {
    for (const spec of specs) expect(JSON.stringify(spec.env)).not.toContain('other-secret');
    const named = (name: string) => specs.find((spec) => spec.name === name)?.env;
    expect(named('worker')).toMatchObject({ HTTPS_PROXY: env.HTTPS_PROXY, PATCHBAY_IDLE_TIMEOUT_MS: '1000' });
    expect(named('monitor')).toMatchObject({ PATCHBAY_MONITOR_CONCURRENCY: '4' });
    expect(named('supabase')).toMatchObject({ PATCHBAY_TEST_TIMEOUT_MS: '3000', HOME: '/home/dev' });
    expect(named('web')).toMatchObject({ OTEL_EXPORTER_OTLP_HEADERS: 'trace-key' });
  });

  it('is smallest for the demo servers, one of which is third-party code', () => {
    const demos = specs.filter(({ name }) => ['clock', 'notes', 'everything'].includes(name));
    const known = ['PATH', 'LC_ALL', 'PORT', 'NOTES_API_KEY'];
    expect(demos).toHaveLength(3);
    for (const { env: given } of demos)
      expect(Object.keys(given).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('loads the loopback guard into every Node process', () => {
    const withNode = specs.filter(({ command }) => command === process.execPath);
    expect(withNode.length).toBe(specs.length - 1);
    for (const { args } of withNode) expect(args.join(' ')).toMatch(/--import file:\S+loopback-guard\.ts /);
  });

  it('puts no secret on a command line', () => {
    const lines = specs.map((spec) => [spec.command, ...spec.args].join(' ')).join('\n');
    for (const secret of [SECRETS_KEYS, 'sb_secret', 'livekit-secret', 'notes-key', 'sk-person']) {
      expect(lines).not.toContain(secret);
    }
  });

  it('gives the page the reason why voice is unavailable', () => {
    expect(builtWeb('/out', 'no livekit-server').env['PATCHBAY_VOICE_UNAVAILABLE']).toBe('no livekit-server');
    expect(builtWeb('/out', null).env).not.toHaveProperty('PATCHBAY_VOICE_UNAVAILABLE');
  });
});
