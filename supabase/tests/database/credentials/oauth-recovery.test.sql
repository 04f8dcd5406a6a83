-- What keeps a sign-in usable: registrations that nobody came back with, refreshes in vain, and accepted issuers.
begin;
\ir ../helpers.psql
select plan(28);

create function pg_temp.accept(p_issuer text) returns void language sql as $$
  insert into public.mcp_server_accepted_issuers (server_id, workspace_id, expected_issuer, accepted_issuer) values (
    '55555555-0000-4000-8000-000000000005', '77777777-0000-4000-8000-000000000007', 'https://as.example', p_issuer
  )
$$;
create function pg_temp.is_unfinished() returns text language sql as $$
  select public.read_client('55555555-0000-4000-8000-000000000005', 'https://as.example') ->> 'is_unfinished'
$$;
create function pg_temp.begin_flow(p_id text, p_seconds integer default 60) returns void language sql as $$
  select public.begin_sign_in(
    gen_random_uuid(), p_id, '55555555-0000-4000-8000-000000000005', 'aaaaaaaa-0000-4000-8000-000000000001',
    'https://notes.example/mcp', '/talk', pg_temp.secret('flow'), p_seconds
  )
$$;
create function pg_temp.put_client() returns void language sql as $$
  select public.put_client(
    gen_random_uuid(), '55555555-0000-4000-8000-000000000005', 'https://as.example', pg_temp.secret('client')
  )
$$;

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cat@pgtap.test');
insert into public.workspaces (id, name, created_by)
values ('77777777-0000-4000-8000-000000000007', 'Team', 'aaaaaaaa-0000-4000-8000-000000000001');
insert into public.workspace_members (workspace_id, user_id, role) values
  ('77777777-0000-4000-8000-000000000007', 'bbbbbbbb-0000-4000-8000-000000000002', 'member'),
  ('77777777-0000-4000-8000-000000000007', 'cccccccc-0000-4000-8000-000000000003', 'admin');
-- Bob added it himself; whom to trust is not his to decide all the same.
insert into public.mcp_servers (id, workspace_id, user_id, name, url, auth_method) values (
  '55555555-0000-4000-8000-000000000005', '77777777-0000-4000-8000-000000000007',
  'bbbbbbbb-0000-4000-8000-000000000002', 'Notes', 'https://notes.example/mcp', 'oauth'
);

-- Accepted issuers.
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select throws_ok($$ select pg_temp.accept('https://evil.example') $$, '42501', null, 'a member accepts no issuer');
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select throws_ok(
  $$ insert into public.mcp_server_accepted_issuers (server_id, workspace_id, expected_issuer, accepted_issuer, accepted_by)
    values ('55555555-0000-4000-8000-000000000005', '77777777-0000-4000-8000-000000000007', 'a', 'b',
      'aaaaaaaa-0000-4000-8000-000000000001') $$,
  '42501', null, 'nobody accepts one in the name of another'
);
select lives_ok($$ select pg_temp.accept('https://login.example') $$, 'an admin can accept an issuer');
select throws_ok($$ select pg_temp.accept('https://other.example') $$, '23505', null, 'a server has one accepted issuer');
select throws_ok(
  $$ update public.mcp_server_accepted_issuers set accepted_issuer = 'https://other.example' $$, '42501', null,
  'a member changes no accepted issuer'
);
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select results_eq(
  $$ select accepted_issuer, accepted_by from public.mcp_server_accepted_issuers $$,
  $$ values ('https://login.example', 'cccccccc-0000-4000-8000-000000000003'::uuid) $$, 'a member sees who accepted what'
);
select results_eq(
  $$ with gone as (delete from public.mcp_server_accepted_issuers returning 1) select count(*)::int from gone $$,
  $$ values (0) $$, 'a member revokes no accepted issuer'
);
update public.mcp_servers set name = 'My notes' where id = '55555555-0000-4000-8000-000000000005';
select is((select count(*)::int from public.mcp_server_accepted_issuers), 1, 'an accepted issuer stays when the server is renamed');
update public.mcp_servers set url = 'https://notes.example/other' where id = '55555555-0000-4000-8000-000000000005';
select is((select count(*)::int from public.mcp_server_accepted_issuers), 0, 'an accepted issuer is deleted with the URL, even on the same host');
update public.mcp_servers set url = 'https://notes.example/mcp' where id = '55555555-0000-4000-8000-000000000005';
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select pg_temp.accept('https://login.example');
update public.mcp_servers set auth_method = 'none' where id = '55555555-0000-4000-8000-000000000005';
select is((select count(*)::int from public.mcp_server_accepted_issuers), 0, 'an accepted issuer is deleted with the authentication method');
update public.mcp_servers set auth_method = 'oauth' where id = '55555555-0000-4000-8000-000000000005';
select pg_temp.accept('https://login.example');
delete from public.mcp_server_accepted_issuers;
select is((select count(*)::int from public.mcp_server_accepted_issuers), 0, 'an owner can revoke an accepted issuer');
select results_eq(
  $$ select action, actor_id, row_id, row_name, changes -> 'accepted_issuer' from public.audit_events
    where table_name = 'mcp_server_accepted_issuers' order by created_at limit 2 $$,
  $$ values
    ('insert', 'cccccccc-0000-4000-8000-000000000003'::uuid, '55555555-0000-4000-8000-000000000005'::uuid, 'Notes',
      '{"to": "https://login.example"}'::jsonb),
    ('delete', 'bbbbbbbb-0000-4000-8000-000000000002'::uuid, '55555555-0000-4000-8000-000000000005'::uuid, 'My notes',
      '{"from": "https://login.example"}'::jsonb) $$,
  'the trail has who accepted what, and who undid it'
);
select pg_temp.accept('https://login.example');
reset role;
insert into public.workspaces (id, name, created_by)
values ('88888888-0000-4000-8000-000000000008', 'Other', 'aaaaaaaa-0000-4000-8000-000000000001');
update public.mcp_servers set workspace_id = '88888888-0000-4000-8000-000000000008'
where id = '55555555-0000-4000-8000-000000000005';
select is((select count(*)::int from public.mcp_server_accepted_issuers), 0, 'a moved server does not keep its accepted issuer');
update public.mcp_servers set workspace_id = '77777777-0000-4000-8000-000000000007'
where id = '55555555-0000-4000-8000-000000000005';

