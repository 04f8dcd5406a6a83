-- A user starts with a workspace, others come in with a role, and somebody always owns it.
begin;
select plan(27);

create function pg_temp.act_as(p_user uuid) returns void language plpgsql as $$
begin
  perform set_config('request.jwt.claims', json_build_object('sub', p_user, 'role', 'authenticated')::text, true);
  perform set_config('role', 'authenticated', true);
end
$$;

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test');

select results_eq(
  $$
    select w.name, w.is_personal, m.role
    from public.workspaces w join public.workspace_members m on m.workspace_id = w.id
    where w.created_by = 'aaaaaaaa-0000-4000-8000-000000000001'
  $$,
  $$ values ('ada', true, 'owner') $$,
  'a new user owns a personal workspace'
);

select results_eq(
  $$
    select c.is_default, c.voice_model, c.temperature, c.greeting <> '', length(c.system_prompt) > 100
    from public.agent_configs c join public.workspaces w on w.id = c.workspace_id
    where w.created_by = 'aaaaaaaa-0000-4000-8000-000000000001'
  $$,
  $$ values (true, 'coral', 80, true, true) $$,
  'with an agent that can talk at once'
);

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select is((select count(*) from public.workspaces), 1::bigint, 'a user sees the own workspace and no other');
select is((select count(*) from public.workspace_members), 1::bigint, 'and no other members');

select results_eq(
  $$ insert into public.workspaces (name) values ('  Team ') returning name, is_personal $$,
  $$ values ('Team', false) $$,
  'a user may open a workspace, and is shown it'
);
select throws_ok(
  $$ insert into public.workspaces (name) values ('  ') $$,
  'PT400', null, 'a workspace needs a name'
);
select throws_ok(
  $$ insert into public.workspaces (name, is_personal) values ('x', true) $$,
  '42501', null, 'nobody makes a workspace personal'
);
select results_eq(
  $$
    select m.role from public.workspace_members m join public.workspaces w on w.id = m.workspace_id
    where w.name = 'Team'
  $$,
  $$ values ('owner') $$,
  'who opens a workspace owns it'
);
select throws_ok(
  $$
    insert into public.workspace_members (workspace_id, user_id, role)
    select id, 'bbbbbbbb-0000-4000-8000-000000000002', 'member' from public.workspaces
  $$,
  '42501', null, 'nobody is made a member without having accepted'
);
select throws_ok(
  $$ delete from public.workspace_members where user_id = 'aaaaaaaa-0000-4000-8000-000000000001' $$,
  'PT409', null, 'the last owner cannot leave'
);
select throws_ok(
  $$
    update public.workspace_members m set role = 'member' from public.workspaces w
    where w.id = m.workspace_id and w.name = 'Team'
  $$,
  'PT409', null, 'nor step down'
);
select lives_ok(
  $$ delete from public.workspaces where is_personal $$, 'deleting the personal workspace is passed over'
);
select is((select count(*) from public.workspaces), 2::bigint, 'and changes nothing');

-- Bob and Cyd join.
reset role;
insert into public.workspace_members (workspace_id, user_id, role)
select w.id, v.user_id::uuid, v.role
from public.workspaces w, (
  values ('bbbbbbbb-0000-4000-8000-000000000002', 'admin'), ('cccccccc-0000-4000-8000-000000000003', 'viewer')
) as v (user_id, role)
where w.name = 'Team' and w.created_by = 'aaaaaaaa-0000-4000-8000-000000000001';

select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is((select count(*) from public.workspaces), 2::bigint, 'a member sees the shared workspace');
select is(
  (select count(*) from public.workspace_members m join public.workspaces w on w.id = m.workspace_id where w.name = 'Team'),
  3::bigint, 'and who else is in it'
);
update public.workspaces set name = 'Crew' where name = 'Team';
select is((select count(*) from public.workspaces where name = 'Crew'), 1::bigint, 'an admin renames it');
update public.workspace_members set role = 'owner' where user_id = 'bbbbbbbb-0000-4000-8000-000000000002'
  and role = 'admin';
select is(
  (select role from public.workspace_members m join public.workspaces w on w.id = m.workspace_id
   where w.name = 'Crew' and m.user_id = 'bbbbbbbb-0000-4000-8000-000000000002'),
  'admin', 'but an admin does not raise own or others'' roles'
);
delete from public.workspace_members where user_id = 'cccccccc-0000-4000-8000-000000000003';
delete from public.workspaces where name = 'Crew';
select is(
  (select count(*) from public.workspace_members m join public.workspaces w on w.id = m.workspace_id where w.name = 'Crew'),
  3::bigint, 'nor removes people or the workspace'
);
select throws_ok(
  $$
    insert into public.workspace_invitations (workspace_id, email, role, token_hash)
    select id, 'eve@pgtap.test', 'admin', repeat('0', 64) from public.workspaces where name = 'Crew'
  $$,
  '42501', null, 'nor invites'
);

select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
update public.workspaces set name = 'Mine' where name = 'Crew';
select is((select count(*) from public.workspaces where name = 'Crew'), 1::bigint, 'a viewer changes nothing');
delete from public.workspace_members where user_id = 'cccccccc-0000-4000-8000-000000000003'
  and workspace_id = (select id from public.workspaces where name = 'Crew');
select is((select count(*) from public.workspaces), 1::bigint, 'but may leave, and then sees it no more');

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select lives_ok(
  $$
    insert into public.workspace_invitations (workspace_id, email, role, token_hash)
    select id, 'cyd@pgtap.test', 'member', repeat('ada0cd12', 8) from public.workspaces where name = 'Crew'
  $$,
  'an owner invites'
);
select throws_ok(
  'select token_hash from public.workspace_invitations', '42501', null, 'and cannot read the token''s hash again'
);
select throws_ok(
  $$
    insert into public.workspace_invitations (workspace_id, email, role, token_hash)
    select id, 'cyd@pgtap.test', 'owner', repeat('b', 64) from public.workspaces where name = 'Crew'
  $$,
  '23514', null, 'nobody is invited as owner'
);
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is((select count(*) from public.workspace_invitations), 0::bigint, 'only owners see invitations');

-- Ada is deleted: what was only hers goes, what is shared goes on with the highest of those who are left.
reset role;
delete from auth.users where id = 'aaaaaaaa-0000-4000-8000-000000000001';
select results_eq(
  $$
    select w.name, w.created_by, m.role
    from public.workspaces w join public.workspace_members m on m.workspace_id = w.id
    where m.user_id = 'bbbbbbbb-0000-4000-8000-000000000002' and not w.is_personal
  $$,
  $$ values ('Crew', null::uuid, 'owner') $$,
  'when the owner''s account goes, the admin inherits'
);
select is(
  (select count(*) from public.workspaces w where w.name = 'ada'), 0::bigint,
  'and the personal workspace goes with it'
);

select * from finish();
rollback;
