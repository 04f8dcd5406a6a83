-- Invitations: made by owners, told once, used once, by the right person, and taken back.
begin;
\ir ../helpers.psql
select plan(36);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'Bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test'),
  ('dddddddd-0000-4000-8000-000000000004', 'dee@pgtap.test'),
  ('eeeeeeee-0000-4000-8000-000000000005', 'eve@pgtap.test');

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.workspaces (name) values ('Team');
select set_config('pgtap.team', id::text, true) from public.workspaces where name = 'Team';

-- Makes an invitation and keeps its token under a name.
create function pg_temp.invite(p_name text, p_role text, p_email text default null) returns jsonb
language plpgsql as $$
declare
  v_made jsonb := public.create_invitation(current_setting('pgtap.team')::uuid, p_role, p_email);
begin
  perform set_config('pgtap.token_' || p_name, v_made ->> 'token', true);
  return v_made;
end
$$;
create function pg_temp.token(p_name text) returns text language sql as $$
  select current_setting('pgtap.token_' || p_name)
$$;

-- Making them ---------------------------------------------------------------------------------------
select matches(pg_temp.invite('open', 'member') ->> 'token', '^[0-9a-f]{64}$', 'an owner makes a link');
select isnt(pg_temp.invite('second', 'viewer') ->> 'token', pg_temp.token('open'), 'no two invitations have the same token');
select is(
  pg_temp.invite('bound', 'admin', ' BOB@pgtap.test ') - 'token' - 'id' - 'expires_at',
  '{"role": "admin", "email": "bob@pgtap.test"}', 'an invitation can be for an email address'
);
select throws_ok('select token_hash from public.workspace_invitations', '42501', null, 'the hash of an invitation cannot be read');
select ok(
  (select bool_and(expires_at between now() + interval '6 days' and now() + interval '8 days')
   from public.workspace_invitations),
  'an invitation is valid for a week by default'
);
select throws_ok(
  $$
    insert into public.workspace_invitations (workspace_id, role, token_hash, invited_by, expires_at)
    values (current_setting('pgtap.team')::uuid, 'admin', repeat('a', 64),
      'aaaaaaaa-0000-4000-8000-000000000001', now())
  $$,
  '42501', null, 'nobody chooses a token'
);
create function pg_temp.refused(p_role text, p_email text, p_hours integer) returns jsonb language plpgsql as $$
declare
  v_detail text;
begin
  perform public.create_invitation(current_setting('pgtap.team')::uuid, p_role, p_email, p_hours);
  return null;
exception when sqlstate 'PT400' then
  get stacked diagnostics v_detail = pg_exception_detail;
  return v_detail;
end
$$;
select is(
  pg_temp.refused('owner', 'not an address', 0),
  '{"role": [{"code": "unknown_choice", "message": "Choose admin, member or viewer."}],
    "email": [{"code": "bad_format", "message": "Enter a valid email address."}],
    "expires_in_hours": [{"code": "out_of_range", "message": "Enter 1 to 720 hours (30 days)."}]}',
  'each invalid field has an error, and nobody is invited as owner'
);
select ok(pg_temp.refused(null, null, 721) ?& array['role', 'expires_in_hours'], 'an invitation needs a role and cannot be valid for long');
reset role;
select is_empty(
  $$ select from public.workspace_invitations i where i::text ~ pg_temp.token('open') $$,
  'the database does not hold the token'
);

-- Looking at them -----------------------------------------------------------------------------------
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is(
  public.preview_invitation(pg_temp.token('open')) - 'expires_at',
  jsonb_build_object(
    'workspace_id', current_setting('pgtap.team'), 'workspace_name', 'Team', 'role', 'member', 'is_member', false
  ),
  'the holder of a link sees what it leads to'
);
select throws_ok(
  $$ select public.preview_invitation(repeat('0', 64)) $$, 'PT404', null, 'guessing a token reveals nothing'
);
select throws_ok($$ select public.preview_invitation(null) $$, 'PT404', null, 'calling without a token reveals nothing');
select throws_ok(
  $$ select public.preview_invitation(pg_temp.token('bound')) $$, 'PT403', null, 'an invitation for another email address shows nothing'
);
select is((select count(*) from public.workspace_invitations), 0::bigint, 'a guest cannot list invitations');

