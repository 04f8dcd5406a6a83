-- Sessions and calls: a user's own, open to admins, written by the system only.
begin;
\ir ../helpers.psql
select plan(44);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test'),
  ('dddddddd-0000-4000-8000-000000000004', 'dee@pgtap.test');

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.mcp_servers (name, url, auth_method, is_active) values
  ('Notes', 'https://notes.example/mcp', 'api_key', true), ('Clock', 'https://clock.example/mcp', 'none', true),
  ('Asleep', 'https://asleep.example/mcp', 'none', false);
select set_config('pgtap.notes', id::text, true), set_config('pgtap.workspace', workspace_id::text, true)
from public.mcp_servers where slug = 'notes';
select throws_ok(
  $$
    insert into public.voice_sessions (workspace_id, user_id)
    values (current_setting('pgtap.workspace')::uuid, 'aaaaaaaa-0000-4000-8000-000000000001')
  $$,
  '42501', null, 'a user opens no session past the function that does'
);

reset role;
insert into public.workspace_members (workspace_id, user_id, role) values
  (current_setting('pgtap.workspace')::uuid, 'bbbbbbbb-0000-4000-8000-000000000002', 'admin'),
  (current_setting('pgtap.workspace')::uuid, 'cccccccc-0000-4000-8000-000000000003', 'viewer');
set local role service_role;
select public.put_server_secret(s.id, s.workspace_id, s.url, s.auth_method, 'sealed', 'nonce', 'key-1')
  from public.mcp_servers s where s.id = current_setting('pgtap.notes')::uuid;
select public.store_catalog(
  current_setting('pgtap.notes')::uuid, 2, now(),
  '[{"name": "add", "fingerprint": "1", "description": "Adds a note.", "input_schema": {"type": "object"}}]'
);
insert into public.voice_sessions (id, workspace_id, user_id, agent_config_id)
select '55555555-0000-4000-8000-000000000005', c.workspace_id, 'cccccccc-0000-4000-8000-000000000003', c.id
from public.agent_configs c where c.workspace_id = current_setting('pgtap.workspace')::uuid;
select results_eq(
  $$ select state, room_name from public.voice_sessions where id = '55555555-0000-4000-8000-000000000005' $$,
  $$ values ('starting', 'pb-55555555-0000-4000-8000-000000000005') $$,
  'a session has a room'
);

-- The snapshot
create function pg_temp.snapshot() returns jsonb language sql as $$
  select public.voice_session_snapshot('55555555-0000-4000-8000-000000000005')
$$;
select is(
  pg_temp.snapshot() -> 'session',
  jsonb_build_object(
    'id', '55555555-0000-4000-8000-000000000005', 'workspace_id', current_setting('pgtap.workspace'),
    'user_id', 'cccccccc-0000-4000-8000-000000000003', 'role', 'viewer', 'room_name', 'pb-55555555-0000-4000-8000-000000000005',
    'state', 'starting'
  ), 'the snapshot tells whose session it is'
);
select is(
  (pg_temp.snapshot() -> 'agent') - 'id' - 'system_prompt' - 'greeting',
  '{"name": "Assistant", "voice_model": "coral", "temperature": 80, "provider": "openai", "model": null,
    "reasoning_effort": null, "turn_detection": "fast", "turn_eagerness": "auto", "language": null}',
  'the snapshot has the agent'
);
select set_eq(
  $$ select s ->> 'slug' from jsonb_array_elements(pg_temp.snapshot() -> 'servers') s $$,
  array['clock', 'notes'], 'the snapshot has the active servers'
);
update public.mcp_servers set position = 0.5 where slug = 'clock';
select is(
  jsonb_path_query_array(pg_temp.snapshot(), '$.servers[*].slug'), '["clock", "notes"]', 'the snapshot lists servers in the user''s order'
);
select is(
  (select s -> 'secret' from jsonb_array_elements(pg_temp.snapshot() -> 'servers') s where s ->> 'slug' = 'notes'),
  '{"key_id": "key-1", "nonce": "nonce", "ciphertext": "sealed"}', 'the snapshot has the sealed credential'
);
select is(
  (select s -> 'secret' from jsonb_array_elements(pg_temp.snapshot() -> 'servers') s where s ->> 'slug' = 'clock'),
  'null', 'the snapshot has no credential where none is set'
);
select is(
  (select s -> 'tools' from jsonb_array_elements(pg_temp.snapshot() -> 'servers') s where s ->> 'slug' = 'notes'),
  '[{"name": "add", "title": null, "description": "Adds a note.", "input_schema": {"type": "object"},
     "output_schema": null, "annotations": null, "fingerprint": "1", "is_enabled": true, "is_pinned": false,
     "cache_ttl_seconds": null, "access": null}]',
  'the snapshot has the stored tools'
);
reset role;
update public.agent_configs set all_servers = false where workspace_id = current_setting('pgtap.workspace')::uuid;
insert into public.agent_config_servers (agent_config_id, server_id)
select c.id, s.id from public.agent_configs c join public.mcp_servers s using (workspace_id)
where c.workspace_id = current_setting('pgtap.workspace')::uuid and s.slug in ('clock', 'asleep');
set local role service_role;
select set_eq(
  $$ select s ->> 'slug' from jsonb_array_elements(pg_temp.snapshot() -> 'servers') s $$,
  array['clock'], 'an agent with servers of its own has only these, and of these the active ones'
);

