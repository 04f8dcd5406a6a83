-- Who looks at a workspace: that its servers come up for a look, and how far what is shown can be trusted.
begin;
\ir ../helpers.psql
select plan(15);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('eeeeeeee-0000-4000-8000-000000000005', 'eve@pgtap.test');
select set_config('pgtap.team', id::text, true)
from public.workspaces where created_by = 'aaaaaaaa-0000-4000-8000-000000000001';
insert into public.workspace_members (workspace_id, user_id, role) values
  (current_setting('pgtap.team')::uuid, 'bbbbbbbb-0000-4000-8000-000000000002', 'viewer');
insert into public.mcp_servers (id, workspace_id, user_id, name, url) values (
  '11111111-0000-4000-8000-000000000001', current_setting('pgtap.team')::uuid,
  'aaaaaaaa-0000-4000-8000-000000000001', 'Weather', 'https://weather.example/mcp'
);
-- What is asked as the page asks, of monitors that were seen so many seconds ago and miss the network or not.
create function pg_temp.watch(p_user uuid, p_seen_ago integer[] default '{}', p_is_away boolean[] default '{}')
returns jsonb language plpgsql as $$
declare
  v_answer jsonb;
begin
  reset role;
  delete from private.monitors;
  insert into private.monitors (id, seen_at, network_away_since)
  select
    gen_random_uuid(), clock_timestamp() - make_interval(secs => ago),
    case when p_is_away[n] then timestamptz '2026-11-22 12:00:00+00' + make_interval(mins => n::integer) end
  from unnest(p_seen_ago) with ordinality as seen (ago, n);
  perform pg_temp.act_as(p_user);
  v_answer := public.watch_workspace(current_setting('pgtap.team')::uuid);
  reset role;
  return v_answer;
end
$$;

-- How far it can be trusted
select is(
  pg_temp.watch(pg_temp.ada()), '{"is_monitored": false, "network_away_since": null}', 'a page learns that no monitor runs'
);
select is(pg_temp.watch(pg_temp.ada(), array[0]) ->> 'is_monitored', 'true', 'a page learns that a monitor runs');
select is(pg_temp.watch(pg_temp.ada(), array[50]) ->> 'is_monitored', 'true', 'a monitor that reported within the minute counts as running');
select is(
  pg_temp.watch(pg_temp.ada(), array[61]) ->> 'is_monitored', 'false', 'a minute after the last word none runs'
);
select is(
  pg_temp.watch(pg_temp.ada(), array[0, 0], array[true, true]) -> 'network_away_since',
  '"2026-11-22T12:02:00+00:00"', 'the network is away when every monitor says so'
);
select is(
  pg_temp.watch(pg_temp.ada(), array[0, 0], array[true, false]) ->> 'network_away_since', null,
  'the network is not down if one monitor has it'
);
select is(
  pg_temp.watch(pg_temp.ada(), array[0, 61], array[true, false]) ->> 'network_away_since',
  '2026-11-22T12:01:00+00:00', 'the word of one that died does not count'
);

-- Who may look
select is(
  pg_temp.watch('bbbbbbbb-0000-4000-8000-000000000002', array[0]) ->> 'is_monitored', 'true', 'a viewer can watch a workspace'
);
select throws_ok(
  $$ select pg_temp.watch('eeeeeeee-0000-4000-8000-000000000005', array[0]) $$, 'PT404', null,
  'somebody who is not a member cannot watch a workspace'
);
reset role;
set local role anon;
select throws_ok(
  $$ select public.watch_workspace(current_setting('pgtap.team')::uuid) $$, '42501', null, 'an anonymous caller cannot watch a workspace'
);

-- What it does
reset role;
create function pg_temp.due_in() returns numeric language sql as $$
  select round(extract(epoch from due_at - clock_timestamp())) from public.mcp_server_health
  where server_id = '11111111-0000-4000-8000-000000000001'
$$;
create function pg_temp.shown(p_status text, p_ago interval) returns void language sql as $$
  update public.mcp_servers set connection_status = p_status, status_observed_at = clock_timestamp() - p_ago
  where id = '11111111-0000-4000-8000-000000000001';
  update public.mcp_server_health set due_at = clock_timestamp() + interval '4 minutes'
  where server_id = '11111111-0000-4000-8000-000000000001';
  update private.watched_workspaces set watched_until = clock_timestamp() - interval '1 second'
  where workspace_id = current_setting('pgtap.team')::uuid;
$$;
select pg_temp.shown('error', '5 seconds'), pg_temp.watch(pg_temp.ada());
select cmp_ok(pg_temp.due_in(), '<=', 2::numeric, 'a server that is down is looked at at once');
select pg_temp.shown('connected', '10 seconds'), pg_temp.watch(pg_temp.ada());
select is(pg_temp.due_in(), 50::numeric, 'watching probes a healthy server when its minute is over');
select pg_temp.shown('connected', '3 minutes'), pg_temp.watch(pg_temp.ada());
select cmp_ok(pg_temp.due_in(), '<=', 2::numeric, 'watching probes a server at once that was not checked for a while');
update public.mcp_server_health set due_at = clock_timestamp() + interval '40 seconds'
where server_id = '11111111-0000-4000-8000-000000000001';
select pg_temp.watch(pg_temp.ada());
select is(pg_temp.due_in(), 40::numeric, 'watching an already watched workspace changes nothing');
select pg_temp.shown('disconnected', '3 minutes');
update public.mcp_servers set is_active = false where id = '11111111-0000-4000-8000-000000000001';
select pg_temp.watch(pg_temp.ada());
select is(pg_temp.due_in(), null, 'a disabled server is not probed');

select * from finish();
rollback;
