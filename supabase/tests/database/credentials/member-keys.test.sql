-- Keys of each member: used by whom they belong to, and nowhere else.
begin;
\ir ../helpers.psql
select plan(36);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test');
insert into public.workspaces (id, name, created_by)
values ('77777777-0000-4000-8000-000000000007', 'Team', 'aaaaaaaa-0000-4000-8000-000000000001');
insert into public.workspace_members (workspace_id, user_id, role)
values ('77777777-0000-4000-8000-000000000007', 'bbbbbbbb-0000-4000-8000-000000000002', 'member');

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.mcp_servers (workspace_id, name, url, auth_method, credential_scope) values
  ('77777777-0000-4000-8000-000000000007', 'Notes', 'https://notes.example/mcp', 'api_key', 'member'),
  ('77777777-0000-4000-8000-000000000007', 'Open', 'https://open.example/mcp', 'none', 'member');
select results_eq(
  'select name, credential_scope from public.mcp_servers order by name',
  $$ values ('Notes', 'member'), ('Open', 'workspace') $$, 'a server that takes no key has none of each member'
);
select set_config('pgtap.server', id::text, true) from public.mcp_servers where name = 'Notes';
reset role;

-- p_holder: whose key, 'workspace' for that of all.
create function pg_temp.put(p_holder text, p_key text default null) returns text language plpgsql as $$
begin
  perform public.put_server_secret(
    s.id, s.workspace_id, s.url, s.auth_method, coalesce(p_key, 'key of ' || left(p_holder, 1)), 'n', 'k',
    p_holder_id => nullif(p_holder, 'workspace')::uuid
  ) from public.mcp_servers s where s.id = current_setting('pgtap.server')::uuid;
  return 'stored';
exception when sqlstate 'PT409' or sqlstate 'PT404' then
  return sqlstate;
end
$$;
create function pg_temp.key_for(p_user text) returns text language sql as $$
  select public.server_for_probe(current_setting('pgtap.server')::uuid, p_user::uuid) -> 'secret' ->> 'ciphertext'
$$;
create function pg_temp.credential_id(p_user text) returns text language sql as $$
  select public.server_for_probe(current_setting('pgtap.server')::uuid, p_user::uuid) ->> 'credential_id'
$$;
create function pg_temp.facts() returns text language sql as $$
  select s.has_credential || ' v' || s.config_version || ' '
    || (select count(*) from public.mcp_server_secrets x where x.server_id = s.id)
  from public.mcp_servers s where s.id = current_setting('pgtap.server')::uuid
$$;
create function pg_temp.mine(p_user text) returns boolean language plpgsql as $$
declare
  v_mine boolean;
begin
  perform pg_temp.act_as(p_user::uuid);
  select has_credential into v_mine from public.my_credentials('77777777-0000-4000-8000-000000000007');
  perform set_config('role', 'none', true);
  return v_mine;
end
$$;

set local role service_role;
select is(pg_temp.put('workspace'), 'PT409', 'a server with member keys takes no key of the workspace');
select is(pg_temp.put('cccccccc-0000-4000-8000-000000000003'), 'PT404', 'a server takes no key of somebody who is not a member');
select is(pg_temp.put('bbbbbbbb-0000-4000-8000-000000000002'), 'stored', 'a server with member keys takes a member''s key');
select is(pg_temp.facts(), 'false v1 1', 'a member''s key does not change the status that everybody sees');
select is(pg_temp.put('aaaaaaaa-0000-4000-8000-000000000001'), 'stored', 'a server takes the key of the member who added it');
select is(pg_temp.facts(), 'false v2 2', 'the key of the member who added the server resets the status, which the monitor finds with it');
select is(pg_temp.key_for('bbbbbbbb-0000-4000-8000-000000000002'), 'key of b', 'each member''s conversations get that member''s key');
select is(pg_temp.key_for('aaaaaaaa-0000-4000-8000-000000000001'), 'key of a', 'the member who added the server gets their own key');
select is(pg_temp.key_for('cccccccc-0000-4000-8000-000000000003'), null, 'a member without a key gets none');
select is(pg_temp.key_for(null), null, 'a probe without a user gets no key');
select is(
  private.probe_job(current_setting('pgtap.server')::uuid, 1000) -> 'secret' ->> 'ciphertext', 'key of a',
  'the monitor has that of whoever added the server'
);
reset role;

