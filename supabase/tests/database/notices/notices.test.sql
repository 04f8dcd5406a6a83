-- Notices are for the members of a workspace, read marks for each alone, webhooks for owners and admins.
begin;
\ir ../helpers.psql
select plan(56);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test'),
  ('dddddddd-0000-4000-8000-000000000004', 'dee@pgtap.test'),
  ('eeeeeeee-0000-4000-8000-000000000005', 'eve@pgtap.test');
select set_config('pgtap.team', id::text, true)
from public.workspaces where created_by = 'aaaaaaaa-0000-4000-8000-000000000001';
select set_config('pgtap.other', id::text, true)
from public.workspaces where created_by = 'eeeeeeee-0000-4000-8000-000000000005';
insert into public.workspace_members (workspace_id, user_id, role) values
  (current_setting('pgtap.team')::uuid, 'bbbbbbbb-0000-4000-8000-000000000002', 'admin'),
  (current_setting('pgtap.team')::uuid, 'cccccccc-0000-4000-8000-000000000003', 'member'),
  (current_setting('pgtap.team')::uuid, 'dddddddd-0000-4000-8000-000000000004', 'viewer');
insert into public.mcp_servers (id, workspace_id, user_id, name, url) values
  (
    '11111111-0000-4000-8000-000000000001', current_setting('pgtap.team')::uuid,
    'aaaaaaaa-0000-4000-8000-000000000001', 'Weather', 'https://weather.example/mcp'
  ),
  (
    '22222222-0000-4000-8000-000000000002', current_setting('pgtap.other')::uuid,
    'eeeeeeee-0000-4000-8000-000000000005', 'Elsewhere', 'https://elsewhere.example/mcp'
  );

set local role service_role;
select public.put_notice_webhook(
  '33333333-0000-4000-8000-000000000003', current_setting('pgtap.team')::uuid, 'https://hooks.example/team',
  '{"ciphertext": "sealed", "nonce": "nonce", "key_id": "key"}'
);
select public.put_notice_webhook(
  '44444444-0000-4000-8000-000000000004', current_setting('pgtap.other')::uuid, 'https://hooks.example/other',
  '{"ciphertext": "sealed", "nonce": "nonce", "key_id": "key"}'
);
select private.add_notice('11111111-0000-4000-8000-000000000001', 'down', 'down:1', '{"error_code": "timeout"}');
select private.add_notice('11111111-0000-4000-8000-000000000001', 'down', 'down:1', '{"error_code": "timeout"}');
select private.add_notice('22222222-0000-4000-8000-000000000002', 'down', 'down:1', null);
select set_config('pgtap.notice', id::text, true)
from public.notices where server_id = '11111111-0000-4000-8000-000000000001';
select is(
  (select count(*) from public.notices where server_id = '11111111-0000-4000-8000-000000000001'), 1::bigint,
  'one notice for a key of a server'
);
select results_eq(
  $$ select workspace_id, body ->> 'type', body -> 'data' ->> 'server_name' from public.webhook_deliveries
     where webhook_id in ('33333333-0000-4000-8000-000000000003', '44444444-0000-4000-8000-000000000004')
     order by body -> 'data' ->> 'server_name' desc $$,
  $$ values
    (current_setting('pgtap.team')::uuid, 'server.down', 'Weather'),
    (current_setting('pgtap.other')::uuid, 'server.down', 'Elsewhere') $$,
  'each goes to the webhook of its own workspace, once'
);

-- Notices
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select results_eq(
  'select server_id from public.notices', $$ values ('11111111-0000-4000-8000-000000000001'::uuid) $$,
  'the owner sees the notice of the workspace, and no other'
);
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is((select count(*) from public.notices), 1::bigint, 'an admin sees it');
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is((select count(*) from public.notices), 1::bigint, 'a member sees it');
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select is((select count(*) from public.notices), 1::bigint, 'a viewer sees it');
select pg_temp.act_as('eeeeeeee-0000-4000-8000-000000000005');
select results_eq(
  'select server_id from public.notices', $$ values ('22222222-0000-4000-8000-000000000002'::uuid) $$,
  'who belongs to another workspace sees that one''s'
);
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select throws_ok(
  $$ insert into public.notices (workspace_id, server_id, kind, key) values (
    current_setting('pgtap.team')::uuid, '11111111-0000-4000-8000-000000000001', 'down', 'made up'
  ) $$, '42501', null, 'not even an owner makes one up'
);
select throws_ok($$ update public.notices set kind = 'back' $$, '42501', null, 'nor changes one');
select throws_ok('delete from public.notices', '42501', null, 'nor deletes one');
select throws_ok(
  $$ select private.add_notice('11111111-0000-4000-8000-000000000001', 'down', 'made up', null) $$, '42501', null,
  'nor by the function of the system'
);

