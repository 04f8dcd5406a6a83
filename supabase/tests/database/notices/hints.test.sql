-- Hints: small, without secrets, on a topic that only members hear and nobody but the system sends on.
begin;
\ir ../helpers.psql
select plan(34);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test'),
  ('dddddddd-0000-4000-8000-000000000004', 'dee@pgtap.test');

create function pg_temp.member(p_user uuid) returns text language sql security definer as $$
  select 'workspace:' || id from public.workspaces where created_by = p_user and is_personal
$$;
select set_config('pgtap.topic', pg_temp.member('aaaaaaaa-0000-4000-8000-000000000001'), true);

-- What was sent on Ada's topic since the last look, one line a hint.
create temp table seen_hints (id uuid primary key);
create function pg_temp.hints() returns text language plpgsql security definer as $$
declare
  v_hints text;
begin
  with fresh as (
    insert into seen_hints select m.id from realtime.messages m
    where m.topic = current_setting('pgtap.topic') and m.private on conflict do nothing returning id
  )
  select string_agg(
    m.event || coalesce(' ' || (m.payload ->> 'op'), '')
      || coalesce(' ' || (m.payload ->> 'connection_status'), '') || coalesce(' ' || (m.payload ->> 'state'), ''),
    ', ' order by m.event, m.payload ->> 'op'
  ) into v_hints
  from realtime.messages m join fresh using (id);
  -- The whole story is one transaction: each look begins a new burst.
  perform set_config('patchbay.server_hints', '', true);
  return v_hints;
end
$$;
select pg_temp.hints();

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.mcp_servers (name, url, auth_method) values ('Notes', 'https://notes.example/mcp', 'api_key');
select set_config('pgtap.server', id::text, true) from public.mcp_servers;
select is(pg_temp.hints(), 'server.changed insert', 'a new server sends a hint');
update public.mcp_servers set transport = 'sse';
select is(pg_temp.hints(), 'server.changed update', 'a changed server sends a hint');
update public.mcp_servers set position = 7;
select is(pg_temp.hints(), 'server.changed update', 'a server in another position sends a hint');

reset role;
set local role service_role;
select public.report_server_status(jsonb_build_array(jsonb_build_object(
  'server_id', current_setting('pgtap.server'), 'config_version', 2, 'source', 'session', 'status', 'connected',
  'observed_at', now(), 'latency_ms', 20
)));
select is(pg_temp.hints(), 'server.status connected', 'a new status sends a hint');
select public.report_server_status(jsonb_build_array(jsonb_build_object(
  'server_id', current_setting('pgtap.server'), 'config_version', 2, 'source', 'session', 'status', 'connected',
  'observed_at', clock_timestamp(), 'latency_ms', 20
)));
select is(pg_temp.hints(), null, 'the same status again is no news');
create function pg_temp.look(p_ms integer) returns void language sql as $$
  select public.report_server_status(jsonb_build_array(jsonb_build_object(
    'server_id', current_setting('pgtap.server'), 'config_version', 2, 'source', 'monitor', 'status', 'connected',
    'observed_at', clock_timestamp(), 'latency_ms', p_ms
  )))
$$;
select pg_temp.look(30);
select is(pg_temp.hints(), 'server.status connected', 'how long it took, while somebody looks');
delete from private.watched_workspaces where workspace_id = (
  select workspace_id from public.mcp_servers where id = current_setting('pgtap.server')::uuid
);
select pg_temp.look(40);
select is(pg_temp.hints(), null, 'latency alone sends no hint while nobody watches');
select public.store_catalog(
  current_setting('pgtap.server')::uuid, 2, now(),
  '[{"name": "a", "fingerprint": "1", "input_schema": {}}, {"name": "b", "fingerprint": "1", "input_schema": {}}]'
);
select is(pg_temp.hints(), 'server.status connected, tools.changed', 'a catalog: one hint, not one a tool');
select public.store_catalog(
  current_setting('pgtap.server')::uuid, 2, clock_timestamp(),
  '[{"name": "a", "fingerprint": "1", "input_schema": {}}, {"name": "b", "fingerprint": "1", "input_schema": {}}]'
);
select is(pg_temp.hints(), null, 'the same catalog again is no news');
select public.put_server_secret(s.id, s.workspace_id, s.url, s.auth_method, 'sealed', 'nonce', 'key-1')
  from public.mcp_servers s where s.id = current_setting('pgtap.server')::uuid;
select is(pg_temp.hints(), 'server.changed update, server.status disconnected', 'a new key sends hints');

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
update public.mcp_tools set is_enabled = false;
select is(pg_temp.hints(), 'tools.changed', 'disabled tools send a hint');
update public.mcp_tools set is_pinned = true;
select is(pg_temp.hints(), 'tools.changed', 'pinned tools send a hint');
update public.agent_configs set greeting = 'Good morning!';
select is(pg_temp.hints(), 'agent_config.changed update', 'a changed agent sends a hint');
insert into public.agent_config_servers (agent_config_id, server_id)
select id, current_setting('pgtap.server')::uuid from public.agent_configs;
select is(pg_temp.hints(), 'agent_config.changed update', 'adding servers to an agent sends a hint');