-- Using them ----------------------------------------------------------------------------------------
select throws_ok($$ select public.accept_invitation(pg_temp.token('bound')) $$, 'PT403', null, 'an invitation for another email address lets nobody in');
select is(
  public.accept_invitation(pg_temp.token('open')),
  jsonb_build_object(
    'workspace_id', current_setting('pgtap.team'), 'workspace_name', 'Team', 'role', 'member', 'joined', true
  ),
  'a link makes its holder a member'
);
select is(
  (select role from public.workspace_members where workspace_id = current_setting('pgtap.team')::uuid
   and user_id = 'cccccccc-0000-4000-8000-000000000003'),
  'member', 'a person joins in the role of the invitation'
);
select is(public.accept_invitation(pg_temp.token('open')) ->> 'joined', 'false', 'a second click changes nothing');
select is(
  public.accept_invitation(pg_temp.token('second')) - 'workspace_id' - 'workspace_name',
  '{"role": "member", "joined": false}', 'a member who opens a link keeps their role'
);
select throws_ok(
  $$ select public.create_invitation(current_setting('pgtap.team')::uuid, 'viewer') $$,
  'PT403', 'Only owners can invite people.', 'a member invites nobody'
);
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select throws_ok(
  $$ select public.accept_invitation(pg_temp.token('open')) $$, 'PT410', null, 'a link that was used is used up'
);
select is(
  public.accept_invitation(pg_temp.token('second')) ->> 'role', 'viewer', 'a link that a member left unused still works'
);
select throws_ok(
  $$ select public.create_invitation(current_setting('pgtap.team')::uuid, 'viewer') $$,
  'PT403', null, 'a viewer invites nobody'
);
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is(
  public.accept_invitation(pg_temp.token('bound')) ->> 'role', 'admin', 'the person of the address comes in'
);
select throws_ok(
  $$ select public.create_invitation(current_setting('pgtap.team')::uuid, 'viewer') $$,
  'PT403', null, 'an admin invites nobody'
);
select is((select count(*) from public.workspace_invitations), 0::bigint, 'a member does not see who was invited');
select pg_temp.act_as('eeeeeeee-0000-4000-8000-000000000005');
select throws_ok(
  $$ select public.create_invitation(current_setting('pgtap.team')::uuid, 'viewer') $$,
  'PT404', null, 'a stranger does not learn that there is a workspace'
);

-- Taking them back, and their end -------------------------------------------------------------------
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select is(
  (select count(*) from public.workspace_invitations where accepted_at is not null), 3::bigint, 'owners see who accepted'
);
delete from public.workspace_members where user_id = 'dddddddd-0000-4000-8000-000000000004';
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select throws_ok(
  $$ select public.accept_invitation(pg_temp.token('second')) $$, 'PT410', null,
  'a removed member cannot come back by the old link'
);
select throws_ok(
  $$ select public.preview_invitation(pg_temp.token('second')) $$, 'PT410', null, 'a removed member cannot preview the old link'
);

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select pg_temp.invite('revoked', 'member'), pg_temp.invite('late', 'member'), pg_temp.invite('from_ada', 'member');
delete from public.workspace_invitations where id = (
  select id from public.workspace_invitations where accepted_at is null order by created_at, id limit 1
);
select is(
  (select count(*) from public.workspace_invitations where accepted_at is null), 2::bigint, 'an owner takes one back'
);
reset role;
insert into public.workspace_invitations (workspace_id, role, token_hash, invited_by, expires_at)
values (
  current_setting('pgtap.team')::uuid, 'member', private.token_hash('an old token'),
  'aaaaaaaa-0000-4000-8000-000000000001', now() - interval '1 second'
);
select pg_temp.act_as('eeeeeeee-0000-4000-8000-000000000005');
select throws_ok(
  $$ select public.accept_invitation('an old token') $$, 'PT410',
  'This invitation has expired. Ask for a new link.', 'a link ends with its time'
);
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select public.transfer_ownership(current_setting('pgtap.team')::uuid, 'bbbbbbbb-0000-4000-8000-000000000002');
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is(
  (select count(*) from public.workspace_invitations where accepted_at is null), 0::bigint,
  'a former owner leaves no open invitations'
);
select pg_temp.act_as('eeeeeeee-0000-4000-8000-000000000005');
select throws_ok(
  $$ select public.accept_invitation(pg_temp.token('from_ada')) $$, 'PT404', null, 'no invitation of a former owner works'
);

-- People who go take what was about them along.
reset role;
delete from auth.users where id in (
  'bbbbbbbb-0000-4000-8000-000000000002', 'cccccccc-0000-4000-8000-000000000003'
);
select is_empty(
  $$ select from public.workspace_invitations where email = 'bob@pgtap.test' $$, 'an address goes with its person'
);
select is(
  (select count(*) from public.workspace_members where workspace_id = current_setting('pgtap.team')::uuid), 1::bigint,
  'the former owner is the only member left'
);

select * from finish();
rollback;
