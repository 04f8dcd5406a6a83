-- Limits: what is enough is enough, told by name and number, and changed by the operator only.
begin;
\ir ../helpers.psql
select plan(45);

-- What a statement is refused with: code, message, details. Null when it runs.

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test');
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.workspaces (name) values ('Team');
select set_config('pgtap.team', id::text, true) from public.workspaces where name = 'Team';
select set_config('pgtap.home', id::text, true) from public.workspaces where is_personal;

-- Who sets them -------------------------------------------------------------------------------------
select throws_ok('select * from public.limits', '42501', null, 'users do not read the table');
select throws_ok('update public.limits set allowed = 1000000', '42501', null, 'users cannot raise their limits');
reset role;
set local role service_role;
select cmp_ok(
  (select count(*) from public.limits where workspace_id is null and user_id is null), '>=', 16::bigint,
  'the operator finds the defaults'
);
select lives_ok(
  $$ insert into public.limits (name, user_id, allowed)
     values ('servers_per_user', 'aaaaaaaa-0000-4000-8000-000000000001', 1000) $$,
  'a limit per user can be set for a user'
);
select throws_ok(
  $$ insert into public.limits (name, allowed) values ('serverz', 1) $$, '23514', null, 'a name that means nothing'
);
select throws_ok(
  $$ insert into public.limits (name, allowed) values ('servers', 1) $$, '23505', null, 'there is one default per limit'
);
select throws_ok(
  $$ insert into public.limits (name, user_id, allowed) values ('servers', 'aaaaaaaa-0000-4000-8000-000000000001', 1) $$,
  '23514', null, 'a limit per workspace cannot be set for a user'
);
insert into public.limits (name, workspace_id, allowed)
select v.name, current_setting('pgtap.team')::uuid, v.allowed
from (values ('servers', 2), ('agents', 2), ('members', 2), ('open_invitations', 1), ('tools_per_server', 2),
  ('sessions_per_day', 2), ('probes_per_minute', 3)) as v (name, allowed);
insert into public.limits (name, user_id, allowed) values
  ('workspaces_per_user', 'aaaaaaaa-0000-4000-8000-000000000001', 3),
  ('sessions_per_day_per_user', 'bbbbbbbb-0000-4000-8000-000000000002', 1),
  ('probes_per_minute_per_user', 'bbbbbbbb-0000-4000-8000-000000000002', 2),
  ('voice_tokens_per_minute_per_user', 'bbbbbbbb-0000-4000-8000-000000000002', 0);

-- Servers -------------------------------------------------------------------------------------------
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
create function pg_temp.add_servers(p_names text) returns text language sql as $$
  select pg_temp.refused(format(
    'insert into public.mcp_servers (workspace_id, name, url)
     select %L, name, ''https://x.example'' from unnest(%L::text[]) as n (name)',
    current_setting('pgtap.team'), p_names
  ))
$$;
select is(pg_temp.add_servers('{One}'), null, 'up to the limit there is room');
select is(
  pg_temp.add_servers('{Two,Three}'),
  'PT409 The limit of 2 servers is reached: 1 in use, 2 more requested. '
    || '{"used": 1, "limit": "servers", "allowed": 2}',
  'a list that does not fit is told with its numbers, and nothing of it stays'
);
select is(pg_temp.add_servers('{Two}'), null, 'the last server within the limit can be added');
select is(
  pg_temp.add_servers('{Three}'),
  'PT409 The limit of 2 servers is reached: 2 in use. {"used": 2, "limit": "servers", "allowed": 2}',
  'one server too many is refused'
);
select is(
  pg_temp.refused($$
    insert into public.mcp_servers (workspace_id, name, slug, url)
    values (current_setting('pgtap.team')::uuid, 'Again', 'one', 'https://x.example')
    on conflict (workspace_id, slug) do update set name = excluded.name
  $$),
  null, 'a change to one that is there is no new one'
);
insert into public.mcp_servers (name, url) values ('Elsewhere', 'https://x.example');
select matches(
  pg_temp.refused($$
    update public.mcp_servers set workspace_id = current_setting('pgtap.team')::uuid where name = 'Elsewhere'
  $$),
  '^PT409 The limit of 2 servers is reached', 'a full workspace takes none from another'
);
delete from public.mcp_servers where name = 'Two';
select is(
  pg_temp.refused($$
    update public.mcp_servers set workspace_id = current_setting('pgtap.team')::uuid where name = 'Elsewhere'
  $$),
  null, 'a workspace with room takes a server from another'
);
reset role;
update public.limits set allowed = 3 where name = 'servers' and workspace_id = current_setting('pgtap.team')::uuid;
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select is(pg_temp.add_servers('{Three}'), null, 'the operator allows more, and it holds at once');

