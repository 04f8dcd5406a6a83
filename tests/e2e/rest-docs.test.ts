import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { NewApiToken, TOKEN_SCOPES } from '@patchbay/shared/contract/schema/api-token';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startClock } from '../../local/servers/clock.ts';
import type { LoopbackServer } from '../../local/servers/loopback-server.ts';
import { newPerson, type Person } from '../support/person.ts';
import { personalWorkspace } from '../support/rest-api.ts';
import { hasStack, runningStack } from '../support/running-stack.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Inside the repository, where the examples find its packages. */
const FOLDER = join(ROOT, '.local/rest-docs');
const hasTools = ['bash', 'curl', 'jq'].every((tool) => spawnSync(tool, ['--version']).status === 0);

function examples(language: 'sh' | 'ts'): string[] {
  const text = readFileSync(join(ROOT, 'docs/rest.md'), 'utf8');
  return [...text.matchAll(new RegExp('```' + language + '\\n([\\s\\S]*?)```', 'g'))].map(
    ([, code = '']) => code,
  );
}

describe.runIf(hasStack)('docs/rest.md', { timeout: 60_000 }, () => {
  let person: Person;
  let clock: LoopbackServer;
  let environment: NodeJS.ProcessEnv;

  beforeAll(async () => {
    [person, clock] = await Promise.all([newPerson('reader'), startClock({ port: 0 })]);
    const { supabase_url, publishable_key } = runningStack();
    const args = {
      p_workspace_id: await personalWorkspace(person),
      p_name: 'Reader',
      p_scopes: TOKEN_SCOPES,
    };
    const { data } = await person.client.rpc('create_api_token', args).throwOnError();
    environment = {
      PATH: process.env['PATH'],
      SUPABASE_URL: supabase_url,
      SUPABASE_PUBLISHABLE_KEY: publishable_key,
      EMAIL: person.email,
      PASSWORD: person.password,
      SERVER_URL: clock.url,
      PATCHBAY_TOKEN: NewApiToken.parse(data).token,
    };
    mkdirSync(FOLDER, { recursive: true });
  });
  afterAll(async () => {
    rmSync(FOLDER, { recursive: true, force: true });
    await clock.close();
  });

  function write(name: string, code: string): string {
    const file = join(FOLDER, name);
    writeFileSync(file, code);
    return file;
  }
  // Not blocking: the clock server runs in this process.
  const run = async (command: string, args: string[]): Promise<string> =>
    (await promisify(execFile)(command, args, { cwd: FOLDER, env: environment })).stdout;

  it.runIf(hasTools)('its commands do what it says, from the first to the last', async () => {
    // The first lines set values of the reader's own.
    const code = examples('sh')
      .join('\n')
      .replace(/^export .*$/gm, '');
    const output = await run('bash', ['-euo', 'pipefail', write('commands.sh', code)]);
    for (const words of [
      '"connection_status":"disconnected"',
      '{"has_credential":false}',
      '"ok": true',
      '"current_time"',
      'Tokyo',
      '"type":"answer"',
      '[{"name":"Clock"}]',
      '"changed":1',
      '}401\n',
    ])
      expect(output).toContain(words);
    expect((await person.client.from('mcp_servers').select('id')).data).toEqual([]);
    const tokens = await person.client.from('api_tokens').select('name').is('revoked_at', null);
    expect(tokens.data).toEqual([{ name: 'Reader' }]);
  });

  it('its programs run', async () => {
    const [client = '', realtime = ''] = examples('ts');
    expect(await run(process.execPath, [write('client.ts', client)])).toMatch(/^clock [1-9]/);
    expect(await run(process.execPath, [write('realtime.ts', realtime)])).toContain(
      "event: 'server.changed'",
    );
    expect((await person.client.from('mcp_servers').select('id')).data).toEqual([]);
  });

  it('its check of a webhook takes what was signed and nothing else', async () => {
    const file = write('webhook.ts', examples('ts')[2] ?? '');
    const { readMessage } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
      readMessage: (headers: Record<string, string>, body: string, key: string) => unknown;
    };
    const key = `whsec_${Buffer.from('a key of thirty-two bytes, or so').toString('base64')}`;
    const body = JSON.stringify({ type: 'server.down' });
    const at = new Date();
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(key).sign('msg_1', at, body),
    };
    expect(readMessage(headers, body, key)).toEqual({ type: 'server.down' });
    expect(() => readMessage(headers, body.replace('down', 'back'), key)).toThrow();
  });
});
