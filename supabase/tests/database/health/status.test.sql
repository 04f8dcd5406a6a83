-- Status cannot lie: late, foreign and future observations never overwrite newer truth.
begin;
\ir ../helpers.psql
select plan(29);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test'),
  ('dddddddd-0000-4000-8000-000000000004', 'dee@pgtap.test');

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.mcp_servers (name, url) values ('Notes', 'https://notes.example/mcp');
select set_config('pgtap.server', id::text, true) from public.mcp_servers;

-- One observation, `p_seconds` from now.
create function pg_temp.seen(p_seconds integer, p_status text, p_more jsonb default '{}') returns jsonb
language sql as $$
  select jsonb_build_object(
    'server_id', current_setting('pgtap.server'), 'config_version', 1, 'source', 'session', 'status', p_status,
    'observed_at', now() + make_interval(secs => p_seconds)
  ) || p_more
$$;
create function pg_temp.report(variadic p_observations jsonb[]) returns integer language sql as $$
  select public.report_server_status(to_jsonb(p_observations))
$$;
create function pg_temp.status() returns text language sql security definer as $$
  select connection_status || coalesce(' ' || error_code, '') || ' ' || consecutive_failures
  from public.mcp_servers where id = current_setting('pgtap.server')::uuid
$$;

select throws_ok(
  $$ select pg_temp.report(pg_temp.seen(-60, 'connected')) $$, '42501', null, 'a user cannot report'
);
select throws_ok(
  $$
    insert into public.mcp_server_checks (server_id, workspace_id, checked_at, source, ok)
    select id, workspace_id, now(), 'monitor', true from public.mcp_servers
  $$,
  '42501', null, 'users cannot add checks'
);
reset role;
set local role service_role;

select is(pg_temp.status(), 'disconnected 0', 'nothing is known at first');
select is(
  pg_temp.report(pg_temp.seen(-100, 'connected', $${
    "latency_ms": 12.6, "protocol_version": "2025-11-25", "server_info": {"name": "notes"},
    "capabilities": {"tools": {}}, "instructions": "Be kind."
  }$$)), 1, 'an observation is applied'
);
select results_eq(
  $$
    select connection_status, latency_ms, protocol_version, server_info, capabilities, instructions,
      status_config_version, last_connected = status_observed_at
    from public.mcp_servers where id = current_setting('pgtap.server')::uuid
  $$,
  $$ values ('connected', 13, '2025-11-25', '{"name": "notes"}'::jsonb, '{"tools": {}}'::jsonb, 'Be kind.', 1, true) $$,
  'an observation is stored with all its fields'
);
select is(
  pg_temp.report(pg_temp.seen(-110, 'error', '{"error_code": "timeout"}')), 0, 'an older one is not'
);
select is(pg_temp.status(), 'connected 0', 'a repeated observation changes nothing');
select is(
  pg_temp.report(pg_temp.seen(-90, 'error', '{"error_code": "timeout", "error_message": "It did not answer."}')), 1,
  'a newer observation is applied'
);
select is(pg_temp.status(), 'error timeout 1', 'a newer observation becomes the status');
select results_eq(
  $$
    select protocol_version, last_connected = now() - interval '100 seconds', error_message
    from public.mcp_servers where id = current_setting('pgtap.server')::uuid
  $$,
  $$ values ('2025-11-25', true, 'It did not answer.') $$,
  'an observation without details keeps what is known'
);
select pg_temp.report(pg_temp.seen(-80, 'needs_auth', '{"error_code": "unauthorized"}'));
select is(pg_temp.status(), 'needs_auth unauthorized 2', 'consecutive failures are counted');
select pg_temp.report(pg_temp.seen(-79, 'connecting'));
select is(pg_temp.status(), 'connecting 2', 'trying again does not end the count');
select pg_temp.report(pg_temp.seen(-78, 'connected'));
select is(pg_temp.status(), 'connected 0', 'a success resets the count of failures');

