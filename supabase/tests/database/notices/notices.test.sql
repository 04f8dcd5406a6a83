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
  'a server has one notice per key'
);
select results_eq(
  $$ select workspace_id, body ->> 'type', body -> 'data' ->> 'server_name' from public.webhook_deliveries
     where webhook_id in ('33333333-0000-4000-8000-000000000003', '44444444-0000-4000-8000-000000000004')
     order by body -> 'data' ->> 'server_name' desc $$,
  $$ values
    (current_setting('pgtap.team')::uuid, 'server.down', 'Weather'),
    (current_setting('pgtap.other')::uuid, 'server.down', 'Elsewhere') $$,
  'each notice is queued once, for the webhook of its own workspace'
);

-- Notices
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select results_eq(
  'select server_id from public.notices', $$ values ('11111111-0000-4000-8000-000000000001'::uuid) $$,
  'the owner sees the notice of the workspace, and no other'
);
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is((select count(*) from public.notices), 1::bigint, 'an admin sees the notice');
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is((select count(*) from public.notices), 1::bigint, 'a member sees the notice');
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select is((select count(*) from public.notices), 1::bigint, 'a viewer sees the notice');
select pg_temp.act_as('eeeeeeee-0000-4000-8000-000000000005');
select results_eq(
  'select server_id from public.notices', $$ values ('22222222-0000-4000-8000-000000000002'::uuid) $$,
  'a member of another workspace sees only that one''s notices'
);
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select throws_ok(
  $$ insert into public.notices (workspace_id, server_id, kind, key) values (
    current_setting('pgtap.team')::uuid, '11111111-0000-4000-8000-000000000001', 'down', 'made up'
  ) $$, '42501', null, 'not even an owner can add a notice'
);
select throws_ok($$ update public.notices set kind = 'back' $$, '42501', null, 'an owner cannot change a notice');
select throws_ok('delete from public.notices', '42501', null, 'an owner cannot delete a notice');
select throws_ok(
  $$ select private.add_notice('11111111-0000-4000-8000-000000000001', 'down', 'made up', null) $$, '42501', null,
  'an owner cannot call the function that adds notices'
);

-- Read marks
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select lives_ok(
  $$ insert into public.notice_reads (notice_id) values (current_setting('pgtap.notice')::uuid) $$,
  'a viewer marks a notice as read'
);
select results_eq(
  'select user_id from public.notice_reads', $$ values ('dddddddd-0000-4000-8000-000000000004'::uuid) $$,
  'a user can mark a notice as read'
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
  'a user cannot give a read mark to another user'
);
select throws_ok('delete from public.notice_reads', '42501', null, 'a read notice stays read');
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is((select count(*) from public.notice_reads), 0::bigint, 'users see only their own read marks');
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select is((select count(*) from public.notice_reads), 0::bigint, 'an owner does not see the read marks of others');
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
select is((select count(*) from public.notice_webhooks), 1::bigint, 'an admin sees the webhook');
select throws_ok(
  $$ insert into public.notice_webhooks (workspace_id, url) values (
    current_setting('pgtap.team')::uuid, 'https://hooks.example/another'
  ) $$, '42501', null, 'an owner cannot insert a webhook past the function that checks its URL'
);
select throws_ok(
  $$ update public.notice_webhooks set url = 'http://169.254.169.254/' $$, '42501', null, 'an owner cannot change the URL directly'
);
select throws_ok(
  $$ select public.put_notice_webhook(
    gen_random_uuid(), current_setting('pgtap.team')::uuid, 'https://hooks.example/mine', null
  ) $$, '42501', null, 'an owner cannot call the function that sets the webhook'
);
select throws_ok(
  $$ select public.test_notice_webhook(current_setting('pgtap.team')::uuid) $$, '42501', null,
  'an owner cannot queue a test directly'
);
select throws_ok('select * from public.notice_webhook_secrets', '42501', null, 'nobody reads the signing key');
select throws_ok(
  $$ insert into public.notice_webhook_secrets values ('33333333-0000-4000-8000-000000000003', 'a', 'b', 'c') $$,
  '42501', null, 'an owner cannot write the signing key'
);
select throws_ok('delete from public.notice_webhook_secrets', '42501', null, 'an owner cannot delete the signing key');
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is((select count(*) from public.notice_webhooks), 0::bigint, 'a member does not see the webhook');
delete from public.notice_webhooks;
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select is((select count(*) from public.notice_webhooks), 0::bigint, 'a viewer does not see the webhook');
delete from public.notice_webhooks;
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is((select count(*) from public.notice_webhooks), 1::bigint, 'neither member nor viewer deletes the webhook');