reset role;
set local role service_role;
insert into public.voice_sessions (workspace_id, user_id)
select workspace_id, user_id from public.mcp_servers where id = current_setting('pgtap.server')::uuid;
select public.set_session_state(id, 'active') from public.voice_sessions
where user_id = 'aaaaaaaa-0000-4000-8000-000000000001';
select matches(pg_temp.hints(), '^session.changed (starting|active), session.changed (starting|active)$', 'a conversation sends hints');

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.workspaces (name) values ('Team');
update public.mcp_servers set workspace_id = (select id from public.workspaces where name = 'Team');
select matches(pg_temp.hints(), 'server.changed delete', 'a server that leaves is gone for those who stay');
select is(
  (
    select count(*) from public.workspaces w, public.mcp_servers s
    where w.name = 'Team' and s.workspace_id = w.id
  ), 1::bigint, 'members of the new workspace see a moved server'
);
delete from public.mcp_servers;
reset role;
select is(
  (select string_agg(m.payload ->> 'op', ' ' order by m.inserted_at, m.payload ->> 'op')
   from realtime.messages m join public.workspaces w on m.topic = 'workspace:' || w.id
   where w.name = 'Team' and w.created_by = 'aaaaaaaa-0000-4000-8000-000000000001' and m.event = 'server.changed'),
  'delete insert', 'where its deletion is told as well'
);

-- A burst
insert into public.mcp_servers (workspace_id, user_id, name, url)
select w.id, w.created_by, 'Many ' || n, 'https://many.example'
from public.workspaces w, generate_series(1, 400) n where 'workspace:' || w.id = current_setting('pgtap.topic');
select matches(
  pg_temp.hints(), '^(server.changed insert, ){20}servers.changed$',
  'many changes at once are told one by one up to a number, and then all together'
);
set local role service_role;
select is(
  public.report_server_status((
    select jsonb_agg(jsonb_build_object(
      'server_id', s.id, 'config_version', 1, 'source', 'session', 'status', 'connected', 'observed_at', now()
    ))
    from public.mcp_servers s, generate_series(1, 3) n where s.name like 'Many %'
  )), 1200, 'more than a thousand reports are applied at once'
);
select matches(
  pg_temp.hints(), '^(server.status connected, ){20}servers.changed$', 'are no more than 21 messages'
);
delete from public.mcp_servers where name like 'Many %';
select matches(pg_temp.hints(), '^(server.changed delete, ){20}servers.changed$', 'deleting many servers sends 20 hints and one for all others');
reset role;

select is_empty(
  $$
    select payload from realtime.messages
    where topic like 'workspace:%' and payload::text ~ '(sealed|nonce|https://notes.example|X-API-Key)'
  $$,
  'no hint holds a secret or a URL'
);

-- Who hears them
create function pg_temp.hears(p_user uuid, p_topic text) returns boolean language plpgsql as $$
begin
  perform pg_temp.act_as(p_user);
  perform set_config('realtime.topic', p_topic, true);
  return exists (select from realtime.messages where topic = p_topic and extension = 'broadcast');
end
$$;
select ok(
  pg_temp.hears('aaaaaaaa-0000-4000-8000-000000000001', current_setting('pgtap.topic')), 'a member hears the workspace'
);
select ok(
  not pg_temp.hears('bbbbbbbb-0000-4000-8000-000000000002', current_setting('pgtap.topic')), 'a stranger does not receive the workspace''s hints'
);
select is(
  (select count(*) from realtime.messages), 0::bigint, 'a user cannot read hints by selecting all'
);
select ok(
  not pg_temp.hears('aaaaaaaa-0000-4000-8000-000000000001', pg_temp.member('bbbbbbbb-0000-4000-8000-000000000002')),
  'a member of one workspace does not hear another'
);
select ok(
  not pg_temp.hears('aaaaaaaa-0000-4000-8000-000000000001', 'workspace:%'), 'no topic covers all workspaces'
);
select throws_ok(
  $$
    insert into realtime.messages (topic, extension, event, payload, private)
    values (current_setting('pgtap.topic'), 'broadcast', 'server.changed', '{}', true)
  $$,
  '42501', null, 'members listen, they do not send'
);
reset role;
select pg_temp.hints();
insert into public.workspace_members (workspace_id, user_id, role)
select id, 'bbbbbbbb-0000-4000-8000-000000000002', 'viewer' from public.workspaces
where 'workspace:' || id = current_setting('pgtap.topic');
select is(pg_temp.hints(), 'members.changed insert', 'a new member sends a hint');
select ok(
  pg_temp.hears('bbbbbbbb-0000-4000-8000-000000000002', current_setting('pgtap.topic')), 'a new member hears it'
);
reset role;
delete from public.workspace_members where user_id = 'bbbbbbbb-0000-4000-8000-000000000002'
  and 'workspace:' || workspace_id = current_setting('pgtap.topic');
select is(pg_temp.hints(), 'members.changed delete', 'a member who leaves sends a hint');
select ok(
  not pg_temp.hears('bbbbbbbb-0000-4000-8000-000000000002', current_setting('pgtap.topic')), 'a removed one no longer'
);
reset role;
set local role anon;
select is((select count(*) from realtime.messages), 0::bigint, 'anonymous callers receive no hints');

select * from finish();
rollback;
