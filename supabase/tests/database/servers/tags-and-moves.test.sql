-- Tags change over a workspace in one step, and servers move between workspaces: each with the caller's rights.
begin;
\ir ../helpers.psql
select plan(31);

create function pg_temp.tags() returns text language sql security definer as $$
  select string_agg(name || ' ' || tags::text, ' ' order by name) from public.mcp_servers
  where workspace_id = current_setting('pgtap.team')::uuid
$$;
create function pg_temp.versions() returns text language sql security definer as $$
  select string_agg(config_version::text, ' ' order by name) from public.mcp_servers
  where workspace_id = current_setting('pgtap.team')::uuid
$$;

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test'),
  ('dddddddd-0000-4000-8000-000000000004', 'dee@pgtap.test');

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.workspaces (name) values ('Team');
select set_config('pgtap.team', id::text, true) from public.workspaces where name = 'Team';
reset role;
insert into public.workspace_members (workspace_id, user_id, role) values
  (current_setting('pgtap.team')::uuid, 'bbbbbbbb-0000-4000-8000-000000000002', 'member'),
  (current_setting('pgtap.team')::uuid, 'cccccccc-0000-4000-8000-000000000003', 'viewer');
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.mcp_servers (workspace_id, name, url, tags, auth_method) values
  (current_setting('pgtap.team')::uuid, 'Notes', 'https://notes.example', '{home,old}', 'api_key'),
  (current_setting('pgtap.team')::uuid, 'Clock', 'https://clock.example', '{old,new}', 'none');
insert into public.mcp_servers (name, url, tags) values ('Mine', 'https://mine.example', '{old}');
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
insert into public.mcp_servers (workspace_id, name, url, tags)
values (current_setting('pgtap.team')::uuid, 'Bobs', 'https://bobs.example', '{old,work}');

-- Tags ----------------------------------------------------------------------------------------------
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select throws_ok(
  $$ select public.rename_tag(current_setting('pgtap.team')::uuid, 'old', 'x') $$, 'PT403', null, 'a viewer renames no tag'
);
select throws_ok(
  $$ select public.remove_tag(current_setting('pgtap.team')::uuid, 'old') $$, 'PT403', null, 'a viewer cannot remove a tag'
);
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select throws_ok(
  $$ select public.rename_tag(current_setting('pgtap.team')::uuid, 'old', 'x') $$, 'PT404', null,
  'a stranger gets the error that the workspace does not exist'
);
select throws_ok(
  $$ select public.remove_tag(current_setting('pgtap.team')::uuid, 'none') $$, 'PT404', null, 'a stranger gets the same error for any tag'
);
select is(pg_temp.tags(), 'Bobs {old,work} Clock {old,new} Notes {home,old}', 'a viewer changes no tags');

select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is(
  public.rename_tag(current_setting('pgtap.team')::uuid, 'old', 'former'), '{"changed": 1, "left": 2}',
  'a member renames it on the own servers, and is told how many are left'
);
select is(pg_temp.tags(), 'Bobs {former,work} Clock {old,new} Notes {home,old}', 'other members'' servers keep the tag');
select throws_ok(
  $$ select public.remove_tag(current_setting('pgtap.team')::uuid, 'home') $$, 'PT403', null,
  'a tag that only others use is not theirs to remove'
);

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select is(
  public.rename_tag(current_setting('pgtap.team')::uuid, 'former', 'old'), '{"changed": 1, "left": 0}', 'an owner renames a tag on all servers'
);
select is(
  public.rename_tag(current_setting('pgtap.team')::uuid, 'old', ' new '), '{"changed": 3, "left": 0}',
  'an admin renames a tag on all servers of the workspace at once'
);
select is(pg_temp.tags(), 'Bobs {new,work} Clock {new} Notes {home,new}', 'two that become one are one');
select is(pg_temp.versions(), '1 1 1', 'a renamed tag keeps the config version');
select is(
  (select tags::text from public.mcp_servers where name = 'Mine'), '{old}', 'other workspaces keep the tag'
);
select is(
  public.rename_tag(current_setting('pgtap.team')::uuid, 'nobody', 'x'), '{"changed": 0, "left": 0}',
  'a tag that nobody has is no error'
);
select is(
  public.remove_tag(current_setting('pgtap.team')::uuid, 'new'), '{"changed": 3, "left": 0}', 'a tag is removed at once'
);
select is(pg_temp.tags(), 'Bobs {work} Clock {} Notes {home}', 'everywhere');
select throws_ok(
  $$ select public.rename_tag(current_setting('pgtap.team')::uuid, 'home', ' ') $$, 'PT400', null, 'a tag has a name'
);
select throws_ok(
  $$ select public.rename_tag(current_setting('pgtap.team')::uuid, 'home', repeat('x', 41)) $$, 'PT400', null,
  'a tag has at most 40 characters'
);

