-- Requests to one host are counted over all tenants, and the allowance is shared between owners.
begin;
\ir ../helpers.psql
select plan(12);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'), ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test');
update public.limits set allowed = 100 where name = 'host_requests_per_minute';
create function pg_temp.wait(p_hosts text[], p_user uuid, p_workspace uuid default null) returns integer language sql as $$
  select (public.count_host_requests(p_hosts, 5, p_workspace, p_user) ->> 'wait_s')::integer
$$;
create function pg_temp.fill(p_hosts text[], p_user uuid, p_workspace uuid default null) returns integer
language plpgsql as $$
declare
  v_times integer := 0;
begin
  while pg_temp.wait(p_hosts, p_user, p_workspace) = 0 loop v_times := v_times + 1; end loop;
  return v_times;
end
$$;

select is(pg_temp.fill('{name:a.example}', pg_temp.ada()), 10, 'one owner gets half of the allowance of a host');
select cmp_ok(pg_temp.wait('{name:a.example}', pg_temp.ada()), '<=', 60, 'a refused owner learns when to retry');
select cmp_ok(pg_temp.wait('{name:a.example}', pg_temp.ada()), '>', 0, 'a refused owner has to wait');
select is(pg_temp.fill('{name:a.example}', pg_temp.bob()), 5, 'another owner gets a share of the rest');
select is(
  pg_temp.wait('{name:a.example}', null, (select id from public.workspaces where created_by = pg_temp.ada())) > 0, true,
  'a workspace is charged to its creator'
);
select is(pg_temp.wait('{name:b.example}', pg_temp.ada()), 0, 'other hosts are counted on their own');
select is(
  (
    select sum(pg_temp.fill(array['name:w' || n || '.example', 'address:192.0.2.1'], pg_temp.ada()))
    from generate_series(1, 5) n
  ), 20::bigint, 'many names of one address share the double of one host'
);
select is(pg_temp.wait('{name:w9.example,address:192.0.2.1}', pg_temp.bob()), 0, 'hosts that share an address leave each other a share');
select is(
  (select count(*) from private.host_requests where host = hashtextextended('name:w9.example', 0)), 2::bigint,
  'a request adds one row for the host and one for its owner'
);
select pg_temp.wait('{name:w8.example,address:192.0.2.1}', pg_temp.ada());
select is(
  (select count(*) from private.host_requests where host = hashtextextended('name:w8.example', 0)), 0::bigint,
  'refused requests to one of several hosts are not counted for any'
);
update private.host_requests set minute = minute - 5;
select is(pg_temp.wait('{name:a.example}', pg_temp.ada()), 0, 'the next minute starts anew');
select is((select count(*) from private.host_requests where minute < (select max(minute) from private.host_requests) - 1), 0::bigint, 'rows of past minutes are deleted');

select * from finish();
rollback;