select is(
  -- The time that is left is not the same a moment later.
  public.voice_session_snapshot('55555555-0000-4000-8000-000000000005', p_with_servers => false) - 'limits',
  pg_temp.snapshot() - 'servers' - 'limits', 'the snapshot without servers is otherwise the same'
);

-- Whose it is
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is((select count(id) from public.voice_sessions), 1::bigint, 'the user sees the own session');
select throws_ok(
  $$ select public.voice_session_snapshot('55555555-0000-4000-8000-000000000005') $$,
  '42501', null, 'a user cannot read the snapshot, which holds sealed keys'
);
select throws_ok(
  $$ select public.set_session_state('55555555-0000-4000-8000-000000000005', 'ended') $$, '42501', null, 'a user cannot set the state of a conversation'
);
select throws_ok(
  $$ select public.claim_dispatch('55555555-0000-4000-8000-000000000005', 1000) $$, '42501', null, 'a user cannot claim the dispatch lease'
);
select throws_ok($$ select public.record_tool_calls('[]') $$, '42501', null, 'a user cannot record tool calls');
select throws_ok(
  $$ select * from public.recent_call_times('55555555-0000-4000-8000-000000000005') $$,
  '42501', null, 'a user cannot call the function that returns how long calls took'
);
select throws_ok($$ update public.voice_sessions set state = 'ended' $$, '42501', null, 'a user cannot change the state of a conversation directly');
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is((select count(id) from public.voice_sessions), 1::bigint, 'an admin sees a member''s conversation');
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select is((select count(id) from public.voice_sessions), 0::bigint, 'a stranger does not see the conversation');

-- Calls
reset role;
set local role service_role;
create function pg_temp.call(p_id text, p_more jsonb default '{}') returns jsonb language sql as $$
  select jsonb_build_object(
    'id', p_id, 'session_id', '55555555-0000-4000-8000-000000000005', 'server_id', current_setting('pgtap.notes'),
    'tool_name', 'add', 'arguments', '{"text": "[hidden]"}'::jsonb, 'outcome', 'ok', 'error_code', null,
    'started_at', now(), 'queue_ms', 0.4, 'duration_ms', 12.5, 'result_bytes', 99
  ) || p_more
