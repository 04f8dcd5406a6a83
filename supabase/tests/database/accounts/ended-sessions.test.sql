-- What somebody may not do any more: a browser that was signed out, a member with another role, a banned owner.
begin;
\ir ../helpers.psql
select plan(20);

create function pg_temp.id(p_name text) returns uuid language sql security definer as $$
  select id from auth.users where email = p_name || '@pgtap.test'
$$;

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000001', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000001', 'cyd@pgtap.test');
insert into public.workspaces (id, name, created_by) values
  ('77777777-0000-4000-8000-000000000001', 'Team', pg_temp.id('ada')),
  ('77777777-0000-4000-8000-000000000002', 'Club', pg_temp.id('bob'));
insert into public.workspace_members (workspace_id, user_id, role) values
  ('77777777-0000-4000-8000-000000000001', pg_temp.id('bob'), 'admin'),
  ('77777777-0000-4000-8000-000000000001', pg_temp.id('cyd'), 'member'),
  ('77777777-0000-4000-8000-000000000002', pg_temp.id('cyd'), 'owner');

-- A browser that was signed out
insert into auth.sessions (id, user_id) values
  ('11111111-0000-4000-8000-000000000001', pg_temp.id('ada')),
  ('22222222-0000-4000-8000-000000000001', pg_temp.id('ada')),
  ('33333333-0000-4000-8000-000000000001', pg_temp.id('bob'));
create function pg_temp.attempts() returns setof text language sql as $$
  values
    ($a$ select public.create_api_token('77777777-0000-4000-8000-000000000001', 'Thief') $a$),
    ($a$ select public.create_invitation('77777777-0000-4000-8000-000000000001', 'admin') $a$),
    ($a$ update public.workspace_members set role = 'viewer' where user_id = 'cccccccc-0000-4000-8000-000000000001' $a$),
    ($a$ select public.end_session('11111111-0000-4000-8000-000000000001') $a$),
    ($a$ select public.end_other_sessions() $a$),
    ($a$ select public.delete_account('{"77777777-0000-4000-8000-000000000001": null}') $a$)
$$;
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001', p_session => '11111111-0000-4000-8000-000000000001');
select public.end_session('22222222-0000-4000-8000-000000000001');
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001', p_session => '22222222-0000-4000-8000-000000000001');
select throws_ok(a, 'PT403', 'This browser was signed out. Sign in again.', 'signed out:' || a) from pg_temp.attempts() a;
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001', p_session => '33333333-0000-4000-8000-000000000001');
select throws_ok(
  $$ select public.create_api_token('77777777-0000-4000-8000-000000000001', 'Thief') $$, 'PT403', null,
  'the session of another user does not count'
);
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001', p_session => '11111111-0000-4000-8000-000000000001');
select lives_ok(
  $$ select public.create_api_token('77777777-0000-4000-8000-000000000001', 'Ada') $$, 'a live session may create them'
);

-- A sign-in that is finished with another role than it was begun with
reset role;
select set_config('request.jwt.claims', '', true);
insert into public.mcp_servers (id, workspace_id, user_id, name, url, auth_method, credential_scope) values
  ('55555555-0000-4000-8000-000000000001', '77777777-0000-4000-8000-000000000001', pg_temp.id('cyd'), 'Shared',
    'https://notes.example/mcp', 'oauth', 'workspace'),
  ('55555555-0000-4000-8000-000000000002', '77777777-0000-4000-8000-000000000001', pg_temp.id('ada'), 'Own',
    'https://notes.example/mcp', 'oauth', 'member');
create function pg_temp.put_grant(p_server text, p_user text) returns void language sql as $$
  select public.put_grant(
    gen_random_uuid(), s.id, s.workspace_id, s.url,
    case s.credential_scope when 'member' then pg_temp.id(p_user) end, 'https://as.example',
    '{"ciphertext": "c", "nonce": "n", "key_id": "k"}', null, pg_temp.id(p_user)
  )
  from public.mcp_servers s where s.name = p_server
$$;
select lives_ok($$ select pg_temp.put_grant('Shared', 'bob') $$, 'an admin signs the workspace in');
select lives_ok($$ select pg_temp.put_grant('Shared', 'cyd') $$, 'the member who added the server can sign the workspace in');
select lives_ok($$ select pg_temp.put_grant('Own', 'cyd') $$, 'a member signs in for themselves');
update public.workspace_members set role = 'member'
where user_id = pg_temp.id('bob') and workspace_id = '77777777-0000-4000-8000-000000000001';
select throws_ok($$ select pg_temp.put_grant('Shared', 'bob') $$, 'PT403', null, 'a former admin cannot sign the workspace in');
update public.workspace_members set role = 'viewer'
where user_id = pg_temp.id('cyd') and workspace_id = '77777777-0000-4000-8000-000000000001';
select throws_ok($$ select pg_temp.put_grant('Shared', 'cyd') $$, 'PT403', null, 'a viewer cannot sign the workspace in');
select throws_ok($$ select pg_temp.put_grant('Own', 'cyd') $$, 'PT403', null, 'a viewer cannot sign in for themselves');
delete from public.workspace_members
where user_id = pg_temp.id('bob') and workspace_id = '77777777-0000-4000-8000-000000000001';
select throws_ok($$ select pg_temp.put_grant('Shared', 'bob') $$, 'PT403', null, 'a former member cannot sign the workspace in');

-- A banned owner
insert into public.workspace_members (workspace_id, user_id, role) values
  ('77777777-0000-4000-8000-000000000002', pg_temp.id('ada'), 'admin');
update auth.users set banned_until = now() + interval '1 day' where email = 'cyd@pgtap.test';
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000001');
select throws_ok(
  $$ select public.delete_account() $$, 'PT409', null, 'a banned owner beside them does not spare the choice'
);
reset role;
create function pg_temp.owners() returns text language sql as $$
  select string_agg(split_part(u.email, '@', 1), ' ' order by u.email)
  from public.workspace_members m join auth.users u on u.id = m.user_id
  where m.workspace_id = '77777777-0000-4000-8000-000000000002' and m.role = 'owner'
$$;
savepoint admin;
select set_config('request.jwt.claims', '', true);
delete from auth.users where email = 'bob@pgtap.test';
select is(pg_temp.owners(), 'ada cyd', 'an admin becomes an owner beside the banned one');
rollback to savepoint admin;
update public.workspace_members set role = 'viewer'
where user_id = pg_temp.id('ada') and workspace_id = '77777777-0000-4000-8000-000000000002';
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000001');
select lives_ok($$ select public.delete_account() $$, 'an account without other possible owners can be deleted without a choice');
reset role;
select is(pg_temp.owners(), 'cyd', 'the workspace stays with the banned owner');
select is(
  (select role from public.workspace_members where user_id = pg_temp.id('ada')
    and workspace_id = '77777777-0000-4000-8000-000000000002'), 'viewer', 'a workspace never goes to a viewer'
);

select * from finish();
rollback;
