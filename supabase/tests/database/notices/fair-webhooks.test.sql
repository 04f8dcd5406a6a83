-- One delivery of a webhook is in flight, owners take turns, and a webhook that fails again and again is paused.
begin;
\ir ../helpers.psql
select plan(22);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'), ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test');
insert into public.workspaces (name, created_by) select 'Many ' || n, pg_temp.ada() from generate_series(1, 20) n;
insert into public.notice_webhooks (workspace_id, url)
select id, 'https://hooks.example/' || id from public.workspaces where created_by in (pg_temp.ada(), pg_temp.bob());
insert into public.notice_webhook_secrets (webhook_id, ciphertext, nonce, key_id)
select id, 'c', 'n', 'k' from public.notice_webhooks;
create function pg_temp.home() returns uuid language sql as $$
  select id from public.workspaces where created_by = pg_temp.bob()
$$;
create function pg_temp.webhook() returns public.notice_webhooks language sql as $$
  select * from public.notice_webhooks where workspace_id = pg_temp.home()
$$;
create function pg_temp.queue(p_type text default 'server.down') returns void language sql as $$
  select private.queue_delivery(pg_temp.home(), p_type, clock_timestamp(), '{}')
$$;
create function pg_temp.claim(p_limit integer default 8) returns setof jsonb language sql as $$
  select delivery from jsonb_array_elements(public.claim_deliveries(p_limit, 60000)) as delivery
$$;
create function pg_temp.waiting() returns bigint language sql as $$
  select count(*) from public.webhook_deliveries where webhook_id = (pg_temp.webhook()).id and state = 'waiting'
$$;

-- 20 workspaces of Ada have five messages each, all older than the one of Bob.
select private.queue_delivery(w.id, 'server.down', clock_timestamp(), '{}')
from public.workspaces w, generate_series(1, 5) where w.name like 'Many %';
select pg_temp.queue();
select results_eq(
  $$ select (delivery ->> 'workspace_id')::uuid = pg_temp.home(), count(*) from pg_temp.claim() delivery
     group by 1 order by 2 $$,
  $$ values (true, 1::bigint), (false, 4::bigint) $$, 'an owner with 100 messages leaves half of the slots to others'
);
select is(
  (select count(distinct webhook_id) from public.webhook_deliveries where lease_id is not null), 5::bigint,
  'each webhook has one message in flight'
);
select pg_temp.queue();
select is((select count(*) from pg_temp.claim(3)), 0::bigint, 'the next one waits, and so does the owner with four in flight');
delete from public.webhook_deliveries where workspace_id <> pg_temp.home();

-- Tests
delete from public.webhook_deliveries;
select is(public.test_notice_webhook(pg_temp.home()), 'queued', 'a test is queued');
select is(public.test_notice_webhook(pg_temp.home()), 'waiting', 'a second click says so');
select is(pg_temp.waiting(), 1::bigint, 'a second test queues no other message');
update public.notice_webhooks set is_active = false where workspace_id = pg_temp.home();
select is(public.test_notice_webhook(pg_temp.home()), 'off', 'an inactive webhook is not tested');
update public.notice_webhooks set is_active = true where workspace_id = pg_temp.home();

-- Pause
delete from public.webhook_deliveries;
create function pg_temp.attempt(p_is_delivered boolean, p_retry_ms numeric default 0) returns void language sql as $$
  select public.finish_delivery(
    (d ->> 'id')::uuid, (d ->> 'lease_id')::uuid, p_is_delivered, 500, null, p_retry_ms, false
  ) from pg_temp.claim() d
$$;
create function pg_temp.paused() returns boolean language sql as $$ select (pg_temp.webhook()).paused_at is not null $$;
select pg_temp.queue();
do $$ begin for n in 1..12 loop perform pg_temp.attempt(false); end loop; end $$;
select is((pg_temp.webhook()).failures, 12, 'failures in a row are counted');
select is(pg_temp.paused(), false, 'a short outage pauses nothing');
update public.notice_webhooks set failing_since = now() - interval '61 minutes' where workspace_id = pg_temp.home();
select pg_temp.attempt(false);
select is(pg_temp.paused(), true, 'a webhook is paused after an hour of failures');
select results_eq(
  $$ select kind, server_id from public.notices where workspace_id = pg_temp.home() $$,
  $$ values ('webhook_paused', null::uuid) $$, 'a notice says that the webhook was paused'
);
select is((select count(*) from pg_temp.claim()), 0::bigint, 'a paused webhook sends nothing');
do $$ begin for n in 1..150 loop perform pg_temp.queue(); end loop; end $$;
select is(pg_temp.waiting(), 100::bigint, 'at most 100 messages wait for a webhook');
select is((select count(*) from pg_temp.claim()), 0::bigint, 'a paused webhook sends no messages');
select is(
  (select count(*) from public.webhook_deliveries where error_code = 'queue_full' and state = 'failed'), 51::bigint,
  'the oldest are given up'
);
select public.test_notice_webhook(pg_temp.home());
select pg_temp.attempt(false, null);
select is(pg_temp.paused(), true, 'a test that fails changes nothing');
select public.test_notice_webhook(pg_temp.home());
select pg_temp.attempt(true);
select is(pg_temp.paused(), false, 'a test that arrives ends the pause');
select is(
  (select count(*) from public.webhook_deliveries where state = 'waiting' and due_at <= clock_timestamp()),
  pg_temp.waiting(), 'a resumed webhook sends what waited'
);
update public.notice_webhooks set failures = 10, failing_since = now() - interval '2 hours' where workspace_id = pg_temp.home();
select pg_temp.attempt(false);
select is(pg_temp.paused(), true, 'a webhook that fails again is paused again');
select public.put_notice_webhook(gen_random_uuid(), pg_temp.home(), 'https://hooks.example/new', null);
select is(pg_temp.paused(), false, 'saving the address ends the pause, too');
select public.finish_delivery((d ->> 'id')::uuid, (d ->> 'lease_id')::uuid, false, 410, null, null, true) from pg_temp.claim() d;
select is((pg_temp.webhook()).is_active, false, 'an answer of 410 switches it off');
select is(pg_temp.waiting(), 0::bigint, 'a 410 response drops the waiting messages');

select * from finish();
rollback;