$$;
select is(
  public.record_tool_calls(jsonb_build_array(
    pg_temp.call('11111111-0000-4000-8000-000000000001'),
    pg_temp.call('11111111-0000-4000-8000-000000000002', '{"server_id": "99999999-0000-4000-8000-000000000009"}'),
    pg_temp.call('11111111-0000-4000-8000-000000000003', '{"session_id": "99999999-0000-4000-8000-000000000009"}'),
    pg_temp.call('11111111-0000-4000-8000-000000000004', jsonb_build_object('arguments', repeat('x', 20000)))
  )),
  3, 'calls are recorded, those of a session that is gone are not'
);
select is(
  public.record_tool_calls(jsonb_build_array(pg_temp.call('11111111-0000-4000-8000-000000000001'))),
  0, 'a repeated call is recorded once'
);
select results_eq(
  $$
    select queue_ms, duration_ms, result_bytes, arguments, user_id from public.tool_calls
    where id = '11111111-0000-4000-8000-000000000001'
  $$,
  $$ values (0, 13, 99, '{"text": "[hidden]"}'::jsonb, 'cccccccc-0000-4000-8000-000000000003'::uuid) $$,
  'calls are recorded as they were reported'
);
select is(
  (select server_id from public.tool_calls where id = '11111111-0000-4000-8000-000000000002'), null,
  'a server that is gone is left out'
);
select is(
  (select arguments from public.tool_calls where id = '11111111-0000-4000-8000-000000000004'), '{"truncated": true}',
  'calls with too large arguments are recorded without them'
);
select public.record_tool_calls(jsonb_build_array(
  pg_temp.call('11111111-0000-4000-8000-000000000005', jsonb_build_object('duration_ms', 900, 'started_at', now() - interval '1 hour')),
  pg_temp.call('11111111-0000-4000-8000-000000000006', '{"duration_ms": 1, "queue_ms": null}'),
  pg_temp.call('11111111-0000-4000-8000-000000000007', '{"duration_ms": 2, "outcome": "cancelled"}')
));
select results_eq(
  $$ select server_id, tool_name, durations_ms from public.recent_call_times('55555555-0000-4000-8000-000000000005') $$,
  $$ values (current_setting('pgtap.notes')::uuid, 'add', array[900, 13, 13]) $$,
  'how long the last answers took, the oldest first; those from the cache and those cut off do not count'
);
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is((select count(*) from public.tool_calls), 6::bigint, 'the user sees the own calls');
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select is((select count(*) from public.tool_calls), 0::bigint, 'a stranger does not see the tool calls');

-- The lease, and the end
reset role;
set local role service_role;
select is(public.claim_dispatch('55555555-0000-4000-8000-000000000005', 60000), true, 'one caller brings the agent into the room');
select is(public.claim_dispatch('55555555-0000-4000-8000-000000000005', 60000), false, 'the next one does not');
update private.dispatch_leases set held_until = now() - interval '1 second'
where session_id = '55555555-0000-4000-8000-000000000005';
select is(public.claim_dispatch('55555555-0000-4000-8000-000000000005', 1000), true, 'another caller brings the agent after the lease expired');
select is(public.set_session_state('55555555-0000-4000-8000-000000000005', 'active'), true, 'a session becomes active');
select is(public.set_session_state('55555555-0000-4000-8000-000000000005', 'starting', 'worker_drained'), true, 'a conversation waits again when its worker leaves');
select is((select end_reason from public.voice_sessions where id = '55555555-0000-4000-8000-000000000005'), 'worker_drained', 'a waiting conversation says why its agent left');
select is(public.set_session_state('55555555-0000-4000-8000-000000000005', 'active'), true, 'a waiting conversation is active again with another agent');
select is((select end_reason from public.voice_sessions where id = '55555555-0000-4000-8000-000000000005'), null, 'an active conversation has no end reason');
select throws_ok(
  $$ select public.set_session_state('55555555-0000-4000-8000-000000000005', 'ended', 'on a whim') $$,
  '23514', null, 'a conversation cannot end for an unknown reason'
);
select is(public.set_session_state('55555555-0000-4000-8000-000000000005', 'ended', 'model_quota'), true, 'a conversation ends for a known reason');
select is((select end_reason from public.voice_sessions where id = '55555555-0000-4000-8000-000000000005'), 'model_quota', 'an ended conversation says why');
select is(public.set_session_state('55555555-0000-4000-8000-000000000005', 'active'), false, 'an ended conversation stays ended');
select is(pg_temp.snapshot(), null, 'an ended conversation has no snapshot');
select is(public.claim_dispatch('55555555-0000-4000-8000-000000000005', 1000), false, 'nobody brings an agent into an ended conversation');

insert into public.voice_sessions (id, workspace_id, user_id)
values ('66666666-0000-4000-8000-000000000006', current_setting('pgtap.workspace')::uuid, 'cccccccc-0000-4000-8000-000000000003');
select ok(
  public.voice_session_snapshot('66666666-0000-4000-8000-000000000006') #>> '{agent,name}' = 'Assistant',
  'a session whose agent was deleted goes on with the default'
);
reset role;
delete from public.workspace_members where user_id = 'cccccccc-0000-4000-8000-000000000003'
  and workspace_id = current_setting('pgtap.workspace')::uuid;
select is(
  public.voice_session_snapshot('66666666-0000-4000-8000-000000000006'), null,
  'a former member has no snapshot'
);

select * from finish();
rollback;