-- Read marks
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select lives_ok(
  $$ insert into public.notice_reads (notice_id) values (current_setting('pgtap.notice')::uuid) $$,
  'a viewer marks a notice as read'
);
select results_eq(
  'select user_id from public.notice_reads', $$ values ('dddddddd-0000-4000-8000-000000000004'::uuid) $$,
  'it is read by them'
);
select throws_ok(
  $$ insert into public.notice_reads (notice_id) values (current_setting('pgtap.notice')::uuid) $$, '23505', null,
  'once'
);
select throws_ok(
  $$ insert into public.notice_reads (notice_id, user_id) values (
    current_setting('pgtap.notice')::uuid, 'cccccccc-0000-4000-8000-000000000003'
  ) $$, '42501', null, 'nobody reads for somebody else'
);
select throws_ok(
  $$ update public.notice_reads set user_id = 'cccccccc-0000-4000-8000-000000000003' $$, '42501', null,
  'nor passes a mark on'
);
select throws_ok('delete from public.notice_reads', '42501', null, 'what was read stays read');
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is((select count(*) from public.notice_reads), 0::bigint, 'others see no marks but their own');
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select is((select count(*) from public.notice_reads), 0::bigint, 'not even the owner');
select pg_temp.act_as('eeeeeeee-0000-4000-8000-000000000005');
select throws_ok(
  $$ insert into public.notice_reads (notice_id) values (current_setting('pgtap.notice')::uuid) $$, '42501', null,
  'a notice of another workspace cannot be marked'
);

-- The webhook
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select results_eq(
  'select url from public.notice_webhooks', $$ values ('https://hooks.example/team') $$,
  'the owner sees the webhook of the workspace, and no other'
);
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is((select count(*) from public.notice_webhooks), 1::bigint, 'an admin sees it');
select throws_ok(
  $$ insert into public.notice_webhooks (workspace_id, url) values (
    current_setting('pgtap.team')::uuid, 'https://hooks.example/another'
  ) $$, '42501', null, 'and makes none past the function that checks its address'
);
select throws_ok(
  $$ update public.notice_webhooks set url = 'http://169.254.169.254/' $$, '42501', null, 'nor changes it there'
);
select throws_ok(
  $$ select public.put_notice_webhook(
    gen_random_uuid(), current_setting('pgtap.team')::uuid, 'https://hooks.example/mine', null
  ) $$, '42501', null, 'nor by the function of the system'
);
select throws_ok(
  $$ select public.test_notice_webhook(current_setting('pgtap.team')::uuid) $$, '42501', null,
  'nor has it tested past that'
);
select throws_ok('select * from public.notice_webhook_secrets', '42501', null, 'nobody reads its key');
select throws_ok(
  $$ insert into public.notice_webhook_secrets values ('33333333-0000-4000-8000-000000000003', 'a', 'b', 'c') $$,
  '42501', null, 'nor sets it'
);
select throws_ok('delete from public.notice_webhook_secrets', '42501', null, 'nor takes it away');
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is((select count(*) from public.notice_webhooks), 0::bigint, 'a member does not see the webhook');
delete from public.notice_webhooks;
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select is((select count(*) from public.notice_webhooks), 0::bigint, 'nor a viewer');
delete from public.notice_webhooks;
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is((select count(*) from public.notice_webhooks), 1::bigint, 'and neither removes it');

