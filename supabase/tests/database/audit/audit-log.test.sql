-- The audit trail: who changed what, for owners and admins, without secrets and without the dead.
begin;
\ir ../helpers.psql
select plan(33);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test'),
  ('dddddddd-0000-4000-8000-000000000004', 'dee@pgtap.test');

-- What was recorded in the team since the last look, one line an event: who, what, which, changes.
create temp table seen_events (id uuid primary key);
create function pg_temp.trail() returns text language plpgsql security definer as $$
declare
  v_events text;
begin
  with fresh as (
    insert into seen_events select e.id from public.audit_events e
    where e.workspace_id = current_setting('pgtap.team')::uuid on conflict do nothing returning id
  )
  select string_agg(
    concat_ws(' ', split_part(u.email, '@', 1), e.action, e.table_name, e.row_name, e.changes),
    ', ' order by e.table_name, e.created_at
  ) into v_events
  from public.audit_events e join fresh using (id) left join auth.users u on u.id = e.actor_id;
  return v_events;
end
$$;

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.workspaces (name) values ('Team');
select set_config('pgtap.team', id::text, true) from public.workspaces where name = 'Team';
select matches(
  pg_temp.trail(),
  '^ada insert agent_configs Assistant \{.*\}, ada insert workspace_members \{"role": \{"to": "owner"\}\}, '
    || 'ada insert workspaces Team \{"name": \{"to": "Team"\}\}$',
  'a new workspace is recorded'
);
update public.workspaces set name = 'Crew' where id = current_setting('pgtap.team')::uuid;
select is(
  pg_temp.trail(), 'ada update workspaces Crew {"name": {"to": "Crew", "from": "Team"}}', 'a renamed workspace is recorded with both names'
);

update public.workspaces set keep_transcripts = false where id = current_setting('pgtap.team')::uuid;
select is(
  pg_temp.trail(), 'ada update workspaces Crew {"keep_transcripts": {"to": false, "from": true}}', 'a switched-off transcript setting is recorded'
);

-- People
select set_config('pgtap.token', public.create_invitation(
  current_setting('pgtap.team')::uuid, 'admin', 'bob@pgtap.test'
) ->> 'token', true);
select matches(
  pg_temp.trail(),
  '^ada insert workspace_invitations \{"role": \{"to": "admin"\}, "email": null, "expires_at": \{"to": "[^"]+"\}\}$',
  'an invitation is recorded without the email address'
);
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select public.accept_invitation(current_setting('pgtap.token'));
select matches(
  pg_temp.trail(),
  '^bob update workspace_invitations .*, bob insert workspace_members \{"role": \{"to": "admin"\}\}$', 'an accepted invitation is recorded'
);
reset role;
select set_config('request.jwt.claims', '', true);
insert into public.workspace_members (workspace_id, user_id, role) values
  (current_setting('pgtap.team')::uuid, 'cccccccc-0000-4000-8000-000000000003', 'member'),
  (current_setting('pgtap.team')::uuid, 'dddddddd-0000-4000-8000-000000000004', 'viewer');
select matches(pg_temp.trail(), '^insert workspace_members', 'what the system did is recorded without an actor');
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
update public.workspace_members set role = 'viewer' where user_id = 'cccccccc-0000-4000-8000-000000000003'
  and workspace_id = current_setting('pgtap.team')::uuid;
select is(
  pg_temp.trail(), 'ada update workspace_members {"role": {"to": "viewer", "from": "member"}}', 'a new role is recorded'
);
update public.workspace_members set role = 'member' where user_id = 'cccccccc-0000-4000-8000-000000000003'
  and workspace_id = current_setting('pgtap.team')::uuid;
select is(
  (select row_id from public.audit_events where table_name = 'workspace_members' order by created_at desc limit 1),
  'cccccccc-0000-4000-8000-000000000003', 'a new role is recorded with the member''s id'
);
select pg_temp.trail();