select is(
  pg_temp.report(
    pg_temp.seen(-50, 'connected'), pg_temp.seen(-60, 'connecting'),
    pg_temp.seen(-40, 'error', '{"config_version": 2}')
  ),
  2, 'a batch is taken in the order of observation, whatever the order of arrival'
);
select is(pg_temp.status(), 'connected 0', 'the last observation of this configuration becomes the status');
select is(
  pg_temp.report(
    pg_temp.seen(-30, 'connecting'), pg_temp.seen(-30, 'connected'),
    pg_temp.seen(-30, 'error', '{"server_id": "99999999-0000-4000-8000-000000000009"}')
  ),
  2, 'of two observations at one time the later in the list wins, and deleted servers are skipped'
);
select is(pg_temp.status(), 'connected 0', 'the status is connected after the last observation');

select pg_temp.report(pg_temp.seen(3600, 'error', '{"error_code": "timeout"}'));
select ok(
  (select status_observed_at <= clock_timestamp() from public.mcp_servers where id = current_setting('pgtap.server')::uuid),
  'a clock that is ahead does not reach into the future'
);
select pg_temp.report(pg_temp.seen(3600, 'connected'));
select is(pg_temp.status(), 'connected 0', 'an observation from the future does not block later ones');

-- Editing makes the status unknown again; what is reported of the old configuration comes too late.
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
update public.mcp_servers set url = 'https://notes.example/v2';
select is(pg_temp.status(), 'disconnected 0', 'an edit sets the status to unknown');
select results_eq(
  $$ select status_observed_at is null, status_config_version is null, latency_ms is null from public.mcp_servers $$,
  $$ values (true, true, true) $$,
  'an edited server has no status until it is probed'
);
update public.mcp_servers set description = 'Only words.';
reset role;
set local role service_role;
select is(pg_temp.report(pg_temp.seen(60, 'connected')), 0, 'a report of the old configuration comes too late');
select is(pg_temp.status(), 'disconnected 0', 'an observation of the old configuration is ignored');
select is(
  pg_temp.report(pg_temp.seen(-3600, 'connected', '{"config_version": 2}')), 1,
  'the first report of the new one is, however long it took'
);

-- Checks --------------------------------------------------------------------------------------------
reset role;
set local role service_role;
select pg_temp.report(
  pg_temp.seen(-20, 'connected', '{
    "config_version": 2, "source": "function", "ok": true,
    "phases": {"address_ms": 1.4, "connect_ms": 2, "initialize_ms": 30.5}
  }'),
  pg_temp.seen(-10, 'error', '{"config_version": 2, "source": "monitor", "error_code": "timeout"}'),
  pg_temp.seen(-5, 'connected', '{"config_version": 2, "source": "session"}')
);
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select results_eq(
  $$
    select source, ok, error_code, address_ms, connect_ms, authenticate_ms, initialize_ms
    from public.mcp_server_checks order by checked_at
  $$,
  $$
    values ('function', true, null, 1, 2, null::integer, 31), ('monitor', false, 'timeout', null, null, null, null)
  $$,
  'probes leave a row each, sessions none'
);
reset role;
update public.mcp_server_checks set checked_at = now() - interval '49 hours'
where server_id = current_setting('pgtap.server')::uuid;
set local role service_role;
select pg_temp.report(pg_temp.seen(-1, 'connected', '{"config_version": 2, "source": "monitor"}'));
select public.prune_health();
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select is((select count(*) from public.mcp_server_checks), 1::bigint, 'rows are kept two days, what is left of them are the hours');
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is((select count(*) from public.mcp_server_checks), 0::bigint, 'strangers see no checks');
reset role;
set local role service_role;
select throws_ok(
  $$ select pg_temp.report(pg_temp.seen(0, 'splendid', '{"config_version": 2}')) $$,
  '23514', null, 'there is no other status'
);
delete from public.mcp_servers where id = current_setting('pgtap.server')::uuid;
select is(
  (select count(*) from public.mcp_server_checks where server_id = current_setting('pgtap.server')::uuid),
  0::bigint, 'a deleted server takes its history along'
);

select * from finish();
rollback;
