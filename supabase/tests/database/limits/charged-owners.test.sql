-- No account that comes and goes gets its successor more than one share, and no tenant holds up others by revocations, by
-- names with very many addresses, or by exports.
begin;
\ir ../helpers.psql
select plan(10);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'), ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'carol@pgtap.test');
create function pg_temp.carol() returns uuid language sql as $$ select 'cccccccc-0000-4000-8000-000000000003'::uuid $$;
update public.mcp_server_health set due_at = null;

-- Carol makes 20 workspaces for Ada, and is gone.
insert into public.workspaces (name, created_by) select 'Many ' || n, pg_temp.carol() from generate_series(1, 20) n;
insert into public.workspace_members (workspace_id, user_id, role)
select id, pg_temp.ada(), 'admin' from public.workspaces where name like 'Many %';
insert into public.mcp_servers (workspace_id, name, url)
select id, 'Hanging', 'https://hanging.example/mcp' from public.workspaces where name like 'Many %';
update public.mcp_server_health set due_at = clock_timestamp() - interval '1 hour'
where workspace_id in (select id from public.workspaces where name like 'Many %');
select is(
  private.owner_of((select id from public.workspaces where name = 'Many 1')), pg_temp.carol(), 'the creator of a workspace is charged'
);
update public.workspace_members set role = 'owner' where user_id = pg_temp.ada();
select is(
  private.owner_of((select id from public.workspaces where name = 'Many 1')), pg_temp.carol(), 'the creator of a workspace is charged while they are one of its owners'
);
delete from auth.users where id = pg_temp.carol();
select results_eq(
  $$
    select (job ->> 'owner_id')::uuid, count(*) from jsonb_array_elements(public.claim_due_servers(
      '99999999-0000-4000-8000-000000000009', 16, 60000, 240000
    )) as job group by 1
  $$,
  $$ values (pg_temp.ada(), 8::bigint) $$, 'all workspaces of a successor share the slots of one owner'
);
insert into public.notice_webhooks (workspace_id, url)
select id, 'https://hooks.example/' || id from public.workspaces where name like 'Many %';
insert into public.notice_webhook_secrets (webhook_id, ciphertext, nonce, key_id)
select id, 'c', 'n', 'k' from public.notice_webhooks;
select private.queue_delivery(id, 'server.down', clock_timestamp(), '{}') from public.workspaces where name like 'Many %';
select is(
  jsonb_array_length(public.claim_deliveries(8, 60000)), 4, 'all webhooks of a successor share the slots of one owner'
);
select is(
  (
    select count(*) from generate_series(1, 20) n
    where (public.count_host_requests(
      '{name:a.example}', 30, (select id from public.workspaces where name = 'Many ' || n)
    ) ->> 'wait_s')::integer = 0
  ), 10::bigint, 'all requests of a successor to one host share the allowance of one owner'
);

-- A name with thousands of addresses
select set_config('pgtap.rows', count(*)::text, true) from private.host_requests;
select set_config('pgtap.locks', count(*)::text, true) from pg_locks where locktype = 'advisory';
select public.count_host_requests(
  array['name:b.example'] || array(select 'address:2001:db8::' || to_hex(n) from generate_series(1, 4000) n),
  5, null, pg_temp.ada()
);
select is(
  (select count(*) - current_setting('pgtap.locks')::bigint from pg_locks where locktype = 'advisory'), 17::bigint,
  'locks itself and 16 addresses'
);
select is(
  (select count(*) - current_setting('pgtap.rows')::bigint from private.host_requests), 34::bigint,
  'a name with many addresses leaves few rows'
);

-- Revocations
insert into private.grant_revocations (id, sealed_for, ciphertext, nonce, key_id, due_at)
select gen_random_uuid(), pg_temp.ada(), 'c', 'n', 'k', clock_timestamp() - interval '1 hour' from generate_series(1, 50)
union all
select gen_random_uuid(), pg_temp.carol(), 'c', 'n', 'k', clock_timestamp() - interval '1 second';
select results_eq(
  $$
    select (dropped ->> 'workspace_id')::uuid = pg_temp.carol(), count(*)
    from jsonb_array_elements(public.claim_revocations(8)) as dropped group by 1 order by 2
  $$,
  $$ values (true, 1::bigint), (false, 7::bigint) $$, 'fifty revocations of one workspace let another one pass'
);

-- Exports
insert into public.limits (name, user_id, allowed) values ('writes_per_minute_per_user', pg_temp.ada(), 1);
select set_config('request.jwt.claims', json_build_object('sub', pg_temp.ada(), 'role', 'authenticated')::text, true);
set local role authenticated;
select lives_ok(
  $$ select public.export_workspace((select id from public.workspaces where is_personal)) $$, 'an export counts as one write'
);
select throws_ok(
  $$ select public.export_workspace(gen_random_uuid()) $$, 'PT429', null, 'an export over the limit is refused before anything is read'
);

select * from finish();
rollback;