-- Registrations.
select pg_temp.put_client();
select is(pg_temp.is_unfinished(), 'false', 'a new registration is trusted');
select pg_temp.begin_flow('first');
select is(pg_temp.is_unfinished(), 'true', 'a client is unfinished while a sign-in with it is in progress');
select is(public.take_sign_in('first', 'bbbbbbbb-0000-4000-8000-000000000002'), null, 'another user cannot take the sign-in');
select is(pg_temp.is_unfinished(), 'true', 'another user''s attempt to take the sign-in keeps the client unfinished');
select isnt(public.take_sign_in('first', 'aaaaaaaa-0000-4000-8000-000000000001'), null, 'a sign-in in progress can be taken');
select is(pg_temp.is_unfinished(), 'false', 'a client whose sign-in returned is not unfinished');
select pg_temp.begin_flow('late', -1);
select is(public.take_sign_in('late', 'aaaaaaaa-0000-4000-8000-000000000001'), null, 'a sign-in that took too long has expired');
select is(pg_temp.is_unfinished(), 'false', 'a sign-in that returned late still shows that the client is known');
select pg_temp.begin_flow('left');
select pg_temp.put_client();
select is(pg_temp.is_unfinished(), 'false', 'a replaced client starts without open sign-ins');
select is(
  public.drop_grant('55555555-0000-4000-8000-000000000005', null, 'aaaaaaaa-0000-4000-8000-000000000001'), null,
  'signing out where nobody is signed in'
);
select is(pg_temp.is_unfinished(), null, 'signing out deletes the registration');
update public.mcp_servers set oauth_client_id = 'entered' where id = '55555555-0000-4000-8000-000000000005';
select pg_temp.put_client();
select public.drop_registration('55555555-0000-4000-8000-000000000005');
select is(pg_temp.is_unfinished(), 'false', 'a client id that the user entered is kept');

-- Refreshes.
create function pg_temp.grant_of() returns jsonb language sql as $$
  select public.read_grant('55555555-0000-4000-8000-000000000005', null)
$$;
create function pg_temp.renew() returns void language sql as $$
  select public.renew_grant(
    (g ->> 'id')::uuid, public.lease_grant((g ->> 'id')::uuid, (g ->> 'revision')::integer, 60000),
    pg_temp.secret('fresh'), null
  ) from pg_temp.grant_of() g
$$;
select public.put_grant(
  gen_random_uuid(), '55555555-0000-4000-8000-000000000005', '77777777-0000-4000-8000-000000000007',
  'https://notes.example/mcp', null, 'https://as.example', pg_temp.secret('tokens'), null,
  'aaaaaaaa-0000-4000-8000-000000000001'
);
select is(pg_temp.grant_of() ->> 'renewed_ms_ago', null, 'a sign-in is no refresh');
select pg_temp.renew();
select public.note_vain_renewal((g ->> 'id')::uuid, 1) from pg_temp.grant_of() g;
select public.note_vain_renewal((g ->> 'id')::uuid, 2) from pg_temp.grant_of() g;
select pg_temp.renew();
select results_eq(
  $$ select (g ->> 'renewed_ms_ago')::numeric < 60000, g ->> 'vain_renewals' from pg_temp.grant_of() g $$,
  $$ values (true, '1') $$, 'a refresh in vain counts, of the revision that it gave'
);
update public.mcp_server_grants set renewed_at = now() - interval '6 minutes';
select pg_temp.renew();
select is(pg_temp.grant_of() ->> 'vain_renewals', '0', 'refused refreshes are forgotten after some minutes');

select * from finish();
rollback;
