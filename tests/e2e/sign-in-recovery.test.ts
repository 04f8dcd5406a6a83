import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  CLOSED_TOOL,
  startDifficultServer,
  type DifficultServer,
} from '../support/servers/difficult-server.ts';
import { newPerson, type Person } from '../support/person.ts';
import { addServer, invoke, personalWorkspace } from '../support/rest-api.ts';
import { hasStack } from '../support/running-stack.ts';
import { beginSignIn, finishSignIn } from '../support/sign-in-by-function.ts';

const Invitation = z.object({ token: z.string() });

describe.runIf(hasStack)('a server that makes signing in difficult', { timeout: 60_000 }, () => {
  let ada: Person;
  let bob: Person;
  let workspaceId: string;
  let server: DifficultServer;
  let serverId: string;

  beforeAll(async () => {
    [ada, bob] = await Promise.all([newPerson('ada'), newPerson('bob')]);
    workspaceId = await personalWorkspace(ada);
    const args = { p_workspace_id: workspaceId, p_role: 'member' };
    const { token } = Invitation.parse((await ada.client.rpc('create_invitation', args)).data);
    await bob.client.rpc('accept_invitation', { p_token: token });
  });
  beforeEach(async () => {
    server = await startDifficultServer();
    serverId = await addServer(ada, { name: 'Difficult', url: server.url, auth_method: 'oauth' });
    return () => server.close();
  });
  afterAll(async () => {
    await ada.client.from('mcp_servers').delete().eq('workspace_id', workspaceId);
  });

  /** @returns the parameters of the redirect; null: an error page */
  async function visit(authorizationUrl: string): Promise<URLSearchParams | null> {
    const response = await fetch(authorizationUrl, { redirect: 'manual' });
    const location = response.headers.get('location');
    return location === null ? null : new URL(location).searchParams;
  }
  async function signIn(): Promise<void> {
    const back = await visit(await beginSignIn(ada, serverId));
    expect((await finishSignIn(ada, back ?? new URLSearchParams())).status).toBe(200);
  }
  const discover = () => invoke(ada, 'discover-tools', { server_id: serverId });
  const call = async (tool: string) =>
    (await invoke(ada, 'call-tool', { server_id: serverId, tool, arguments: {} })).body;
  const begin = () => invoke(ada, 'server-sign-in', { step: 'begin', server_id: serverId });

  it('gets one scope after the other, and keeps those of before', async () => {
    server.scopes = { 'tools/list': 'read', 'tools/call': 'write' };
    await signIn();
    expect((await discover()).body).toMatchObject({ code: 'scope_required' });
    await signIn();
    expect((await discover()).body).toMatchObject({ added: ['closed', 'open'] });
    expect(await call('open')).toMatchObject({ ok: false, code: 'scope_required' });
    await signIn();
    expect(await call('open')).toMatchObject({ ok: true, text: 'ran' });
    expect(server.asked).toEqual(['init', 'init read', 'init read write']);
  });

  it('is told apart when it asks ever again for what it granted', async () => {
    server.scopes = { 'tools/call': 'write' };
    await signIn();
    await discover();
    expect(await call('open')).toMatchObject({ code: 'scope_required' });
    await signIn();
    server.scopes = { 'tools/call': 'init write' };
    expect(await call('open')).toMatchObject({
      code: 'forbidden',
      message: expect.stringContaining('Signing in again would not help') as string,
    });
  });

  it('may forget a client: the sign-in that nobody came back from is followed by a new registration', async () => {
    const first = await beginSignIn(ada, serverId);
    server.forgetClients();
    expect(await visit(first)).toBe(null);
    await signIn();
    expect(server.registrations).toBe(2);
    await signIn();
    expect(server.registrations).toBe(2);
    server.forgetClients();
    const { body } = await invoke(ada, 'server-sign-in', { step: 'end', server_id: serverId });
    expect(body).toMatchObject({ signed_out: true });
    await signIn();
    expect(server.registrations).toBe(3);
  });

  it('forgets its registration at a sign-out before anybody was signed in', async () => {
    const back = await visit(await beginSignIn(ada, serverId));
    await finishSignIn(ada, new URLSearchParams({ state: back?.get('state') ?? '', error: 'access_denied' }));
    server.forgetClients();
    const ended = await invoke(ada, 'server-sign-in', { step: 'end', server_id: serverId });
    expect(ended.body).toEqual({ signed_out: false, revoked: false });
    await signIn();
    expect(server.registrations).toBe(2);
  });

  it('may claim another issuer once an owner or admin has accepted it, until its address changes', async () => {
    server.issuer = 'https://login.difficult.example';
    const both = { expected_issuer: server.origin, received_issuer: server.issuer };
    expect(await begin()).toMatchObject({ status: 422, body: { code: 'issuer_mismatch', ...both } });
    const accepted = {
      server_id: serverId,
      workspace_id: workspaceId,
      expected_issuer: server.origin,
      accepted_issuer: server.issuer,
    };
    const accept = (who: Person) => who.client.from('mcp_server_accepted_issuers').insert(accepted);
    expect((await accept(bob)).status).toBe(403);
    expect((await begin()).status).toBe(422);
    expect((await accept(ada)).status).toBe(201);
    await signIn();
    const { data: trail } = await ada.client
      .from('audit_events')
      .select('action, actor_id, changes')
      .eq('row_id', serverId)
      .eq('table_name', 'mcp_server_accepted_issuers');
    expect(trail).toMatchObject([
      { action: 'insert', actor_id: ada.id, changes: { accepted_issuer: { to: server.issuer } } },
    ]);
    await ada.client
      .from('mcp_servers')
      .update({ url: `${server.url}?v=2` })
      .eq('id', serverId);
    expect(
      await ada.client.from('mcp_server_accepted_issuers').select().eq('server_id', serverId),
    ).toMatchObject({
      data: [],
    });
  });

  it('may refuse one tool to everybody: the others go on, and so does the sign-in', async () => {
    await signIn();
    await discover();
    const before = server.tokenRequests;
    for (let n = 0; n < 4; n += 1) {
      const refused = await call(CLOSED_TOOL);
      expect(refused).toMatchObject({ ok: false, code: 'call_rejected' });
      expect(refused['message']).toContain('This tool needs a paid plan');
    }
    expect(server.tokenRequests - before).toBeLessThanOrEqual(3);
    expect(await call('open')).toMatchObject({ ok: true, text: 'ran' });
    const { data } = await ada.client
      .from('mcp_servers')
      .select('connection_status')
      .eq('id', serverId)
      .single();
    expect(data).toEqual({ connection_status: 'connected' });
  });
});
