import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startNotes } from '../../local/servers/notes.ts';
import {
  KNOWN_CLIENT,
  startGuardedServer,
  type GuardedServer,
} from '../support/servers/authorization-server.ts';
import { consentAs } from '../support/consent.ts';
import { newPerson, type Person } from '../support/person.ts';
import { addServer, invoke, personalWorkspace, serviceClient } from '../support/rest-api.ts';
import { hasStack, runningStack } from '../support/running-stack.ts';
import { beginSignIn, finishSignIn, signInTo } from '../support/sign-in-by-function.ts';

const Invitation = z.object({ token: z.string() });

async function whoAmI(person: Person, serverId: string): Promise<unknown> {
  const { body } = await invoke(person, 'call-tool', {
    server_id: serverId,
    tool: 'who_am_i',
    arguments: {},
  });
  return body['ok'] ? body['text'] : body['code'];
}

async function stateOf(person: Person, serverId: string): Promise<unknown> {
  const { data } = await person.client
    .from('mcp_servers')
    .select('connection_status, error_code')
    .eq('id', serverId)
    .single<{ connection_status: string; error_code: string | null }>();
  return [data?.connection_status, data?.error_code];
}

const discover = (person: Person, serverId: string) =>
  invoke(person, 'discover-tools', { server_id: serverId });

