import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BUILD, FUNCTIONS, GO, MACHINE, MONITOR, NETWORK, pickEnv, TRACES, WORKER } from './child-env.ts';

describe('the environment of a child', () => {
  it('has the named variables, those with the named beginnings, and no others', () => {
    const env = {
      PATH: '/bin',
      LC_TIME: 'C',
      LC_: 'x',
      GOPROXY: 'p',
      GOOGLE_API_KEY: 'k',
      path: 'y',
      PATHS: 'z',
    };
    expect(pickEnv(env, MACHINE)).toEqual({ PATH: '/bin', LC_TIME: 'C', LC_: 'x' });
    expect(pickEnv(env, MACHINE, GO)).not.toHaveProperty('GOOGLE_API_KEY');
    expect(pickEnv(env, GO)).toEqual({ GOPROXY: 'p' });
    expect(pickEnv(env)).toEqual({});
  });

  it('of code that is not ours has neither the home folder nor proxies, whose addresses may hold passwords', () => {
    for (const name of ['HOME', 'HTTPS_PROXY', 'https_proxy', 'SSH_AUTH_SOCK', 'XDG_RUNTIME_DIR'])
      expect(pickEnv({ [name]: 'x' }, MACHINE)).toEqual({});
    expect(pickEnv({ HTTPS_PROXY: 'x', NODE_EXTRA_CA_CERTS: 'y' }, NETWORK)).toEqual({
      HTTPS_PROXY: 'x',
      NODE_EXTRA_CA_CERTS: 'y',
    });
    expect(pickEnv({ OTEL_EXPORTER_OTLP_HEADERS: 'x' }, TRACES)).not.toEqual({});
  });

  it('passes every variable of docs/configuration.md, unless npm start reads or chooses it itself', () => {
    const configuration = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8');
    const rows = configuration.split('\n').filter((line) => line.startsWith('| `'));
    const named = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/PATCHBAY_\w+/g)].map(String));
    const settled = [
      ...['PATCHBAY_ADDRESS_POLICY', 'PATCHBAY_SECRETS_KEYS', 'PATCHBAY_PORT_BASE'],
      ...['PATCHBAY_WEB_URL', 'PATCHBAY_SIGNING_KEY', 'PATCHBAY_DRAIN_TIMEOUT_MS'],
      ...['PATCHBAY_WORKER_PORT', 'PATCHBAY_WORKER_HOST', 'PATCHBAY_MONITOR_PORT', 'PATCHBAY_MONITOR_HOST'],
      ...[
        'PATCHBAY_WORKER_URL',
        'PATCHBAY_MONITOR_URL',
        'PATCHBAY_EXPECTED_WORKERS',
        'PATCHBAY_CLIENT_IP_KEY',
      ],
    ];
    const passed = [WORKER, MONITOR, FUNCTIONS, BUILD].flat();
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((name) => !passed.includes(name) && !settled.includes(name))).toEqual([]);
  });
});
