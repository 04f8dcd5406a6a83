-- What others find well needs no probe: when a monitor comes, and what it does then.
begin;
select plan(23);

insert into auth.users (id, email) values ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test');
select set_config('pgtap.team', id::text, true)
from public.workspaces where created_by = 'aaaaaaaa-0000-4000-8000-000000000001';
insert into public.mcp_servers (id, workspace_id, user_id, name, url) values (
  '11111111-0000-4000-8000-000000000001', current_setting('pgtap.team')::uuid,
  'aaaaaaaa-0000-4000-8000-000000000001', 'Weather', 'https://weather.example/mcp'
);

create function pg_temp.server() returns uuid language sql as $$ select '11111111-0000-4000-8000-000000000001'::uuid $$;
create function pg_temp.observe(p_source text, p_status text, p_ago interval default '0') returns void language sql as $$
  select public.report_server_status(jsonb_build_array(jsonb_build_object(
    'server_id', pg_temp.server(), 'config_version', 1, 'observed_at', clock_timestamp() - p_ago, 'source', p_source,
    'status', p_status, 'ok', p_status = 'connected'
  )));
$$;
create function pg_temp.due_in() returns numeric language sql as $$
  select round(extract(epoch from due_at - clock_timestamp())) from public.mcp_server_health
  where server_id = pg_temp.server()
$$;
create function pg_temp.is_confirmed() returns text language sql as $$
  select private.probe_job(pg_temp.server(), 240000) ->> 'is_confirmed'
$$;
create function pg_temp.due(p_in interval, p_leased_in interval default null) returns void language sql as $$
  update public.mcp_server_health set
    due_at = clock_timestamp() + p_in, leased_until = clock_timestamp() + p_leased_in,
    lease_id = case when p_leased_in is not null then '22222222-0000-4000-8000-000000000002'::uuid end
  where server_id = pg_temp.server()
$$;
create function pg_temp.finish(p_ok boolean) returns integer language sql as $$
  select public.finish_probes(jsonb_build_array(jsonb_build_object(
    'server_id', pg_temp.server(), 'lease_id', '22222222-0000-4000-8000-000000000002', 'next_ms', 4000,
    'memory', '{"failures": 1, "successes": 0, "certificate": null}'::jsonb, 'certificate_expires_at', null,
    'notices', '[]'::jsonb, 'observation', jsonb_build_object(
      'server_id', pg_temp.server(), 'config_version', 1, 'observed_at', clock_timestamp(), 'source', 'monitor',
      'status', case when p_ok then 'connected' else 'error' end, 'ok', p_ok, 'error_code', 'session_lost'
    )
  )))
$$;
create function pg_temp.status() returns text language sql as $$
  select connection_status from public.mcp_servers where id = pg_temp.server()
$$;

select is(pg_temp.is_confirmed(), 'false', 'nobody has seen the server yet');
select pg_temp.observe('session', 'connected');
select is(pg_temp.is_confirmed(), 'true', 'a conversation found it well');
select cmp_ok(pg_temp.due_in(), '>=', 59::numeric, 'a healthy server is probed after the usual interval');
select pg_temp.observe('session', 'error');
select is(pg_temp.is_confirmed(), 'false', 'a server that a conversation finds failing is probed by the monitor');
select cmp_ok(pg_temp.due_in(), '<=', 2::numeric, 'a server that fails is probed at once');
select pg_temp.observe('function', 'connected');
select is(pg_temp.is_confirmed(), 'true', 'a call or a test counts as well');
select cmp_ok(pg_temp.due_in(), '<=', 2::numeric, 'the end of an outage is decided on at once');
select pg_temp.observe('monitor', 'connected');
select is(pg_temp.is_confirmed(), 'true', 'an observation by the monitor leaves the confirmation as it is');
select pg_temp.observe('monitor', 'error');
select is(pg_temp.is_confirmed(), 'false', 'a server that is shown as failing is not confirmed');

-- A monitor that died, and one that starts beside a conversation
select pg_temp.due('-40 seconds', '-1 second');
select pg_temp.observe('session', 'connected', '-1 second');
select pg_temp.observe('session', 'connected', '-2 seconds');
select cmp_ok(pg_temp.due_in(), '>', 70::numeric, 'a lease that ran out holds nothing back');
select is(
  public.claim_due_servers(gen_random_uuid(), 10, 40000, 240000), '[]', 'a monitor that starts leaves the server alone'
);
select pg_temp.due('-40 seconds', '30 seconds');
select pg_temp.observe('session', 'connected', '-3 seconds');
select is(pg_temp.due_in(), -40::numeric, 'the lease of a monitor that lives is respected');
select is(pg_temp.is_confirmed(), 'true', 'whoever claims the server after it finds it confirmed');

-- A probe that failed beside a conversation, as the second client of a server that takes one
select is(pg_temp.finish(false), 1, 'a probe that failed beside a conversation is taken');
select is(pg_temp.status(), 'connected', 'a failed probe beside a working conversation changes nothing');
select is(
  (select memory from public.mcp_server_health where server_id = pg_temp.server()), '{}', 'a failed probe beside a working conversation is not remembered'
);
select cmp_ok(pg_temp.due_in(), '>', 40::numeric, 'a failed probe beside a working conversation is not repeated early');
update public.mcp_server_health set confirmed_until = clock_timestamp() - interval '1 second';
select pg_temp.due('-1 second', '30 seconds');
select pg_temp.finish(false);
select is(pg_temp.status(), 'error', 'without a conversation a failed probe sets the status');

-- A conversation begins
update private.watched_workspaces set watched_until = clock_timestamp() - interval '1 second';
select pg_temp.due('4 minutes');
insert into public.voice_sessions (workspace_id, user_id, agent_config_id)
select a.workspace_id, 'aaaaaaaa-0000-4000-8000-000000000001', a.id from public.agent_configs a
where a.workspace_id = current_setting('pgtap.team')::uuid and a.is_default;
select ok(pg_temp.due_in() between 14 and 17, 'a conversation that begins has time to connect first');

-- It connects
update public.mcp_server_incidents set ended_at = clock_timestamp();
select pg_temp.due('1 second');
select pg_temp.observe('session', 'connecting', '-4 seconds');
select ok(pg_temp.due_in() between 14 and 16, 'a conversation that connects is given time');
insert into public.mcp_server_incidents (server_id, workspace_id, series_id, started_at)
values (pg_temp.server(), current_setting('pgtap.team')::uuid, gen_random_uuid(), clock_timestamp());
select pg_temp.due('1 second');
select pg_temp.observe('session', 'connecting', '-5 seconds');
select is(pg_temp.due_in(), 1::numeric, 'a conversation that connects does not delay the probe during an incident');

-- Another configuration
select pg_temp.observe('session', 'connected', '-6 seconds');
update public.mcp_servers set url = 'https://weather.example/other' where id = pg_temp.server();
select is(pg_temp.is_confirmed(), 'false', 'an observation of another configuration confirms nothing');

select is(
  has_column_privilege('authenticated', 'public.mcp_server_health', 'confirmed_until', 'select'), false,
  'users see nothing of it'
);

select * from finish();
rollback;