-- Agents, tools, people, workspaces -----------------------------------------------------------------
select is(
  pg_temp.refused($$
    insert into public.agent_configs (workspace_id, name)
    values (current_setting('pgtap.team')::uuid, 'B'), (current_setting('pgtap.team')::uuid, 'C')
  $$),
  'PT409 The limit of 2 agents is reached: 1 in use, 2 more requested. '
    || '{"used": 1, "limit": "agents", "allowed": 2}',
  'agents'
);
select is(
  pg_temp.refused($$ insert into public.workspaces (name) values ('Third') $$), null, 'the last workspace within the limit can be created'
);
select is(
  pg_temp.refused($$ insert into public.workspaces (name) values ('Fourth') $$),
  'PT409 The limit of 3 workspaces per user is reached: 3 in use. '
    || '{"used": 3, "limit": "workspaces_per_user", "allowed": 3}',
  'are counted for the user'
);
select set_config('pgtap.invitation', public.create_invitation(current_setting('pgtap.team')::uuid, 'member') ->> 'token', true);
select matches(
  pg_temp.refused($$ select public.create_invitation(current_setting('pgtap.team')::uuid, 'member') $$),
  '^PT409 The limit of 1 open invitations is reached', 'open invitations are limited'
);
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select lives_ok($$ select public.accept_invitation(current_setting('pgtap.invitation')) $$, 'members, while there is room');
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select set_config('pgtap.invitation', public.create_invitation(current_setting('pgtap.team')::uuid, 'member') ->> 'token', true);
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select matches(
  pg_temp.refused($$ select public.accept_invitation(current_setting('pgtap.invitation')) $$),
  '^PT409 The limit of 2 members is reached', 'a full workspace lets nobody in'
);
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select is(
  (select count(*) from public.workspace_invitations where accepted_at is null), 1::bigint, 'an invitation that could not be accepted for lack of room stays valid'
);
select results_eq(
  $$ select * from public.workspace_usage(current_setting('pgtap.team')::uuid) order by 1 $$,
  $$ values ('agents', 2, 1::bigint), ('api_tokens', 50, 0), ('members', 2, 2), ('open_invitations', 1, 1), ('servers', 3, 3),
    ('servers_per_user', 1000, 3), ('session_idle_minutes', 10, null), ('session_minutes', 120, null), ('sessions_at_once', 50, 0),
    ('sessions_per_day', 2, 0) $$,
  'members see what is used'
);
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is_empty(
  $$ select * from public.workspace_usage(current_setting('pgtap.team')::uuid) $$, 'strangers see no usage'
);

reset role;
set local role service_role;
select set_config('pgtap.server', id::text, true) from public.mcp_servers
where workspace_id = current_setting('pgtap.team')::uuid and slug = 'one';
create function pg_temp.store(p_tools text) returns text language sql as $$
  select pg_temp.refused(format(
    'select public.store_catalog(%L, 1, clock_timestamp(), (
       select jsonb_agg(jsonb_build_object(''name'', n, ''fingerprint'', ''1'', ''input_schema'', ''{}''::jsonb))
       from unnest(%L::text[]) n
     ))', current_setting('pgtap.server'), p_tools
  ))
$$;
select is(pg_temp.store('{a,b}'), null, 'as many tools as allowed are stored');
select is(pg_temp.store('{a,b}'), null, 'the same list again is no more');
select is(pg_temp.store('{a,c}'), null, 'another list of the same length is stored');
select is(pg_temp.store('{d,c,b,a}'), null, 'a list that is too long is stored in part');
select is(
  (
    select string_agg(name, ' ' order by position) from public.mcp_tools
    where server_id = current_setting('pgtap.server')::uuid
  ),
  'd c', 'of a list that is too long the first tools are stored in the server''s order'
);
select results_eq(
  $$ select tool_count, tools_over_limit from public.mcp_servers where id = current_setting('pgtap.server')::uuid $$,
  $$ values (2, 2) $$, 'the server''s row says how many tools there are and how many are missing'
);
select is(
  (select public.store_catalog(s.id, s.config_version, clock_timestamp(), (
    select jsonb_agg(jsonb_build_object('name', n, 'fingerprint', '1', 'input_schema', '{}'::jsonb))
    from unnest(array['d', 'd', 'c', 'b', 'd']) n
  )) -> 'over_limit' from public.mcp_servers s where s.id = current_setting('pgtap.server')::uuid),
  '1', 'a name that is there twice counts once'
);
select is(
  public.tool_limit((select workspace_id from public.mcp_servers where id = current_setting('pgtap.server')::uuid)),
  2, 'whoever tests a server may ask for the limit'
);
select throws_like(
  $$ insert into public.mcp_tools (server_id, workspace_id, name, input_schema, fingerprint)
     select id, workspace_id, 'one more', '{}', '1' from public.mcp_servers
     where id = current_setting('pgtap.server')::uuid $$,
  'The limit of 2 tools per server is reached: %', 'no other way leads past the limit of tools'
);