-- Deliveries
select results_eq(
  'select webhook_id, state, attempts from public.webhook_deliveries',
  $$ values ('33333333-0000-4000-8000-000000000003'::uuid, 'waiting', 0) $$,
  'an admin sees what is sent from the workspace, and no more'
);
select throws_ok(
  'select lease_id from public.webhook_deliveries', '42501', null, 'an admin does not see the leases of deliveries'
);
select throws_ok(
  $$ insert into public.webhook_deliveries (webhook_id, workspace_id, body) values (
    '33333333-0000-4000-8000-000000000003', current_setting('pgtap.team')::uuid, '{}'
  ) $$, '42501', null, 'sends nothing past the system'
);
select throws_ok(
  'update public.webhook_deliveries set due_at = now()', '42501', null, 'an admin cannot send a message again'
);
select throws_ok('delete from public.webhook_deliveries', '42501', null, 'an admin cannot delete a delivery');
select throws_ok('select public.claim_deliveries(1, 1000)', '42501', null, 'an admin cannot claim deliveries');
select throws_ok(
  $$ select public.finish_delivery(gen_random_uuid(), gen_random_uuid(), true, 200, null, null, false) $$,
  '42501', null, 'an admin cannot finish deliveries'
);
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select is((select count(*) from public.webhook_deliveries), 1::bigint, 'the owner sees deliveries');
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is((select count(*) from public.webhook_deliveries), 0::bigint, 'a member does not see deliveries');
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select is((select count(*) from public.webhook_deliveries), 0::bigint, 'a viewer sees no deliveries');
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
  pg_temp.attempt(true, 200, null, false, gen_random_uuid()), 'waiting 0', 'a result without the lease is ignored'
);
select is(pg_temp.attempt(false, 500, 30000, false), 'waiting 1 later', 'a failed attempt is made again later');
select is(pg_temp.attempt(false, 500, null, false), 'failed 2', 'the last one gives up');
select is(pg_temp.attempt(true, 204, 30000, false), 'delivered 3', 'a delivered message is done');
select is(pg_temp.attempt(false, 410, null, true), 'failed 4', 'a message with a 410 response has failed');
select is(
  (select is_active from public.notice_webhooks where id = '44444444-0000-4000-8000-000000000004'), false,
  'a 410 response disables the webhook'
);

-- Nobody without an account
set local role anon;
select throws_ok('select * from public.notices', '42501', null, 'strangers see no notices');
select throws_ok('select * from public.notice_webhooks', '42501', null, 'an API token cannot read webhooks');

-- What goes takes along what was its own
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
delete from public.workspace_members where user_id = 'dddddddd-0000-4000-8000-000000000004';
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select is((select count(*) from public.notices), 0::bigint, 'a former member sees no notices');
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
  0::bigint, 'deleting the webhook deletes its key and its messages'
);
set local role service_role;
select private.add_notice('11111111-0000-4000-8000-000000000001', 'back', 'back:1', null);
select is(
  (select count(*) from public.webhook_deliveries where workspace_id = current_setting('pgtap.team')::uuid), 0::bigint,
  'without a webhook no message is queued'
);
select private.add_notice('22222222-0000-4000-8000-000000000002', 'back', 'back:1', null);
select is(
  (
    select count(*) from public.webhook_deliveries
    where workspace_id = current_setting('pgtap.other')::uuid and body ->> 'type' = 'server.back'
  ), 0::bigint,
  'for a disabled webhook no message is queued'
);

select * from finish();
rollback;
