import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createClient } from '@supabase/supabase-js';
import { describe, expect, it } from 'vitest';
import { portsFrom, type Ports } from '../../local/stack/ports.ts';
import { REFUSED, runningParts, statusOf } from '../support/servers/foreign-page.ts';
import { demoServer, hasStack, runningStack } from '../support/running-stack.ts';

const LOCAL_HOSTS = ['127.0.0.1', 'localhost', '[::1]'];

describe.runIf(hasStack)('a web page', () => {
  const ports = (): Ports => portsFrom(Number(new URL(runningStack().web_url).port));

  it.each(hasStack ? runningParts(runningStack()) : [])('does not reach %s %s', async (part, path) => {
    const port = ports()[part];
    for (const [what, lines] of REFUSED)
      expect([what, await statusOf(port, path, lines)]).toEqual([what, 403]);
    for (const host of LOCAL_HOSTS) {
      const lines = [`Host: ${host}:PORT`, 'Origin: http://localhost:3000'];
      expect([host, await statusOf(port, path, lines)]).not.toEqual([host, 403]);
    }
  });

  // LiveKit's server has no host allowlist. All but its liveness check needs a token signed with a secret of this checkout.
  it.runIf(hasStack && runningStack().worker_url !== undefined)(
    'gets nothing from LiveKit without a token',
    async () => {
      const port = ports().livekit;
      const rebound = ['Host: rebound.example:PORT', 'Origin: http://rebound.example:PORT'];
      for (const path of [
        '/rtc',
        '/rtc/validate',
        '/rtc?access_token=x',
        '/twirp/livekit.RoomService/ListRooms',
      ])
        expect([path, await statusOf(port, path, rebound)]).toEqual([
          path,
          expect.toBeOneOf([400, 401, 404, 405]),
        ]);
      const list = await fetch(`http://127.0.0.1:${port}/twirp/livekit.RoomService/ListRooms`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
      expect(list.status).toBe(401);
    },
  );
});

describe.runIf(hasStack)('the demo', () => {
  it('has a password of this checkout, and the tool that tells the environment is disabled', async () => {
    const { supabase_url, publishable_key, demo } = runningStack();
    expect(demo.password).toMatch(/^demo-[0-9a-f]{20}$/);
    const client = createClient(supabase_url, publishable_key, { auth: { persistSession: false } });
    expect(
      (await client.auth.signInWithPassword({ ...demo, password: 'patchbay-demo' })).error,
    ).not.toBeNull();
    expect((await client.auth.signInWithPassword(demo)).error).toBeNull();
    const tools = await client
      .from('mcp_tools')
      .select('name, is_enabled, mcp_servers!inner(metadata)')
      .eq('mcp_servers.metadata->>demo', 'everything')
      .throwOnError();
    expect(tools.data.length).toBeGreaterThan(5);
    const disabled = tools.data.filter(({ is_enabled }) => !is_enabled).map(({ name }) => name as string);
    expect(disabled).toEqual(['get-env']);
  });

  it('the server of others sees no more than what it needs to run', async () => {
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new StreamableHTTPClientTransport(new URL(demoServer('everything').url)));
    const { content } = await client.callTool({ name: 'get-env', arguments: {} });
    await client.close();
    const [first] = content;
    const seen = JSON.parse(first?.type === 'text' ? first.text : '{}') as Record<string, string>;
    expect(seen).toHaveProperty('PORT');
    const names = Object.keys(seen).filter(
      (name) => !/^(PORT|PATH|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR)$/.test(name),
    );
    expect(names).toEqual([]);
  });
});
