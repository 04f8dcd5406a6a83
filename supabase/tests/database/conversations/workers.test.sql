-- Workers report that they are alive; only the system reads and writes it.
begin;
select plan(12);

select is_empty(
  $$
    select r.name, p.name
    from unnest(array['anon', 'authenticated', 'api_token']) as r (name),
      unnest(array['select', 'insert', 'update', 'delete']) as p (name)
    where has_table_privilege(r.name, 'private.workers', p.name)
  $$,
  'clients have no privilege on workers'
);
select is_empty(
  $$
    select r.name, f.oid::regprocedure
    from unnest(array['anon', 'authenticated', 'api_token']) as r (name), pg_proc f
    where f.pronamespace = 'public'::regnamespace
      and f.proname in ('report_worker', 'retire_worker', 'live_workers')
      and has_function_privilege(r.name, f.oid, 'execute')
  $$,
  'clients can call none of the functions for workers'
);

-- The stack that runs the tests may have a worker of its own.
delete from private.workers;
set local role service_role;
select is_empty($$ select * from public.live_workers() $$, 'no worker is listed before one reports');

select lives_ok(
  $$ select public.report_worker('11111111-0000-4000-8000-000000000001', 'patchbay', '0.1.0', 6, 0) $$,
  'a worker reports'
);
select lives_ok(
  $$ select public.report_worker('11111111-0000-4000-8000-000000000001', 'patchbay', '0.1.0', 6, 2) $$,
  'a worker can report again'
);
select results_eq(
  $$ select agent_name, version, capacity, conversations from public.live_workers() $$,
  $$ values ('patchbay', '0.1.0', 6, 2) $$,
  'a worker that reports twice is listed once, as it last reported'
);
select throws_ok(
  $$ select public.report_worker('11111111-0000-4000-8000-000000000002', 'patchbay', '0.1.0', 0, 0) $$,
  '23514', null, 'a worker without capacity is a mistake'
);

select public.report_worker('11111111-0000-4000-8000-000000000002', 'patchbay', '0.1.0', 6, 0);
update private.workers set seen_at = clock_timestamp() - interval '59 seconds'
where id = '11111111-0000-4000-8000-000000000002';
select is((select count(*) from public.live_workers()), 2::bigint, 'a worker counts for a minute after its report');
update private.workers set seen_at = clock_timestamp() - interval '61 seconds'
where id = '11111111-0000-4000-8000-000000000002';
select is((select count(*) from public.live_workers()), 1::bigint, 'a worker that stopped reporting is not listed');

select public.retire_worker('11111111-0000-4000-8000-000000000001');
select is_empty($$ select * from public.live_workers() $$, 'a worker that stops is gone at once');

reset role;
update private.workers set seen_at = now() - interval '25 hours';
insert into private.workers values (
  '11111111-0000-4000-8000-000000000003', 'patchbay', '0.1.0', now(), now() - interval '23 hours', 6, 0
);
select is((private.prune_history() ->> 'private.workers')::integer, 1, 'retention removes what crashed a day ago');
select is((select count(*) from private.workers), 1::bigint, 'a retired worker is deleted');

select * from finish();
rollback;
