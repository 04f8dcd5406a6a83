-- History of a server: uptime, latency and incidents of a day, a week and 30 days; what conversations see counts as
-- a look; what has grown old goes.
begin;
\ir ../helpers.psql
select plan(24);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('eeeeeeee-0000-4000-8000-000000000005', 'eve@pgtap.test');
select set_config('pgtap.team', id::text, true)
from public.workspaces where created_by = 'aaaaaaaa-0000-4000-8000-000000000001';
insert into public.mcp_servers (id, workspace_id, user_id, name, url) values (
  '11111111-0000-4000-8000-000000000001', current_setting('pgtap.team')::uuid,
  'aaaaaaaa-0000-4000-8000-000000000001', 'Weather', 'https://weather.example/mcp'
);
update public.mcp_servers set created_at = now() - interval '40 days'
where id = '11111111-0000-4000-8000-000000000001';
-- So many checks that took so long, so long ago.
create function pg_temp.checks(p_count integer, p_ms numeric, p_ago interval) returns void language sql as $$
  select private.count_check(
    '11111111-0000-4000-8000-000000000001', current_setting('pgtap.team')::uuid, now() - p_ago, true, p_ms
  ) from generate_series(1, p_count)
$$;
create function pg_temp.away(p_from interval, p_to interval) returns void language sql as $$
  insert into public.mcp_server_incidents (server_id, workspace_id, series_id, started_at, ended_at, error_code)
  values (
    '11111111-0000-4000-8000-000000000001', current_setting('pgtap.team')::uuid, gen_random_uuid(),
    now() - p_from, now() - p_to, 'timeout'
  )
$$;
create function pg_temp.of(p_span text, p_field text) returns numeric language sql as $$
  select (public.server_history('11111111-0000-4000-8000-000000000001') -> p_span ->> p_field)::numeric
$$;
create function pg_temp.near(p_value numeric, p_wanted numeric) returns boolean language sql as $$
  select p_value between p_wanted / 1.15 and p_wanted * 1.15
$$;

-- Nothing was checked yet
select is(pg_temp.of('day', 'uptime'), null, 'without checks there is no uptime');
select is(pg_temp.of('day', 'p50_ms'), null, 'without checks there is no latency');

-- Latency
select pg_temp.checks(90, 100, '2 hours'), pg_temp.checks(10, 2000, '3 hours'), pg_temp.checks(900, 400, '3 days');
select pg_temp.checks(9000, 30, '20 days');
select is(pg_temp.of('day', 'checks'), 100::numeric, 'the history has the checks of a day');
select is(pg_temp.of('week', 'checks'), 1000::numeric, 'the history covers a week');
select is(pg_temp.of('month', 'checks'), 10000::numeric, 'the history covers 30 days');
select ok(pg_temp.near(pg_temp.of('day', 'p50_ms'), 100), 'half of a day''s answers took so long, to within 15 %');
select ok(pg_temp.near(pg_temp.of('day', 'p95_ms'), 2000), '95 % of them so long');
select ok(pg_temp.near(pg_temp.of('week', 'p50_ms'), 400), 'the history has the median latency of a week');
select ok(pg_temp.near(pg_temp.of('month', 'p50_ms'), 30), 'the history has the median latency of 30 days');
select pg_temp.checks(500, null, '2 hours');
select ok(pg_temp.near(pg_temp.of('day', 'p50_ms'), 100), 'a look without a latency adds none');

-- Uptime
select is(pg_temp.of('week', 'uptime'), 1::numeric, 'without an incident the uptime is 1');
select pg_temp.away('5 hours', '2 hours 36 minutes'), pg_temp.away('50 hours', '40 hours');
select is(pg_temp.of('day', 'uptime'), 0.9::numeric, 'away for 2.4 of 24 hours');
select is(pg_temp.of('week', 'uptime'), round(1 - 12.4 / 168, 5), 'incidents of 12.4 hours reduce the uptime of a week');
update public.mcp_servers set created_at = now() - interval '6 hours'
where id = '11111111-0000-4000-8000-000000000001';
select is(pg_temp.of('month', 'uptime'), 0.6::numeric, 'uptime counts from when the server was created');
select pg_temp.act_as('eeeeeeee-0000-4000-8000-000000000005');
select is(
  public.server_history('11111111-0000-4000-8000-000000000001') -> 'month' ->> 'checks', '0', 'strangers see none of it'
);
reset role;