-- Servers, their tools and credentials
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
insert into public.mcp_servers (workspace_id, name, url, auth_method, metadata) values (
  current_setting('pgtap.team')::uuid, 'Notes', 'https://notes.example/mcp?api_key=sk-canary', 'api_key',
  '{"note": "canary"}'
);
select set_config('pgtap.notes', id::text, true) from public.mcp_servers where name = 'Notes';
select matches(
  pg_temp.trail(), '^cyd insert mcp_servers Notes \{.*"to": "https://notes.example/mcp\?…".*"metadata": null.*\}$',
  'a new server is recorded without the query of its URL'
);
update public.mcp_servers set description = repeat('canary ', 100), call_timeout_ms = 5000, tags = '{a}';
select is(
  pg_temp.trail(),
  'cyd update mcp_servers Notes {"tags": {"to": ["a"], "from": []}, "description": null, '
    || '"call_timeout_ms": {"to": 5000, "from": 30000}}',
  'changed fields are recorded, long texts without their values'
);
update public.mcp_servers set name = 'Notes';
select is(pg_temp.trail(), null, 'saving the same values again is not recorded');
reset role;
set local role service_role;
select set_config('request.jwt.claims', '', true);
select public.put_server_secret(
    s.id, s.workspace_id, s.url, s.auth_method, 'sealed-canary', 'nonce', 'k', 'cccccccc-0000-4000-8000-000000000003'
  )
  from public.mcp_servers s where s.id = current_setting('pgtap.notes')::uuid;
select is(
  pg_temp.trail(), 'cyd insert mcp_server_secrets Notes {"credential": null}',
  'a credential is recorded with who entered it'
);
select public.store_catalog(
  current_setting('pgtap.notes')::uuid, 3, now(), '[{"name": "add", "fingerprint": "1", "input_schema": {}}]'
);
select public.report_server_status(jsonb_build_array(jsonb_build_object(
  'server_id', current_setting('pgtap.notes'), 'config_version', 3, 'source', 'session', 'status', 'connected',
  'observed_at', now()
)));
select is(pg_temp.trail(), null, 'observations of the system are not recorded');
select public.drop_server_secret(current_setting('pgtap.notes')::uuid, 'aaaaaaaa-0000-4000-8000-000000000001');
select is(pg_temp.trail(), 'ada delete mcp_server_secrets Notes {"credential": null}', 'a deleted credential is recorded');
select public.put_server_secret(s.id, s.workspace_id, s.url, s.auth_method, 'sealed-canary', 'nonce', 'k')
  from public.mcp_servers s where s.id = current_setting('pgtap.notes')::uuid;
select pg_temp.trail();

select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
update public.mcp_tools set is_enabled = false;
select is(
  pg_temp.trail(), 'bob update mcp_tools add {"is_enabled": {"to": false, "from": true}}', 'a disabled tool is recorded'
);
update public.mcp_tools set is_pinned = true;
select is(
  pg_temp.trail(), 'bob update mcp_tools add {"is_pinned": {"to": true, "from": false}}', 'a pinned tool is recorded'
);
update public.mcp_servers set url = 'https://other.example/mcp?api_key=sk-canary';
select is(
  pg_temp.trail(),
  'bob delete mcp_server_secrets Notes {"credential": null}, bob update mcp_servers Notes '
    || '{"url": {"to": "https://other.example/mcp?…", "from": "https://notes.example/mcp?…"}}',
  'a credential that was deleted because the URL changed is recorded'
);
update public.agent_configs set system_prompt = 'canary', temperature = 20
where workspace_id = current_setting('pgtap.team')::uuid;
select is(
  pg_temp.trail(),
  'bob update agent_configs Assistant {"temperature": {"to": 20, "from": 80}, "system_prompt": null}',
  'an agent is recorded without its instructions'
);
update public.agent_configs set
  model = 'gpt-realtime-2.1', reasoning_effort = 'low', turn_detection = 'semantic', turn_eagerness = 'high',
  language = 'de'