describe.runIf(hasStack)('signing in to a server', { timeout: 60_000 }, () => {
  let ada: Person;
  let bob: Person;
  let guarded: GuardedServer;

  beforeAll(async () => {
    [ada, bob, guarded] = await Promise.all([newPerson('ada'), newPerson('bob'), startGuardedServer()]);
    const workspaceId = await personalWorkspace(ada);
    const args = { p_workspace_id: workspaceId, p_role: 'member' };
    const { token } = Invitation.parse((await ada.client.rpc('create_invitation', args)).data);
    await bob.client.rpc('accept_invitation', { p_token: token });
  });
  afterAll(() => guarded.close());

  const add = (scope: 'workspace' | 'member', url = guarded.url) =>
    addServer(ada, { name: 'Tickets', url, auth_method: 'oauth', credential_scope: scope });

  it('says what it needs, signs in, works, and says so again when the sign-in is taken back', async () => {
    const serverId = await add('workspace');
    expect((await discover(ada, serverId)).body).toMatchObject({ code: 'sign_in_required' });
    expect(await stateOf(ada, serverId)).toEqual(['needs_auth', 'sign_in_required']);
    await signInTo(ada, serverId, 'ada at work');
    expect((await discover(ada, serverId)).body).toMatchObject({ added: ['post_comment', 'who_am_i'] });
    expect(await stateOf(ada, serverId)).toEqual(['connected', null]);
    expect(await whoAmI(bob, serverId)).toBe('You are ada at work.');

    guarded.expireTokens();
    expect(await whoAmI(bob, serverId)).toBe('You are ada at work.');
    expect(guarded.refreshes).toEqual({ ok: 1, failed: 0 });

    const signedOut = await invoke(ada, 'server-sign-in', { step: 'end', server_id: serverId });
    expect(signedOut.body).toEqual({ signed_out: true, revoked: true });
    expect(guarded.revocations).toBe(1);
    expect(await whoAmI(ada, serverId)).toBe('sign_in_required');
    expect((await discover(ada, serverId)).body).toMatchObject({ code: 'sign_in_required' });
    expect(await stateOf(ada, serverId)).toEqual(['needs_auth', 'sign_in_required']);
  });

  it('keeps the sign-ins of two members of one server apart', async () => {
    const serverId = await add('member');
    await Promise.all([signInTo(ada, serverId, 'ada'), signInTo(bob, serverId, 'bob')]);
    await discover(ada, serverId);
    expect(await Promise.all([whoAmI(ada, serverId), whoAmI(bob, serverId)])).toEqual([
      'You are ada.',
      'You are bob.',
    ]);
    await invoke(bob, 'server-sign-in', { step: 'end', server_id: serverId });
    expect(await Promise.all([whoAmI(ada, serverId), whoAmI(bob, serverId)])).toEqual([
      'You are ada.',
      'sign_in_required',
    ]);
    // A member's lost sign-in must not change the status that all see.
    expect((await discover(bob, serverId)).body).toMatchObject({ code: 'sign_in_required' });
    expect(await stateOf(ada, serverId)).toEqual(['connected', null]);
  });

  it('keeps the keys of two members of one server apart in the same way', async () => {
    const notes = await startNotes({ port: 0, apiKey: 'sk-right' });
    try {
      const server = {
        name: 'Notes',
        url: notes.url,
        auth_method: 'api_key',
        credential_scope: 'member',
      } as const;
      const server_id = await addServer(ada, server);
      const setKey = async (who: Person, credential: string | null) =>
        (await invoke(who, 'server-credential', { server_id, credential })).status;
      const tried = async (who: Person) => {
        const { body } = await invoke(who, 'test-connection', { server_id });
        return body['ok'] === true ? 'ok' : body['code'];
      };
      expect(await setKey(ada, 'sk-right')).toBe(200);
      expect([await tried(ada), await tried(bob)]).toEqual(['ok', 'credential_missing']);
      // A member who did not add the server may still set an own key.
      expect(await setKey(bob, 'sk-wrong')).toBe(200);
      expect([await tried(ada), await tried(bob)]).toEqual(['ok', 'unauthorized']);
      expect(await stateOf(ada, server_id)).toEqual(['connected', null]);
      expect([await setKey(bob, 'sk-right'), await setKey(ada, null)]).toEqual([200, 200]);
      expect([await tried(ada), await tried(bob)]).toEqual(['credential_missing', 'ok']);
    } finally {
      await notes.close();
    }
  });

  it('signs in without a person, with a client that is registered by hand', async () => {
    const serverId = await add('workspace');
    const { client_id, client_secret } = KNOWN_CLIENT;
    const alone = () => invoke(ada, 'server-sign-in', { step: 'unattended', server_id: serverId });
    expect((await alone()).body).toMatchObject({ code: 'no_client' });
    await ada.client.from('mcp_servers').update({ oauth_client_id: client_id }).eq('id', serverId);
    await invoke(ada, 'server-credential', { server_id: serverId, credential: client_secret });
    expect((await alone()).status).toBe(200);
    await discover(ada, serverId);
    expect(await whoAmI(bob, serverId)).toBe('You are known.');
    guarded.expireTokens();
    expect(await whoAmI(bob, serverId)).toBe('You are known.');
  });

  it('takes an answer once, from whom it was asked for, and with the issuer that was asked', async () => {
    const serverId = await add('member');
    const back = await consentAs('ada', await beginSignIn(ada, serverId));
    expect((await finishSignIn(bob, back)).body).toMatchObject({ code: 'flow_gone' });
    expect((await finishSignIn(ada, back)).status).toBe(200);
    expect((await finishSignIn(ada, back)).body).toMatchObject({ code: 'flow_gone' });

    // The code of one sign-in in the response to another.
    const [first, second] = [await beginSignIn(ada, serverId), await beginSignIn(bob, serverId)];
    const stolen = await consentAs('eve', second);
    stolen.set('state', new URL(first).searchParams.get('state') ?? '');
    expect((await finishSignIn(ada, stolen)).body).toMatchObject({ code: 'sign_in_refused' });

    const mixedUp = await consentAs('ada', await beginSignIn(ada, serverId));
    mixedUp.set('iss', 'https://evil.example');
    const asked = guarded.asked;
    expect((await finishSignIn(ada, mixedUp)).body).toMatchObject({ code: 'sign_in_mixed_up' });
    expect(guarded.asked).toBe(asked);
  });

  it('leads back to nowhere but its own page', async () => {
    const serverId = await add('workspace');
    for (const return_to of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
    ]) {
      const answer = await invoke(ada, 'server-sign-in', { step: 'begin', server_id: serverId, return_to });
      expect([return_to, answer.status]).toEqual([return_to, 400]);
    }
    const redirect = new URL(
      new URL(await beginSignIn(ada, serverId)).searchParams.get('redirect_uri') ?? '',
    );
    const { web_url } = runningStack();
    expect(redirect.href).toBe(`${web_url}/oauth/callback`);
    const document: unknown = await (await fetch(`${web_url}/oauth/client-metadata`)).json();
    expect(document).toMatchObject({
      client_id: `${web_url}/oauth/client-metadata`,
      redirect_uris: [redirect.href],
    });
  });

  it('sends a token to no other address: another origin voids it', async () => {
    const other = await startGuardedServer();
    try {
      const serverId = await add('workspace');
      await signInTo(ada, serverId, 'ada');
      const before = guarded.revocations;
      await ada.client.from('mcp_servers').update({ url: other.url }).eq('id', serverId);
      expect(
        await serviceClient().from('mcp_server_grants').select('id').eq('server_id', serverId),
      ).toMatchObject({
        data: [],
      });
      expect((await discover(ada, serverId)).body).toMatchObject({ code: 'sign_in_required' });
      await expect.poll(() => guarded.revocations, { timeout: 20_000 }).toBe(before + 1);
    } finally {
      await other.close();
    }
  });

  it('shows no token in any row', async () => {
    const service = serviceClient();
    for (const table of ['mcp_server_grants', 'mcp_server_clients', 'mcp_servers', 'audit_events']) {
      const { data } = await service.from(table).select('*');
      expect(JSON.stringify(data)).not.toMatch(/access_token|refresh_token|client_secret/);
    }
  });
});