-- What a conversation sees
create function pg_temp.report(p_source text, p_status text) returns void language sql as $$
  update public.mcp_server_health set due_at = clock_timestamp() + interval '30 seconds'
  where server_id = '11111111-0000-4000-8000-000000000001';
  select public.report_server_status(jsonb_build_array(jsonb_build_object(
    'server_id', '11111111-0000-4000-8000-000000000001', 'config_version', 1, 'source', p_source,
    'status', p_status, 'observed_at', clock_timestamp()
  )));
$$;
create function pg_temp.due_in() returns numeric language sql as $$
  select round(extract(epoch from due_at - clock_timestamp())) from public.mcp_server_health
  where server_id = '11111111-0000-4000-8000-000000000001'
$$;
-- Watched from the start: otherwise the first report would bring it up as well.
select private.watch(current_setting('pgtap.team')::uuid, interval '15 seconds'), pg_temp.report('monitor', 'connected');
select is(pg_temp.due_in(), 30::numeric, 'a monitor decides itself when it looks again');
select pg_temp.report('session', 'connected');
select is(pg_temp.due_in(), 75::numeric, 'a server that a conversation reports as connected is probed after 75 seconds');
select pg_temp.report('session', 'error');
select is(pg_temp.due_in(), 2::numeric, 'a change that a conversation sees is probed after two seconds');
update public.mcp_server_health set lease_id = gen_random_uuid(), leased_until = clock_timestamp() + interval '1 minute'
where server_id = '11111111-0000-4000-8000-000000000001';
select pg_temp.report('session', 'connected');
select is(pg_temp.due_in(), 30::numeric, 'unless a monitor looks just now');

-- A list of tools that is still the same
update public.mcp_servers set catalog_observed_at = now() - interval '1 hour'
where id = '11111111-0000-4000-8000-000000000001';
create function pg_temp.list_age(p_seen timestamptz) returns interval language plpgsql as $$
begin
  perform public.report_server_status(jsonb_build_array(jsonb_build_object(
    'server_id', '11111111-0000-4000-8000-000000000001', 'config_version', 1, 'source', 'monitor',
    'status', 'connected', 'observed_at', clock_timestamp(), 'catalog_seen_at', p_seen
  )));
  return now() - catalog_observed_at from public.mcp_servers where id = '11111111-0000-4000-8000-000000000001';
end
$$;
select is(pg_temp.list_age(null), interval '1 hour', 'a look without a list leaves its age');
select is(pg_temp.list_age(now()), interval '0', 'an unchanged list of tools makes the stored one current');

-- What has grown old
select pg_temp.checks(1, 30, '32 days'), pg_temp.away('92 days', '91 days');
select private.add_notice('11111111-0000-4000-8000-000000000001', 'down', 'old', null);
update public.notices set created_at = now() - interval '91 days' where key = 'old';
select private.add_notice('11111111-0000-4000-8000-000000000001', 'down', 'new', null);
select public.prune_health();
select is(
  (select min(hour) > now() - interval '31 days' from public.mcp_server_hours
   where server_id = '11111111-0000-4000-8000-000000000001'),
  true, 'hours are kept for 31 days'
);
select is(
  (select count(*) from public.mcp_server_incidents
   where server_id = '11111111-0000-4000-8000-000000000001' and ended_at < now() - interval '90 days'),
  0::bigint, 'incidents are kept for 90 days'
);
select results_eq(
  $$ select key from public.notices where server_id = '11111111-0000-4000-8000-000000000001' and key in ('old', 'new') $$,
  $$ values ('new') $$, 'old notices are deleted'
);

select * from finish();
rollback;
