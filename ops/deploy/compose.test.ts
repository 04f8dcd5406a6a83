/** Without Docker, the compose files are compared with the code that they start. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readEnvironment as readWorkerEnvironment } from '../../agent-worker/src/environment.ts';
import { readMonitorEnvironment } from '../../agent-worker/src/monitor/environment.ts';
import { livekitSettings } from '../../supabase/functions/_shared/settings.ts';
import { readEnvironment as readPageEnvironment } from '../../web/src/lib/server/environment.ts';
import { LIVEKIT_VERSION } from '../../local/livekit/release.ts';
import { parseDockerfile } from './dockerfile.ts';
import { readFly } from './fly.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const Service = z.strictObject({
  image: z.string().optional(),
  build: z.strictObject({ context: z.literal('.'), dockerfile: z.string() }).optional(),
  command: z.string().optional(),
  init: z.literal(true).optional(),
  restart: z.literal('unless-stopped').optional(),
  stop_grace_period: z.string().optional(),
  ports: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()),
  healthcheck: z
    .strictObject({ test: z.array(z.string()), interval: z.string(), start_period: z.string() })
    .optional(),
});
const Compose = z.strictObject({
  name: z.string().optional(),
  include: z
    .array(z.strictObject({ path: z.array(z.string()), project_directory: z.string(), env_file: z.string() }))
    .optional(),
  services: z.record(z.string(), Service),
});

const compose = Compose.parse(parse(read('compose.yaml'), { strict: true, uniqueKeys: true }));
const supabase = Compose.parse(parse(read('compose.supabase.yaml'), { strict: true, uniqueKeys: true }));
const { livekit, worker, monitor, page } = compose.services;
const { functions } = supabase.services;

function environmentOf(service: z.infer<typeof Service> | undefined): Record<string, string> {
  const entries = Object.entries(service?.environment ?? {});
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const byDefault = /^\$\{\w+:-(.*)\}$/.exec(value)?.[1];
      return [name, byDefault ?? (name.endsWith('_URL') ? 'https://set.example' : 'set')];
    }),
  );
}

const SOURCES = {
  worker: ['agent-worker/src/environment.ts'],
  monitor: ['agent-worker/src/monitor/environment.ts'],
  page: [
    'web/src/lib/server/environment.ts',
    'web/server/main.ts',
    'shared/src/engine/tracing/span-export.ts',
  ],
  functions: [
    'supabase/functions/_shared/settings.ts',
    'supabase/functions/function-settings/handle.ts',
    'shared/src/engine/tracing/span-export.ts',
  ],
};

describe('the compose files', () => {
  it.each(Object.entries({ worker, monitor, page, functions }))(
    'give %s only what its code reads, each by its own name',
    (name, service) => {
      const code = SOURCES[name as keyof typeof SOURCES].map(read).join('\n');
      for (const [variable, value] of Object.entries(service?.environment ?? {})) {
        expect(code, variable).toMatch(new RegExp(`\\b${variable}\\b`));
        expect(value).toMatch(new RegExp(`^\\$\\{${variable}:(\\?|-.*)\\}$`));
      }
    },
  );

  it('give each part all that it cannot do without', () => {
    expect(readWorkerEnvironment(environmentOf(worker))).toMatchObject({
      PATCHBAY_ADDRESS_POLICY: 'public',
      OPENAI_REALTIME_MODEL: 'gpt-realtime-2.1',
    });
    expect(readMonitorEnvironment(environmentOf(monitor))).toMatchObject({
      PATCHBAY_ADDRESS_POLICY: 'public',
    });
    expect(readPageEnvironment(environmentOf(page))).toMatchObject({ ok: true });
    expect(livekitSettings(environmentOf(functions))).not.toBeNull();
    expect(environmentOf(functions)).toHaveProperty('PATCHBAY_SECRETS_KEYS');
  });

  it('let the operator set what the worker reads, but for what the file itself decides', () => {
    const names = [...read(SOURCES.worker[0] ?? '').matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(
      ([, name = '']) => name,
    );
    expect(names).toContain('PATCHBAY_AGENT_NAME');
    const decided =
      /^(PATCHBAY_(WORKER_HOST|WORKER_PORT|DRAIN_TIMEOUT_MS)|OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)$/;
    const given = Object.keys(worker?.environment ?? {});
    expect(names.filter((name) => !decided.test(name)).sort()).toEqual(given.sort());
  });

  it('register the worker under the name that the functions ask for', () => {
    expect(worker?.environment).toHaveProperty('PATCHBAY_AGENT_NAME');
    expect(functions?.environment['PATCHBAY_AGENT_NAME']).toBe(worker?.environment['PATCHBAY_AGENT_NAME']);
  });

  it('start the same as Fly does, from Dockerfiles that are there', () => {
    const fly = readFly();
    expect(worker?.command).toBe(fly.processes['worker']);
    expect(monitor?.command).toBe(fly.processes['monitor']);
    expect(Number.parseInt(worker?.stop_grace_period ?? '', 10)).toBe(fly.kill_timeout);
    for (const { build } of Object.values(compose.services))
      if (build) expect(existsSync(join(ROOT, build.dockerfile)), build.dockerfile).toBe(true);
  });

  it('run both images on one Node', () => {
    const bases = ['agent-worker/Dockerfile', 'web/Dockerfile'].flatMap((file) =>
      parseDockerfile(read(file)).map(({ base }) => base),
    );
    expect(new Set(bases).size).toBe(1);
  });

  it('ask each part for its health where it listens', () => {
    const asked = (service: z.infer<typeof Service> | undefined): number =>
      Number(/127\.0\.0\.1:(\d+)/.exec(service?.healthcheck?.test.join(' ') ?? '')?.[1]);
    expect(asked(worker)).toBe(readWorkerEnvironment(environmentOf(worker)).PATCHBAY_WORKER_PORT);
    expect(asked(monitor)).toBe(readMonitorEnvironment(environmentOf(monitor)).PATCHBAY_MONITOR_PORT);
    const command = parseDockerfile(read('web/Dockerfile')).at(-1)?.instructions.at(-1)?.text ?? '';
    expect(asked(page)).toBe(Number((JSON.parse(command) as string[]).at(-1)));
  });

  it('run the LiveKit that is tested here, with a configuration that it can read', () => {
    expect(livekit?.image).toBe(`livekit/livekit-server:v${LIVEKIT_VERSION}`);
    const config: unknown = parse(livekit?.environment['LIVEKIT_CONFIG'] ?? '', { strict: true });
    expect(config).toEqual({
      port: 7880,
      rtc: { tcp_port: 7881, udp_port: 7882, use_external_ip: true },
      keys: { '${LIVEKIT_API_KEY:?}': '${LIVEKIT_API_SECRET:?}' },
    });
    expect(livekit?.ports).toEqual(['7880:7880', '7881:7881', '7882:7882/udp']);
  });

  it('take Supabase from its own project, and from the folder that git leaves alone', () => {
    const [include] = compose.include ?? [];
    expect(include?.path).toEqual(['supabase-docker/docker-compose.yml', 'compose.supabase.yaml']);
    expect(read('.gitignore')).toMatch(/^supabase-docker\/$/m);
  });
});
