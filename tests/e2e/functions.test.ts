import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startClock } from '../../local/servers/clock.ts';
import type { LoopbackServer } from '../../local/servers/loopback-server.ts';
import { startNotes } from '../../local/servers/notes.ts';
import * as faults from '../support/servers/fault-servers.ts';
import { newPerson, type Person } from '../support/person.ts';
import { addServer, invoke, personalWorkspace, serviceClient } from '../support/rest-api.ts';
import { hasStack, runningStack } from '../support/running-stack.ts';

const KEY = 'sk-notes-canary-7f3a';
const TIMEOUT_MS = Number(process.env['PATCHBAY_TEST_TIMEOUT_MS'] ?? 10_000);
/** Milliseconds that a busy machine may add to the timeout. */
const SLACK_MS = 2_000;
const PHASES = ['address', 'connect', 'authenticate', 'initialize', 'list_tools'];

describe.runIf(hasStack)('edge functions', { timeout: TIMEOUT_MS + 2 * SLACK_MS }, () => {
  let user: Person;
  let clock: LoopbackServer;
  let notes: LoopbackServer;
  const closing: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    user = await newPerson('functions');
    clock = await startClock({ port: 0 });
    notes = await startNotes({ port: 0, apiKey: KEY });
    closing.push(clock, notes);
  });
  afterAll(async () => {
    await Promise.all(closing.map((server) => server.close()));
  });

  async function startFault(listener: Parameters<typeof faults.startFaultServer>[0]): Promise<string> {
    const server = await faults.startFaultServer(listener);
    closing.push(server);
    return server.url;
  }

  async function closedPort(): Promise<string> {
    const server = await faults.startFaultServer(faults.silence);
    await server.close();
    return server.url;
  }

  describe('test-connection of a draft', () => {
    it('times each phase and tells what the server is and offers', async () => {
      const { status, body } = await invoke(user, 'test-connection', { url: clock.url });
      expect(status).toBe(200);
      expect(body).toMatchObject({ ok: true, server_info: { name: 'clock' }, capabilities: { tools: {} } });
      expect((body['phases'] as { phase: string }[]).map((timing) => timing.phase)).toEqual(PHASES);
      expect((body['tools'] as { name: string }[]).map((tool) => tool.name)).toContain('current_time');
      expect(body['protocol_version']).toMatch(/^\d{4}-\d\d-\d\d$/);
    });

    it('uses the key that came with it', async () => {
      const draft = { url: notes.url, auth_method: 'api_key', credential: KEY };
      expect((await invoke(user, 'test-connection', draft)).body).toMatchObject({ ok: true });
    });

    const broken: [what: string, draft: () => Promise<object> | object, phase: string, codes: string[]][] = [
      ['text that is no URL', () => ({ url: 'not a url' }), 'address', ['invalid_url']],
      ['another scheme', () => ({ url: 'file:///etc/passwd' }), 'address', ['invalid_url']],
      [
        'a host that does not exist',
        () => ({ url: 'http://no-such-host.invalid/mcp' }),
        'address',
        ['dns_failed'],
      ],
      [
        'the metadata address of a cloud',
        () => ({ url: 'http://169.254.169.254/' }),
        'address',
        ['blocked_address'],
      ],
      ['a closed port', async () => ({ url: await closedPort() }), 'connect', ['connection_refused']],
      [
        'a server that hangs',
        async () => ({ url: await startFault(faults.silence) }),
        'connect',
        ['timeout'],
      ],
      [
        'a wrong key',
        () => ({ url: notes.url, auth_method: 'api_key', credential: 'sk-wrong-canary' }),
        'authenticate',
        ['unauthorized'],
      ],
      [
        'a missing key',
        () => ({ url: notes.url, auth_method: 'bearer_token' }),
        'authenticate',
        ['credential_missing'],
      ],
      ['a page', async () => ({ url: await startFault(faults.webPage) }), 'initialize', ['not_mcp']],
      [
        'a path that is not there',
        async () => ({ url: await startFault(faults.nothingHere) }),
        'initialize',
        ['not_found', 'not_mcp'],
      ],
      [
        'a server that fails',
        async () => ({ url: await startFault(faults.failure) }),
        'initialize',
        ['server_error'],
      ],
      [
        'a host name that the server rejects',
        async () => ({ url: await startFault(faults.otherHostsOnly) }),
        'connect',
        ['host_rejected'],
      ],
      ['a redirect', async () => ({ url: await startFault(faults.movedAway) }), 'initialize', ['redirected']],
      [
        'an unknown compression',
        async () => ({ url: await startFault(faults.oddlyCompressed) }),
        'initialize',
        ['unreadable_compression'],
      ],
      [
        'garbage',
        async () => ({ url: await startFault(faults.garbage) }),
        'initialize',
        ['not_mcp', 'protocol_error'],
      ],
      [
        'other JSON',
        async () => ({ url: await startFault(faults.otherJson) }),
        'initialize',
        ['not_mcp', 'protocol_error'],
      ],
      [
        'half an answer',
        async () => ({ url: await startFault(faults.halfAnAnswer) }),
        'initialize',
        ['timeout'],
      ],
      [
        '10 MB',
        async () => ({ url: await startFault(faults.tenMegabytes) }),
        'initialize',
        ['response_too_large'],
      ],
    ];

    it.concurrent.for(broken)(
      '%s: which phase, why, what to do, in time',
      async ([, makeDraft, phase, codes], { expect }) => {
        const draft = await makeDraft();
        const startedAt = performance.now();
        const { status, body } = await invoke(user, 'test-connection', draft);
        expect(performance.now() - startedAt).toBeLessThan(TIMEOUT_MS + SLACK_MS);
        expect(status).toBe(200);
        expect(body).toMatchObject({
          ok: false,
          phase,
          message: expect.stringMatching(/\.$/),
          hint: expect.stringMatching(/\.$/),
        });
        expect(codes).toContain(body['code']);
        expect(JSON.stringify(body)).not.toContain('canary');
      },
    );

    it('names the fields of a body that does not fit', async () => {
      const { status, body } = await invoke(user, 'test-connection', {
        transport: 'pigeon',
        auth_header: 'a b',
      });
      expect(status).toBe(400);
      expect(Object.keys(body['field_errors'] as object).sort()).toEqual(['auth_header', 'transport', 'url']);
    });
  });

  describe('a stored server', () => {
    const row = async (id: string) =>
      (await user.client.from('mcp_servers').select().eq('id', id).single()).data as Record<string, unknown>;

    it('takes its credential, is tested with it, and shows its status', async () => {
      const id = await addServer(user, { name: 'Notes', url: notes.url, auth_method: 'api_key' });
      const without = await invoke(user, 'test-connection', { server_id: id });
      expect(without.body).toMatchObject({ ok: false, phase: 'authenticate', code: 'credential_missing' });
      expect(await row(id)).toMatchObject({
        connection_status: 'needs_auth',
        error_code: 'credential_missing',
      });

      const stored = await invoke(user, 'server-credential', { server_id: id, credential: KEY });
      expect(stored).toEqual({ status: 200, body: { has_credential: true } });
      expect(await row(id)).toMatchObject({ has_credential: true, connection_status: 'disconnected' });

      expect((await invoke(user, 'test-connection', { server_id: id })).body).toMatchObject({ ok: true });
      const seen = await row(id);
      expect(seen).toMatchObject({
        connection_status: 'connected',
        error_code: null,
        server_info: { name: 'notes' },
      });
      expect(seen['latency_ms']).toBeTypeOf('number');
      expect(JSON.stringify(seen)).not.toContain(KEY);

      await invoke(user, 'server-credential', { server_id: id, credential: 'sk-wrong' });
      expect((await invoke(user, 'test-connection', { server_id: id })).body).toMatchObject({
        code: 'unauthorized',
      });
      expect(await row(id)).toMatchObject({ connection_status: 'needs_auth' });

      expect((await invoke(user, 'server-credential', { server_id: id, credential: null })).body).toEqual({
        has_credential: false,
      });
      expect(await row(id)).toMatchObject({ has_credential: false });

      const { data: checks } = await user.client
        .from('mcp_server_checks')
        .select('ok, error_code')
        .eq('server_id', id)
        .order('checked_at');
      expect(checks).toEqual(
        [false, true, false].map((ok) => ({
          ok,
          error_code: expect.toSatisfy((code) => ok === (code === null)),
        })),
      );
    });

    it('discover-tools stores the catalog and says what changed', async () => {
      const id = await addServer(user, { name: 'Notebook', url: notes.url, auth_method: 'api_key' });
      await invoke(user, 'server-credential', { server_id: id, credential: KEY });
      const first = await invoke(user, 'discover-tools', { server_id: id });
      expect(first.status).toBe(200);
      expect(first.body).toMatchObject({ added: ['add_note', 'list_notes'], changed: [], removed: [] });
      expect(await row(id)).toMatchObject({ connection_status: 'connected', tool_count: 2 });

      const owner = new Client({ name: 'owner', version: '1' });
      await owner.connect(
        new StreamableHTTPClientTransport(new URL(notes.url), {
          requestInit: { headers: { 'x-api-key': KEY } },
        }),
      );
      await owner.callTool({ name: 'add_note', arguments: { text: 'buy milk' } });
      const grown = await invoke(user, 'discover-tools', { server_id: id });
      expect(grown.body['added']).toEqual(['delete_all_notes', 'read_latest_note', 'search_notes']);
      await owner.callTool({ name: 'delete_all_notes' });
      await owner.close();
      const shrunk = await invoke(user, 'discover-tools', { server_id: id });
      expect(shrunk.body['removed']).toEqual(['delete_all_notes', 'read_latest_note', 'search_notes']);
      const { data: tools } = await user.client
        .from('mcp_tools')
        .select('name')
        .eq('server_id', id)
        .order('name');
      expect(tools).toEqual([{ name: 'add_note' }, { name: 'list_notes' }]);
    });

    it('that is away keeps its catalog, and discover-tools says why', async () => {
      const server = await startClock({ port: 0 });
      const id = await addServer(user, { name: 'Clock', url: server.url });
      await invoke(user, 'discover-tools', { server_id: id });
      await server.close();
      const { status, body } = await invoke(user, 'discover-tools', { server_id: id });
      expect(status).toBe(502);
      expect(body).toMatchObject({ code: 'connection_refused', phase: 'connect', hint: expect.any(String) });
      expect(await row(id)).toMatchObject({ connection_status: 'error', tool_count: 3 });
    });
  });

  it('a viewer talks, but neither tests nor sets a credential; a member sets only that of an own server', async () => {
    const [viewer, member] = await Promise.all([newPerson('viewer'), newPerson('member')]);
    const workspaceId = await personalWorkspace(user);
    const { error } = await serviceClient()
      .from('workspace_members')
      .insert([
        { workspace_id: workspaceId, user_id: viewer.id, role: 'viewer' },
        { workspace_id: workspaceId, user_id: member.id, role: 'member' },
      ]);
    expect(error).toBeNull();
    const id = await addServer(user, { name: 'Shared', url: clock.url, auth_method: 'bearer_token' });
    expect((await invoke(viewer, 'test-connection', { server_id: id })).status).toBe(403);
    expect((await invoke(viewer, 'discover-tools', { server_id: id })).status).toBe(403);
    expect((await invoke(viewer, 'server-credential', { server_id: id, credential: 'k' })).status).toBe(403);
    expect((await invoke(member, 'server-credential', { server_id: id, credential: 'k' })).status).toBe(403);
    expect((await invoke(user, 'server-credential', { server_id: id, credential: 'k' })).status).toBe(200);
    expect((await invoke(member, 'test-connection', { server_id: id })).status).toBe(200);
    const agents = await viewer.client.from('agent_configs').select('id').eq('workspace_id', workspaceId);
    const talk = await invoke(viewer, 'voice-token', { agent_config_id: agents.data?.[0]?.id });
    expect([200, 503], 'a viewer talks, where there is a voice').toContain(talk.status);
  });

  it('a credential for a server that uses none is refused', async () => {
    const id = await addServer(user, { name: 'Open', url: clock.url });
    const { status, body } = await invoke(user, 'server-credential', { server_id: id, credential: 'k' });
    expect(status).toBe(409);
    expect(body).toMatchObject({ message: expect.any(String) });
  });

  it('a credential that was entered for another host is refused, and the stored one stays', async () => {
    const id = await addServer(user, { name: 'Moved', url: notes.url, auth_method: 'api_key' });
    const { url } = notes;
    const body = { server_id: id, credential: KEY, auth_method: 'api_key' };
    expect((await invoke(user, 'server-credential', { ...body, url })).status).toBe(200);
    const refused = await invoke(user, 'server-credential', {
      ...body,
      url: 'https://elsewhere.example/mcp',
    });
    expect(refused).toMatchObject({ status: 409, body: { code: 'server_changed' } });
    const other = { ...body, url, auth_method: 'bearer_token' };
    expect((await invoke(user, 'server-credential', other)).body).toMatchObject({ code: 'server_changed' });
    expect((await invoke(user, 'test-connection', { server_id: id })).body).toMatchObject({ ok: true });
  });

  it('a caller who is not signed in, or with a forged token, gets 401', async () => {
    const url = `${runningStack().supabase_url}/functions/v1/voice-token`;
    const attempts: Record<string, string>[] = [
      {},
      { authorization: 'Bearer abc.def.ghi' },
      { authorization: `Bearer ${runningStack().publishable_key}` },
    ];
    for (const headers of attempts) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { apikey: runningStack().publishable_key, ...headers },
      });
      expect(response.status).toBe(401);
    }
  });
});