-- Moves ---------------------------------------------------------------------------------------------
reset role;
select set_config('pgtap.notes', id::text, true) from public.mcp_servers
where name = 'Notes' and workspace_id = current_setting('pgtap.team')::uuid;
select set_config('pgtap.home', id::text, true) from public.workspaces
where created_by = 'aaaaaaaa-0000-4000-8000-000000000001' and is_personal;
set local role service_role;
select public.put_server_secret(s.id, s.workspace_id, s.url, s.auth_method, 'sealed', 'nonce', 'key-1')
  from public.mcp_servers s where s.id = current_setting('pgtap.notes')::uuid;
select public.store_catalog(
  current_setting('pgtap.notes')::uuid, 2, now(),
  '[{"name": "a", "fingerprint": "1", "input_schema": {}}, {"name": "b", "fingerprint": "1", "input_schema": {}}]'
);
select public.report_server_status(jsonb_build_array(jsonb_build_object(
  'server_id', current_setting('pgtap.notes'), 'config_version', 2, 'source', 'function', 'status', 'connected',
  'observed_at', now()
)));
reset role;
insert into public.agent_config_servers (agent_config_id, server_id)
select c.id, current_setting('pgtap.notes')::uuid from public.agent_configs c
where c.workspace_id = current_setting('pgtap.team')::uuid;
insert into public.voice_sessions (id, workspace_id, user_id)
values ('55555555-0000-4000-8000-000000000005', current_setting('pgtap.team')::uuid, 'cccccccc-0000-4000-8000-000000000003');
insert into public.tool_calls (id, session_id, workspace_id, user_id, server_id, tool_name, outcome, started_at)
select gen_random_uuid(), v.id, v.workspace_id, v.user_id, current_setting('pgtap.notes')::uuid, 'a', 'ok', now()
from public.voice_sessions v where v.id = '55555555-0000-4000-8000-000000000005';
update public.mcp_tools set is_enabled = false where name = 'b' and server_id = current_setting('pgtap.notes')::uuid;

create function pg_temp.move(p_to text) returns text language plpgsql as $$
declare
  v_moved public.mcp_servers;
begin
  update public.mcp_servers set workspace_id = current_setting('pgtap.' || p_to)::uuid
  where id = current_setting('pgtap.notes')::uuid returning * into v_moved;
  return case when v_moved.id is null then 'not found'
    else v_moved.has_credential || ' ' || v_moved.connection_status || ' ' || v_moved.config_version end;
end
$$;
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is(pg_temp.move('home'), 'not found', 'a member does not move what others added');
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is(pg_temp.move('home'), 'not found', 'a viewer cannot move a server');
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select throws_ok(
  $$
    update public.mcp_servers set workspace_id = current_setting('pgtap.home')::uuid
    where workspace_id = current_setting('pgtap.team')::uuid and name = 'Bobs'
  $$,
  '42501', null, 'nobody moves a server to where they may not write'
);
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select throws_ok(
  $$
    update public.mcp_servers set workspace_id = (
      select id from public.workspaces where created_by = 'bbbbbbbb-0000-4000-8000-000000000002'
    ) where id = current_setting('pgtap.notes')::uuid
  $$,
  null, null, 'a server cannot be moved to a workspace that the caller does not see'
);
select is(
  pg_temp.move('home'), 'false disconnected 3',
  'whoever may write in both workspaces moves a server, and its credential and status are reset'
);
reset role;
select is(
  (select count(*) from public.mcp_server_secrets where server_id = current_setting('pgtap.notes')::uuid), 0::bigint,
  'a moved server takes no credential along'
);
select is(
  (select string_agg(name || ' ' || is_enabled, ' ' order by name) from public.mcp_tools
   where workspace_id = current_setting('pgtap.home')::uuid and server_id = current_setting('pgtap.notes')::uuid),
  'a true b false', 'a moved server takes its tools and their settings along'
);
select is(
  (select count(*) from public.mcp_server_checks where workspace_id = current_setting('pgtap.home')::uuid), 1::bigint,
  'a moved server takes its checks along'
);
select is_empty(
  $$ select from public.agent_config_servers where server_id = current_setting('pgtap.notes')::uuid $$,
  'the agents of the old workspace lose it'
);
select is(
  (select workspace_id from public.tool_calls where server_id = current_setting('pgtap.notes')::uuid),
  current_setting('pgtap.team')::uuid, 'calls stay where they were made'
);
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is_empty(
  $$ select from public.mcp_tools where server_id = current_setting('pgtap.notes')::uuid $$,
  'members of the old workspace no longer see the tools of a moved server'
);
-- A taken slug gives way.
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.mcp_servers (workspace_id, name, url)
values (current_setting('pgtap.team')::uuid, 'Notes', 'https://other.example');
select is(pg_temp.move('team'), 'false disconnected 4', 'a moved server can be moved back');
select is(
  (select slug from public.mcp_servers where id = current_setting('pgtap.notes')::uuid), 'notes-2',
  'a moved server gets a free slug'
);

select * from finish();
rollback;
