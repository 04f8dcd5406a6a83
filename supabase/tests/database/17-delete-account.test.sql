-- People end their own account, and nobody else's.
begin;
select plan(6);

create function pg_temp.act_as(p_user uuid) returns void language plpgsql as $$
begin
  perform set_config('request.jwt.claims', json_build_object('sub', p_user, 'role', 'authenticated')::text, true);
  perform set_config('role', 'authenticated', true);
end
$$;

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test');
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.workspaces (name) values ('Shared');
select set_config('pgtap.shared', id::text, true) from public.workspaces where name = 'Shared';
reset role;
insert into public.workspace_members (workspace_id, user_id, role) values
  (current_setting('pgtap.shared')::uuid, 'bbbbbbbb-0000-4000-8000-000000000002', 'viewer');

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select lives_ok($$ select public.delete_account() $$, 'a person deletes the own account');
reset role;
select is_empty(
  $$ select email from auth.users where id = 'aaaaaaaa-0000-4000-8000-000000000001' $$, 'it is gone'
);
select is(
  (select count(*) from auth.users where id = 'bbbbbbbb-0000-4000-8000-000000000002'), 1::bigint,
  'the others are not'
);
select is_empty(
  $$ select name from public.workspaces where created_by = 'aaaaaaaa-0000-4000-8000-000000000001' $$,
  'the personal workspace went along'
);
select is(
  (select role from public.workspace_members where workspace_id = current_setting('pgtap.shared')::uuid), 'owner',
  'a shared one has another owner'
);
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select lives_ok($$ select public.delete_account() $$, 'a second request finds nothing to delete');

select * from finish();
rollback;
