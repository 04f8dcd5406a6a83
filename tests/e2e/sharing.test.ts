import { LimitReached, WorkspaceUsageRow } from '@patchbay/shared/contract/schema/limits';
import {
  AcceptedInvitation,
  AuditEventRow,
  InvitationPreview,
  NewInvitation,
  TagChange,
  WorkspaceInvitationRow,
  WorkspaceMember,
} from '@patchbay/shared/contract/schema/workspace';
import { ImportAnswer, WorkspaceDocument } from '@patchbay/shared/contract/schema/workspace-document';
import { readMcpServersJson } from '@patchbay/shared/contract/mcp-servers-json/mcp-servers-json';
import { beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { newPerson, type Person } from '../support/person.ts';
import { invoke, personalWorkspace, serviceClient } from '../support/rest-api.ts';
import { hasStack, runningStack } from '../support/running-stack.ts';

const NOWHERE = 'http://127.0.0.1:9/mcp';

describe.runIf(hasStack)('sharing a workspace', { timeout: 60_000 }, () => {
  let ada: Person;
  let bob: Person;
  let team: string;

  async function call<T>(who: Person, name: string, args: object, schema: z.ZodType<T>): Promise<T> {
    const { data, error } = await who.client.rpc(name, args);
    if (error) throw new Error(`${name}: ${error.code} ${error.message}`);
    return schema.parse(data);
  }

  async function refusal(who: Person, name: string, args: object): Promise<{ status: number; code: string }> {
    const { error, status } = await who.client.rpc(name, args);
    return { status, code: error?.code ?? 'none' };
  }

  async function limitTeam(name: string, allowed: number): Promise<void> {
    const { error } = await serviceClient().from('limits').insert({ name, workspace_id: team, allowed });
    expect(error).toBeNull();
  }

  beforeAll(async () => {
    [ada, bob] = await Promise.all([newPerson('ada'), newPerson('bob')]);
    const opened = await ada.client
      .from('workspaces')
      .insert({ name: 'Team' })
      .select('id')
      .single<{ id: string }>();
    team = opened.data?.id ?? '';
  });

  it('a link lets one person in, once', async () => {
    const { token } = await call(
      ada,
      'create_invitation',
      { p_workspace_id: team, p_role: 'member', p_email: bob.email },
      NewInvitation,
    );
    const preview = await call(bob, 'preview_invitation', { p_token: token }, InvitationPreview);
    expect(preview).toMatchObject({ workspace_name: 'Team', role: 'member', is_member: false });
    expect(await refusal(ada, 'accept_invitation', { p_token: token })).toEqual({
      status: 403,
      code: 'PT403',
    });
    const accepted = await call(bob, 'accept_invitation', { p_token: token }, AcceptedInvitation);
    expect(accepted).toMatchObject({ workspace_id: team, role: 'member', joined: true });

    const people = await call(bob, 'list_members', { p_workspace_id: team }, WorkspaceMember.array());
    expect(people.map(({ email, role }) => [email, role])).toEqual([
      [ada.email, 'owner'],
      [bob.email, 'member'],
    ]);
    // `token_hash` is not readable, so columns are named.
    const columns = 'id, workspace_id, email, role, invited_by, expires_at, accepted_at, accepted_by';
    const { data } = await ada.client.from('workspace_invitations').select(columns);
    expect(WorkspaceInvitationRow.array().parse(data)).toMatchObject([{ accepted_by: bob.id }]);

    const eve = await newPerson('eve');
    const open = { p_workspace_id: team, p_role: 'viewer' };
    const second = await call(ada, 'create_invitation', open, NewInvitation);
    await call(eve, 'accept_invitation', { p_token: second.token }, AcceptedInvitation);
    const mallory = await newPerson('mallory');
    const late = await refusal(mallory, 'accept_invitation', { p_token: second.token });
    expect(late).toEqual({ status: 410, code: 'PT410' });
    const guessed = await refusal(mallory, 'accept_invitation', { p_token: 'x' });
    expect(guessed).toEqual({ status: 404, code: 'PT404' });
  });

  it('a tag is renamed over the workspace, and the trail says who did what', async () => {
    const row = { name: 'Notes', url: NOWHERE, workspace_id: team };
    await ada.client.from('mcp_servers').insert([
      { ...row, tags: ['old'] },
      { ...row, name: 'Clock', tags: ['old'] },
    ]);
    const names = { p_workspace_id: team, p_tag: 'old', p_new_tag: 'new' };
    expect(await call(ada, 'rename_tag', names, TagChange)).toEqual({ changed: 2, left: 0 });
    const trail = await ada.client
      .from('audit_events')
      .select()
      .eq('workspace_id', team)
      .eq('table_name', 'mcp_servers')
      .eq('action', 'update');
    expect(AuditEventRow.array().parse(trail.data)).toMatchObject([
      { actor_id: ada.id, changes: { tags: { from: ['old'], to: ['new'] } } },
      { actor_id: ada.id },
    ]);
    const asMember = await bob.client.from('audit_events').select().eq('workspace_id', team);
    expect(asMember.data).toEqual([]);
  });

  it('a limit error has its numbers, a rate limit error the time to wait', async () => {
    await limitTeam('servers', 2);
    const full = await ada.client
      .from('mcp_servers')
      .insert({ name: 'One', url: NOWHERE, workspace_id: team });
    expect(full.status).toBe(409);
    expect(LimitReached.parse(JSON.parse(full.error?.details ?? ''))).toEqual({
      limit: 'servers',
      allowed: 2,
      used: 2,
    });
    const usage = await call(bob, 'workspace_usage', { p_workspace_id: team }, WorkspaceUsageRow.array());
    expect(usage).toContainEqual({ limit: 'servers', allowed: 2, used: 2 });

    await limitTeam('probes_per_minute', 0);
    const [server] = (await ada.client.from('mcp_servers').select('id').eq('workspace_id', team)).data ?? [];
    const tested = await invoke(ada, 'test-connection', { server_id: server?.id });
    expect(tested).toMatchObject({
      status: 429,
      body: { code: 'limit_reached', limit: 'probes_per_minute', allowed: 0, used: 0 },
    });
    await serviceClient()
      .from('limits')
      .update({ allowed: 1 })
      .eq('workspace_id', team)
      .eq('name', 'probes_per_minute');
    const answers = await Promise.all(
      [1, 2, 3].map(async () => {
        const { supabase_url, publishable_key } = runningStack();
        const { data } = await ada.client.auth.getSession();
        return fetch(`${supabase_url}/functions/v1/test-connection`, {
          method: 'POST',
          headers: { apikey: publishable_key, authorization: `Bearer ${data.session?.access_token}` },
          body: JSON.stringify({ server_id: server?.id }),
        });
      }),
    );
    const refused = answers.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answers.some(({ status }) => status === 200)).toBe(true);
    for (const answer of answers) await answer.body?.cancel();
  });

  it('a workspace goes out and in, and so does the file of another program', async () => {
    const home = await personalWorkspace(bob);
    const document = await call(bob, 'export_workspace', { p_workspace_id: team }, WorkspaceDocument);
    const copy = { p_workspace_id: home, p_document: document };
    const first = await call(bob, 'import_workspace', copy, ImportAnswer);
    expect(first.servers.added.toSorted()).toEqual(['clock', 'notes']);
    const second = await call(bob, 'import_workspace', copy, ImportAnswer);
    expect(second.servers).toMatchObject({ added: [], changed: [] });

    const headers = { Authorization: 'Bearer sk-import-canary' };
    const file = readMcpServersJson(JSON.stringify({ mcpServers: { files: { url: NOWHERE, headers } } }));
    if (!file.ok) throw new Error(file.message);
    const servers = file.servers.map(({ server }) => server);
    const made = { format: 'patchbay.workspace', version: 1, servers, agents: [] };
    const args = { p_workspace_id: home, p_document: made, p_mode: 'add' };
    const imported = await call(bob, 'import_workspace', args, ImportAnswer);
    expect(imported).toMatchObject({ servers: { added: ['files'] }, credentials_needed: ['files'] });
    const row = await bob.client
      .from('mcp_servers')
      .select('id')
      .eq('workspace_id', home)
      .eq('slug', 'files')
      .single<{ id: string }>();
    const credential = file.servers[0]?.credential;
    const stored = await invoke(bob, 'server-credential', { server_id: row.data?.id, credential });
    expect(stored.body).toEqual({ has_credential: true });
  });

  it('who hands the workspace over stays as admin; who leaves sees it no more', async () => {
    const handed = await ada.client.rpc('transfer_ownership', { p_workspace_id: team, p_user_id: bob.id });
    expect(handed.error).toBeNull();
    const late = await refusal(ada, 'create_invitation', { p_workspace_id: team, p_role: 'viewer' });
    expect(late.status).toBe(403);
    await ada.client.from('workspace_members').delete().eq('workspace_id', team).eq('user_id', ada.id);
    expect((await ada.client.from('workspaces').select().eq('id', team)).data).toEqual([]);
    const left = await bob.client
      .from('workspace_members')
      .delete()
      .eq('workspace_id', team)
      .eq('user_id', bob.id);
    expect(left.error?.code).toBe('PT409');
  });
});