where workspace_id = current_setting('pgtap.team')::uuid;
select is(
  pg_temp.trail(),
  'bob update agent_configs Assistant {"model": {"to": "gpt-realtime-2.1"}, "language": {"to": "de"}, '
    || '"turn_detection": {"to": "semantic", "from": "fast"}, "turn_eagerness": {"to": "high", "from": "auto"}, '
    || '"reasoning_effort": {"to": "low"}}',
  'the model and voice settings of an agent are recorded'
);
insert into public.agent_config_servers (agent_config_id, server_id)
select id, current_setting('pgtap.notes')::uuid from public.agent_configs
where workspace_id = current_setting('pgtap.team')::uuid;
select matches(pg_temp.trail(), '^bob insert agent_config_servers', 'the servers of an agent are recorded');

-- A move is told on both sides.
insert into public.workspaces (name) values ('Other');
update public.mcp_servers set workspace_id = (select id from public.workspaces where name = 'Other');
select is(
  pg_temp.trail(),
  'bob delete agent_config_servers {"server_id": {"from": "' || current_setting('pgtap.notes') || '"}}, '
    || 'bob move_out mcp_servers Notes {}', 'a server that leaves a workspace is recorded there'
);
select is(
  (select string_agg(action, ' ') from public.audit_events e join public.workspaces w on w.id = e.workspace_id
   where w.name = 'Other' and e.table_name = 'mcp_servers'),
  'move_in', 'a server that arrives in a workspace is recorded there'
);
update public.mcp_servers set workspace_id = current_setting('pgtap.team')::uuid;
delete from public.mcp_servers;
select is(
  pg_temp.trail() ~ 'bob move_in mcp_servers Notes \{\}, bob delete mcp_servers Notes', true, 'a deleted server is recorded'
);

-- Who reads it
select isnt((select count(*) from public.audit_events where workspace_id = current_setting('pgtap.team')::uuid), 0::bigint, 'an admin reads the audit log');
select throws_ok('delete from public.audit_events', '42501', null, 'an admin cannot delete events');
select throws_ok($$ update public.audit_events set actor_id = null $$, '42501', null, 'an admin cannot change events');
select throws_ok(
  $$
    insert into public.audit_events (workspace_id, action, table_name, changes)
    values (current_setting('pgtap.team')::uuid, 'insert', 'mcp_servers', '{}')
  $$,
  '42501', null, 'an admin cannot add events'
);
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is(
  (select count(*) from public.audit_events where workspace_id = current_setting('pgtap.team')::uuid), 0::bigint, 'a member does not read the audit log'
);
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select is(
  (select count(*) from public.audit_events where workspace_id = current_setting('pgtap.team')::uuid), 0::bigint, 'a viewer does not read the audit log'
);

reset role;
select is_empty(
  $$ select from public.audit_events e where e::text ~* '(canary|sealed|@pgtap)' $$, 'the audit log has no secret and no email address'
);

-- An account that goes
delete from auth.users where id = 'cccccccc-0000-4000-8000-000000000003';
select is_empty(
  $$ select from public.audit_events e where e::text ~ 'cccccccc-0000-4000-8000-000000000003' $$,
  'the audit log has no id of a deleted user'
);
select isnt_empty(
  $$
    select from public.audit_events e where e.workspace_id = current_setting('pgtap.team')::uuid
      and e.actor_id is null and e.table_name = 'mcp_servers' and e.action = 'insert'
  $$,
  'events of a deleted user stay'
);
delete from public.workspaces where id = current_setting('pgtap.team')::uuid;
select is_empty(
  $$ select from public.audit_events e where e.workspace_id = current_setting('pgtap.team')::uuid $$,
  'deleting a workspace deletes its audit log'
);

select * from finish();
rollback;
