-- A user sees and ends the own sessions and API tokens, and nobody else's.
begin;
\ir ../helpers.psql
select plan(19);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000001', 'bob@pgtap.test');
select set_config('pgtap.users', '{aaaaaaaa-0000-4000-8000-000000000001,bbbbbbbb-0000-4000-8000-000000000001}', true);
insert into auth.sessions (id, user_id, created_at, refreshed_at, user_agent, ip, not_after) values
  ('11111111-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000001', '2026-11-01T10:00Z', '2026-11-02 10:00',
    'Firefox', '203.0.113.7', null),
  ('22222222-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000001', '2026-11-03T10:00Z', null,
    null, '2001:db8::1', now() + interval '1 day'),
  ('33333333-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000001', '2026-11-01T09:00Z', null, 'Old', null,
    now() - interval '1 day'),
  ('44444444-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000001', '2026-11-01T09:00Z', null, 'Bob', null, null);
insert into auth.refresh_tokens (id, token, user_id, session_id)
values (2147483647, 'refresh', 'aaaaaaaa-0000-4000-8000-000000000001', '22222222-0000-4000-8000-000000000001');

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001', p_session => '11111111-0000-4000-8000-000000000001');
select results_eq(
  $$ select user_agent, ip, is_current, last_used_at from public.my_sessions() $$,
  $$
    values ('Firefox', '203.0.113.7', true, '2026-11-02T10:00Z'::timestamptz),
      (null, '2001:db8::1', false, '2026-11-03T10:00Z'::timestamptz)
  $$,
  'users see their own unexpired sessions, the current one first'
);
select throws_ok('select * from auth.sessions', '42501', null, 'nobody reads the table itself');
select throws_ok(
  $$ select public.end_session('44444444-0000-4000-8000-000000000001') $$, 'PT404', null,
  'a user cannot end a session of another user'
);
select throws_ok(
  $$ select public.end_session('99999999-0000-4000-8000-000000000001') $$, 'PT404', 'This session has already ended.',
  'a user cannot end a session that does not exist'
);
select lives_ok($$ select public.end_session('22222222-0000-4000-8000-000000000001') $$, 'a user can end another session');
select is((select count(*) from public.my_sessions()), 1::bigint, 'an ended session is not listed');
reset role;
select is_empty($$ select from auth.refresh_tokens where token = 'refresh' $$, 'an ended session has no refresh token');
insert into auth.sessions (id, user_id) values
  ('55555555-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000001'),
  ('66666666-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000001');
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001', p_session => '11111111-0000-4000-8000-000000000001');
select is(public.end_other_sessions(), 3, 'a user can end all other sessions at once');
select is((select string_agg(id::text, ' ') from public.my_sessions()), '11111111-0000-4000-8000-000000000001', 'the current session stays');
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000001');
select is(public.end_other_sessions(), 0, 'a token without a session ends none');
reset role;
select is((select count(*) from auth.sessions where user_id = any (current_setting('pgtap.users')::uuid[])), 2::bigint, 'sessions of other users stay');
select results_eq(
  $$
    select split_part(u.email, '@', 1), e.action, e.changes
    from public.audit_events e join auth.users u on u.id = e.actor_id
    where e.table_name = 'sessions' order by e.created_at
  $$,
  $$
    values ('ada', 'sign_out', '{"sessions": {"from": 1}}'::jsonb), ('ada', 'sign_out', '{"sessions": {"from": 3}}')
  $$,
  'ended sessions are in the audit log of the personal workspace'
);

-- API tokens
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.workspaces (name) values ('Team');
select set_config('pgtap.team', (select id::text from public.workspaces where name = 'Team'), true);
select set_config('pgtap.one', public.create_api_token(current_setting('pgtap.team')::uuid, 'One') ->> 'id', true);
select set_config('pgtap.two', public.create_api_token(current_setting('pgtap.team')::uuid, 'Two') ->> 'id', true);
reset role;
insert into public.workspace_members (workspace_id, user_id, role) values
  (current_setting('pgtap.team')::uuid, 'bbbbbbbb-0000-4000-8000-000000000001', 'owner');
update public.workspace_members set role = 'viewer' where user_id = 'aaaaaaaa-0000-4000-8000-000000000001'
  and workspace_id = current_setting('pgtap.team')::uuid;
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select results_eq(
  'select workspace_name, name from public.my_api_tokens()', $$ values ('Team', 'One'), ('Team', 'Two') $$,
  'users see their own API tokens, even with a role that manages none'
);
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000001');
select is_empty('select * from public.my_api_tokens()', 'a user does not see API tokens of others');
select is(
  public.revoke_my_api_tokens(array[current_setting('pgtap.one')::uuid]), 0, 'a user revokes no API tokens of others'
);
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select is(public.revoke_my_api_tokens(array[current_setting('pgtap.one')::uuid]), 1, 'a user can revoke one of their API tokens');
select is((select string_agg(name, ' ') from public.my_api_tokens()), 'Two', 'the other API token stays');

-- Who may call it
select is_empty(
  $$
    select p.proname, r.name from pg_proc p, unnest(array['anon', 'api_token']) as r (name)
    where p.pronamespace = 'public'::regnamespace
      and p.proname in ('my_sessions', 'end_session', 'end_other_sessions', 'my_api_tokens', 'revoke_my_api_tokens',
        'delete_account', 'preview_account_deletion')
      and has_function_privilege(r.name, p.oid, 'execute')
  $$,
  'an API token and a visitor can call none of these functions'
);
reset role;
delete from auth.users where email = 'ada@pgtap.test';
select is((select count(*) from auth.sessions where user_id = any (current_setting('pgtap.users')::uuid[])), 1::bigint, 'deleting the account deletes its sessions');

select * from finish();
rollback;