-- Deliveries
select results_eq(
  'select webhook_id, state, attempts from public.webhook_deliveries',
  $$ values ('33333333-0000-4000-8000-000000000003'::uuid, 'waiting', 0) $$,
  'an admin sees what is sent from the workspace, and no more'
);
select throws_ok(
  'select lease_id from public.webhook_deliveries', '42501', null, 'but not whose turn it is'
);
select throws_ok(
  $$ insert into public.webhook_deliveries (webhook_id, workspace_id, body) values (
    '33333333-0000-4000-8000-000000000003', current_setting('pgtap.team')::uuid, '{}'
  ) $$, '42501', null, 'sends nothing past the system'
);
select throws_ok(
  'update public.webhook_deliveries set due_at = now()', '42501', null, 'nor sends anything again'
);
select throws_ok('delete from public.webhook_deliveries', '42501', null, 'nor deletes what was sent');
select throws_ok('select public.claim_deliveries(1, 1000)', '42501', null, 'nor takes messages from the monitor');
select throws_ok(
  $$ select public.finish_delivery(gen_random_uuid(), gen_random_uuid(), true, 200, null, null, false) $$,
  '42501', null, 'nor says how they went'
);
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select is((select count(*) from public.webhook_deliveries), 1::bigint, 'the owner sees deliveries');
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is((select count(*) from public.webhook_deliveries), 0::bigint, 'a member does not');
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select is((select count(*) from public.webhook_deliveries), 0::bigint, 'nor a viewer');
select pg_temp.act_as('eeeeeeee-0000-4000-8000-000000000005');
select results_eq(
  'select webhook_id from public.webhook_deliveries',
  $$ values ('44444444-0000-4000-8000-000000000004'::uuid) $$, 'other workspaces have their own'
);

-- What becomes of a message
reset role;
set local role service_role;
create function pg_temp.message() returns public.webhook_deliveries language sql as $$
  select * from public.webhook_deliveries where webhook_id = '44444444-0000-4000-8000-000000000004'
$$;
create function pg_temp.attempt(
  p_is_delivered boolean, p_status integer, p_retry_ms numeric, p_is_gone boolean, p_lease uuid default null
) returns text language plpgsql as $$
begin
  update public.webhook_deliveries set lease_id = gen_random_uuid(), settled_at = null
  where id = (pg_temp.message()).id;
  perform public.finish_delivery(
    (pg_temp.message()).id, coalesce(p_lease, (pg_temp.message()).lease_id), p_is_delivered, p_status, null,
    p_retry_ms, p_is_gone
  );
  return concat_ws(
    ' ', (pg_temp.message()).state, (pg_temp.message()).attempts,
    case when (pg_temp.message()).due_at > clock_timestamp() + interval '25 seconds' then 'later' end
  );
end
$$;
select is(
  pg_temp.attempt(true, 200, null, false, gen_random_uuid()), 'waiting 0', 'who lost the lease has no say'
);
select is(pg_temp.attempt(false, 500, 30000, false), 'waiting 1 later', 'a failed attempt is made again later');
select is(pg_temp.attempt(false, 500, null, false), 'failed 2', 'the last one gives up');
select is(pg_temp.attempt(true, 204, 30000, false), 'delivered 3', 'one that arrives is the last');
select is(pg_temp.attempt(false, 410, null, true), 'failed 4', 'one that nobody takes any more is, too');
select is(
  (select is_active from public.notice_webhooks where id = '44444444-0000-4000-8000-000000000004'), false,
  'and switches the webhook off'
);

-- Nobody without an account
set local role anon;
select throws_ok('select * from public.notices', '42501', null, 'strangers see no notices');
select throws_ok('select * from public.notice_webhooks', '42501', null, 'and no webhooks');

-- What goes takes along what was its own
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
delete from public.workspace_members where user_id = 'dddddddd-0000-4000-8000-000000000004';
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select is((select count(*) from public.notices), 0::bigint, 'who left sees no notices any more');
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
delete from public.notice_webhooks;
reset role;
select results_eq(
  $$ select workspace_id from public.notice_webhooks
     where workspace_id in (current_setting('pgtap.team')::uuid, current_setting('pgtap.other')::uuid) $$,
  $$ values (current_setting('pgtap.other')::uuid) $$,
  'an admin removes the webhook of the workspace, and no other'
);
select is(
  (select count(*) from public.webhook_deliveries where workspace_id = current_setting('pgtap.team')::uuid)
    + (select count(*) from public.notice_webhook_secrets where webhook_id = '33333333-0000-4000-8000-000000000003'),
  0::bigint, 'with its key and what was on its way'
);
set local role service_role;
select private.add_notice('11111111-0000-4000-8000-000000000001', 'back', 'back:1', null);
select is(
  (select count(*) from public.webhook_deliveries where workspace_id = current_setting('pgtap.team')::uuid), 0::bigint,
  'without a webhook nothing is queued'
);
select private.add_notice('22222222-0000-4000-8000-000000000002', 'back', 'back:1', null);
select is(
  (
    select count(*) from public.webhook_deliveries
    where workspace_id = current_setting('pgtap.other')::uuid and body ->> 'type' = 'server.back'
  ), 0::bigint,
  'nor for one that is switched off'
);

select * from finish();
rollback;