-- Conversations -------------------------------------------------------------------------------------
create function pg_temp.talk(p_user uuid, p_workspace text) returns text language sql as $$
  select pg_temp.refused(format(
    'insert into public.voice_sessions (workspace_id, user_id) values (%L, %L)',
    current_setting('pgtap.' || p_workspace), p_user
  ))
$$;
select is(pg_temp.talk('bbbbbbbb-0000-4000-8000-000000000002', 'team'), null, 'conversations');
select is(
  pg_temp.talk('bbbbbbbb-0000-4000-8000-000000000002', 'team'),
  'PT429 The limit of 1 conversations per day per user is reached: try again in 24 hours. '
    || '{"used": 1, "limit": "sessions_per_day_per_user", "allowed": 1, "retry_after_s": 86400}',
  'are counted for each user'
);
select is(pg_temp.talk('aaaaaaaa-0000-4000-8000-000000000001', 'team'), null, 'another user can start a conversation');
select matches(
  pg_temp.talk('aaaaaaaa-0000-4000-8000-000000000001', 'team'), '^PT429 The limit of 2 conversations per day is reached',
  'conversations per day are limited for the workspace'
);
delete from public.voice_sessions where user_id = 'aaaaaaaa-0000-4000-8000-000000000001';
select matches(
  pg_temp.talk('aaaaaaaa-0000-4000-8000-000000000001', 'team'), '^PT429 The limit of 2 conversations per day is reached',
  'deleting conversations makes no room'
);
update private.uses set used_at = now() - interval '25 hours'
where workspace_id = current_setting('pgtap.team')::uuid;
select is(pg_temp.talk('aaaaaaaa-0000-4000-8000-000000000001', 'team'), null, 'a day later there is room again');

-- Rates ---------------------------------------------------------------------------------------------
create function pg_temp.call(p_action text, p_user uuid, p_workspace text default null) returns text language sql as $$
  select pg_temp.refused(format(
    'select public.count_call(%L, %L, %L)', p_action, p_user,
    case when p_workspace is not null then current_setting('pgtap.' || p_workspace) end
  ))
$$;
select is(
  array[
    pg_temp.call('probes', 'bbbbbbbb-0000-4000-8000-000000000002'),
    pg_temp.call('probes', 'bbbbbbbb-0000-4000-8000-000000000002', 'team')
  ],
  array[null, null], 'calls up to the limit'
);
select matches(
  pg_temp.call('probes', 'bbbbbbbb-0000-4000-8000-000000000002', 'team'),
  '^PT429 The limit of 2 probes per minute per user is reached: try again in \d+ seconds\. '
    || '\{"used": 2, "limit": "probes_per_minute_per_user", "allowed": 2, "retry_after_s": \d+\}$',
  'a call too many is refused with the time to wait'
);
select pg_temp.call('probes', 'aaaaaaaa-0000-4000-8000-000000000001', 'team'),
  pg_temp.call('probes', 'aaaaaaaa-0000-4000-8000-000000000001', 'team');
select matches(
  pg_temp.call('probes', 'aaaaaaaa-0000-4000-8000-000000000001', 'team'),
  '^PT429 The limit of 3 probes per minute is reached', 'the users of a workspace share its limit'
);
select is(
  pg_temp.call('probes', 'aaaaaaaa-0000-4000-8000-000000000001', 'home'), null,
  'calls refused in one workspace do not count in another'
);
select matches(
  pg_temp.call('voice_tokens', 'bbbbbbbb-0000-4000-8000-000000000002', 'team'),
  'PT429 The limit of 0 voice tokens per minute per user .*"allowed": 0\}$', 'nothing at all may be allowed'
);
reset role;
update private.call_rates set counted_at = counted_at - interval '31 seconds'
where user_id = 'bbbbbbbb-0000-4000-8000-000000000002';
update private.call_rates set counted_at = counted_at - interval '1 minute' where workspace_id is not null;
set local role service_role;
select is(
  pg_temp.call('probes', 'bbbbbbbb-0000-4000-8000-000000000002', 'team'), null, 'calls are forgotten with time'
);

select * from finish();
rollback;