-- Conversations notice another key.
select set_config('pgtap.before', pg_temp.credential_id('bbbbbbbb-0000-4000-8000-000000000002'), true);
select isnt(current_setting('pgtap.before'), null, 'a key has a name');
select is(
  pg_temp.put('bbbbbbbb-0000-4000-8000-000000000002', 'another of b'), 'stored', 'a member replaces their own'
);
select isnt(
  pg_temp.credential_id('bbbbbbbb-0000-4000-8000-000000000002'), current_setting('pgtap.before'),
  'a new key has a new id, so that connections use it'
);
select is(pg_temp.key_for('aaaaaaaa-0000-4000-8000-000000000001'), 'key of a', 'a new key of one member leaves the others');
insert into public.voice_sessions (id, workspace_id, user_id, agent_config_id)
select '66666666-0000-4000-8000-000000000006', c.workspace_id, 'bbbbbbbb-0000-4000-8000-000000000002', c.id
from public.agent_configs c where c.workspace_id = '77777777-0000-4000-8000-000000000007';
select is(
  (
    select s -> 'secret' ->> 'ciphertext'
    from jsonb_array_elements(public.voice_session_snapshot('66666666-0000-4000-8000-000000000006') -> 'servers') s
    where s ->> 'name' = 'Notes'
  ),
  'another of b', 'a conversation has the key of who talks'
);

-- What a page learns.
select is(pg_temp.mine('bbbbbbbb-0000-4000-8000-000000000002'), true, 'a member is told that theirs is set');
select is(pg_temp.mine('cccccccc-0000-4000-8000-000000000003'), null, 'a stranger is told nothing');
select public.drop_server_secret(current_setting('pgtap.server')::uuid, p_holder_id => 'bbbbbbbb-0000-4000-8000-000000000002');
select is(pg_temp.facts(), 'false v2 1', 'deleting one member''s key leaves the others');
select is(pg_temp.mine('bbbbbbbb-0000-4000-8000-000000000002'), false, 'a deleted key is reported as not set');
select is(pg_temp.mine('aaaaaaaa-0000-4000-8000-000000000001'), true, 'deleting one member''s key changes nothing else');
create function pg_temp.needed(p_user text) returns jsonb language plpgsql as $$
declare
  v_team uuid := '77777777-0000-4000-8000-000000000007';
  v_needed jsonb;
begin
  perform pg_temp.act_as(p_user::uuid);
  v_needed := public.import_workspace(v_team, public.export_workspace(v_team), 'add', true) -> 'credentials_needed';
  perform set_config('role', 'none', true);
  return v_needed;
end
$$;
select is(pg_temp.needed('aaaaaaaa-0000-4000-8000-000000000001'), '[]', 'an import asks nobody for a key that they have');
select is(pg_temp.needed('bbbbbbbb-0000-4000-8000-000000000002'), '["notes"]', 'an import asks a member for a key that they do not have');
select set_config('request.jwt.claims', '', true);
select results_eq(
  $$ select action, count(*)::int from public.audit_events
     where table_name = 'mcp_server_secrets' and workspace_id = '77777777-0000-4000-8000-000000000007' group by 1 order by 1 $$,
  $$ values ('delete', 1), ('insert', 2), ('update', 1) $$, 'the trail has each key that was set, replaced and removed'
);
select public.drop_server_secret(current_setting('pgtap.server')::uuid, p_holder_id => 'aaaaaaaa-0000-4000-8000-000000000001');
select is(pg_temp.facts(), 'false v3 0', 'deleting the key of the member who added the server resets the status');

-- The end.
create function pg_temp.put_both() returns text language sql as $$
  select pg_temp.put('aaaaaaaa-0000-4000-8000-000000000001') || ' ' || pg_temp.put('bbbbbbbb-0000-4000-8000-000000000002')
$$;
select is(pg_temp.put_both(), 'stored stored', 'two members can store their keys');
delete from public.workspace_members
where user_id = 'bbbbbbbb-0000-4000-8000-000000000002' and workspace_id = '77777777-0000-4000-8000-000000000007';
select is(pg_temp.facts(), 'false v4 1', 'a member who leaves leaves no key');
insert into public.workspace_members (workspace_id, user_id, role)
values ('77777777-0000-4000-8000-000000000007', 'bbbbbbbb-0000-4000-8000-000000000002', 'member');
select is(pg_temp.put_both(), 'stored stored', 'two keys again');
update public.mcp_servers set url = 'https://evil.example/mcp' where id = current_setting('pgtap.server')::uuid;
select is(pg_temp.facts(), 'false v6 0', 'another origin deletes all keys');
select is(pg_temp.put_both(), 'stored stored', 'two keys again');
update public.mcp_servers set credential_scope = 'workspace' where id = current_setting('pgtap.server')::uuid;
select is(pg_temp.facts(), 'false v8 0', 'switching to a shared key deletes members'' keys, which are not for others');
select is(pg_temp.put('workspace'), 'stored', 'the workspace''s key can be entered after switching to a shared key');
update public.mcp_servers set credential_scope = 'member' where id = current_setting('pgtap.server')::uuid;
select is(pg_temp.facts(), 'false v10 0', 'switching to member keys does not give the shared key to a member');
select is(pg_temp.put_both(), 'stored stored', 'two keys again');
delete from public.workspaces where id = '77777777-0000-4000-8000-000000000007';
select is(
  (select count(*) from public.mcp_server_secrets where server_id = current_setting('pgtap.server')::uuid), 0::bigint,
  'a workspace leaves none behind'
);

select * from finish();
rollback;
