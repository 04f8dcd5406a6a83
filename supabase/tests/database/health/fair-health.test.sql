-- Probes are shared fairly between owners, edits hurry a server once a minute, and what kills monitors is set apart.
begin;
\ir ../helpers.psql
select plan(19);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'), ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test');
update public.mcp_server_health set due_at = null;

-- Ada has 20 workspaces with 4 servers each, all of them overdue for long; Bob has one server, due just now.
insert into public.workspaces (name, created_by)
select 'Many ' || n, pg_temp.ada() from generate_series(1, 20) n;
insert into public.mcp_servers (workspace_id, name, url)
select w.id, 'Hanging ' || n, 'https://hanging.example/mcp' from public.workspaces w, generate_series(1, 4) n
where w.created_by = pg_temp.ada() and w.name like 'Many %';
insert into public.mcp_servers (id, workspace_id, name, url)
select '11111111-0000-4000-8000-000000000001', w.id, 'Victim', 'https://victim.example/mcp'
from public.workspaces w where w.created_by = pg_temp.bob();
update public.mcp_server_health h set due_at = clock_timestamp() - interval '1 hour'
from public.workspaces w where w.id = h.workspace_id and w.created_by = pg_temp.ada();
create function pg_temp.victim() returns uuid language sql as $$ select '11111111-0000-4000-8000-000000000001'::uuid $$;
create function pg_temp.victim_is_due() returns void language sql as $$
  update public.mcp_server_health set due_at = clock_timestamp() - interval '1 millisecond', lease_id = null,
    leased_until = null
  where server_id = pg_temp.victim()
$$;
create function pg_temp.claim(p_limit integer, p_held jsonb default '{}', p_lease_ms integer default 60000)
returns setof jsonb language sql as $$
  select job from jsonb_array_elements(public.claim_due_servers(
    '99999999-0000-4000-8000-000000000009', p_limit, p_lease_ms, 240000, null, p_held
  )) as job
$$;
create function pg_temp.health() returns public.mcp_server_health language sql as $$
  select * from public.mcp_server_health where server_id = pg_temp.victim()
$$;

-- Who comes first
select pg_temp.victim_is_due();
select results_eq(
  $$ select (job ->> 'owner_id')::uuid, count(*) from pg_temp.claim(16) job group by 1 order by 2 $$,
  $$ values (pg_temp.bob(), 1::bigint), (pg_temp.ada(), 8::bigint) $$,
  'an owner with 80 servers in 20 workspaces gets half of what a monitor may hold, and the other owner is served'
);
select is(
  (select count(*) from pg_temp.claim(8, jsonb_build_object(pg_temp.ada(), 8)) job), 0::bigint,
  'an owner who holds as many slots as are free gets no more'
);
select pg_temp.victim_is_due();
select results_eq(
  $$ select (job ->> 'id')::uuid from pg_temp.claim(1, jsonb_build_object(pg_temp.ada(), 15)) job $$,
  $$ values (pg_temp.victim()) $$, 'the last free slot is for another owner'
);
select is(
  (
    select count(distinct job ->> 'workspace_id') from pg_temp.claim(20) job
    where job ->> 'owner_id' = pg_temp.ada()::text
  ), 10::bigint, 'the workspaces of one owner take turns'
);
update public.workspaces set created_by = null where created_by = pg_temp.bob();
select pg_temp.victim_is_due();
select results_eq(
  $$ select (job ->> 'owner_id')::uuid from pg_temp.claim(1, jsonb_build_object(pg_temp.ada(), 99)) job $$,
  $$ values (pg_temp.bob()) $$, 'a workspace whose creator is forgotten is charged to its owner'
);

-- Edits
update public.mcp_servers set url = 'https://victim.example/1' where id = pg_temp.victim();
select cmp_ok((pg_temp.health()).due_at, '<', clock_timestamp() + interval '6 seconds', 'an edit brings the server up');
update public.mcp_servers set url = 'https://victim.example/2' where id = pg_temp.victim();
select cmp_ok(
  (pg_temp.health()).due_at, '>', clock_timestamp() + interval '55 seconds', 'another edit is probed early only after a minute'
);
update public.mcp_servers set is_active = false where id = pg_temp.victim();
select is((pg_temp.health()).due_at, null, 'a server that is switched off is not probed');
update public.mcp_servers set is_active = true where id = pg_temp.victim();
select cmp_ok(
  (pg_temp.health()).due_at, '>', clock_timestamp() + interval '55 seconds', 'switching off and on is no way around'
);
update public.mcp_server_health set hurried_at = clock_timestamp() - interval '61 seconds'
where server_id = pg_temp.victim();
update public.mcp_servers set url = 'https://victim.example/3' where id = pg_temp.victim();
select cmp_ok((pg_temp.health()).due_at, '<', clock_timestamp() + interval '6 seconds', 'an edit a minute later is probed early again');

-- Quarantine
create function pg_temp.finish(p_outcome text default null) returns integer language sql as $$
  select public.finish_probes(jsonb_build_array(jsonb_build_object(
    'server_id', pg_temp.victim(), 'lease_id', (pg_temp.health()).lease_id, 'next_ms', 0, 'memory', '{}'::jsonb,
    'outcome', p_outcome
  )))
$$;
update public.mcp_server_health set due_at = null where server_id <> pg_temp.victim();
update public.mcp_server_health set abandoned = 0 where server_id = pg_temp.victim();
select pg_temp.victim_is_due();
select is((select job ->> 'is_quarantined' from pg_temp.claim(1, '{}', 0) job), 'false', 'a server without abandoned leases is not isolated');
select is((select job ->> 'is_quarantined' from pg_temp.claim(1, '{}', 0) job), 'false', 'one abandoned lease does not isolate a server');
select is((select job ->> 'is_quarantined' from pg_temp.claim(1, '{}', 0) job), 'true', 'two did: it is set apart');
select is(pg_temp.finish('crashed'), 1, 'a crashed probe ends the lease');
select is((pg_temp.health()).abandoned, 2, 'a server whose probe crashed stays isolated');
update public.mcp_servers set url = 'https://victim.example/4' where id = pg_temp.victim();
select is((pg_temp.health()).abandoned, 2, 'an edit does not end the isolation');
update public.mcp_server_health set due_at = clock_timestamp(), lease_id = gen_random_uuid()
where server_id = pg_temp.victim();
select is(pg_temp.finish('returned') * 10 + (pg_temp.health()).abandoned, 12, 'giving it back unprobed says nothing');
select pg_temp.claim(1);
select is(pg_temp.finish() * 10 + (pg_temp.health()).abandoned, 10, 'a probe that ends well clears it');
select pg_temp.claim(1);
update public.mcp_servers set url = 'https://victim.example/5' where id = pg_temp.victim();
select is((pg_temp.health()).abandoned, 1, 'an edit does not hide that nobody reported');

select * from finish();
rollback;
