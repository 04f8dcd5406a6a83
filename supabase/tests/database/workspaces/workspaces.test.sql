-- A user starts with a workspace, others come in with a role, and somebody always owns it.
begin;
\ir ../helpers.psql
select plan(31);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test'),
  ('dddddddd-0000-4000-8000-000000000004', 'dee@pgtap.test');

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
  'a personal workspace starts with an agent'
);

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select is((select count(*) from public.workspaces), 1::bigint, 'a user sees the own workspace and no other');
select is((select count(*) from public.workspace_members), 1::bigint, 'a new user sees one membership');

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
  'whoever creates a workspace owns it'
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
  'PT409', null, 'the last owner cannot become a member'
);
select lives_ok(
  $$ delete from public.workspaces where is_personal $$, 'deleting the personal workspace is passed over'
);
select is((select count(*) from public.workspaces), 2::bigint, 'a user can create a second workspace');

-- Bob and Cyd join.
select set_config('pgtap.team', id::text, true) from public.workspaces where name = 'Team';
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
  3::bigint, 'a member sees all members'
);
update public.workspaces set name = 'Crew' where name = 'Team';
select is((select count(*) from public.workspaces where name = 'Crew'), 1::bigint, 'an admin can rename a workspace');
update public.workspace_members set role = 'owner' where user_id = 'bbbbbbbb-0000-4000-8000-000000000002'
  and role = 'admin';
select is(
  (select role from public.workspace_members m join public.workspaces w on w.id = m.workspace_id
   where w.name = 'Crew' and m.user_id = 'bbbbbbbb-0000-4000-8000-000000000002'),
  'admin', 'an admin cannot become an owner'
);
delete from public.workspace_members where user_id = 'cccccccc-0000-4000-8000-000000000003';
delete from public.workspaces where name = 'Crew';
select is(
  (select count(*) from public.workspace_members m join public.workspaces w on w.id = m.workspace_id where w.name = 'Crew'),
  3::bigint, 'an admin cannot remove members or delete the workspace'
);
select throws_ok(
  $$ select public.transfer_ownership(id, 'bbbbbbbb-0000-4000-8000-000000000002') from public.workspaces
     where name = 'Crew' $$,
  'PT403', 'Only owners can transfer ownership.', 'an admin cannot take over the workspace'
);
select results_eq(
  $$ select email, role from public.list_members((select id from public.workspaces where name = 'Crew')) $$,
  $$ values ('ada@pgtap.test', 'owner'), ('bob@pgtap.test', 'admin'), ('cyd@pgtap.test', 'viewer') $$,
  'members see the email addresses of each other'
);

select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
update public.workspaces set name = 'Mine' where name = 'Crew';
select is((select count(*) from public.workspaces where name = 'Crew'), 1::bigint, 'a viewer changes nothing');
delete from public.workspace_members where user_id = 'cccccccc-0000-4000-8000-000000000003'
  and workspace_id = (select id from public.workspaces where name = 'Crew');
select is((select count(*) from public.workspaces), 1::bigint, 'a member who left no longer sees the workspace');

select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select is_empty(
  $$ select * from public.list_members(current_setting('pgtap.team')::uuid) $$, 'a stranger learns of no member'
);
select throws_ok(
  $$ select public.transfer_ownership(current_setting('pgtap.team')::uuid, 'dddddddd-0000-4000-8000-000000000004') $$,
  'PT404', 'There is no such workspace.', 'a stranger does not learn that a workspace exists'
);

-- Ada hands the team over, and gets it back.
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select throws_ok(
  $$ select public.transfer_ownership(current_setting('pgtap.team')::uuid, 'dddddddd-0000-4000-8000-000000000004') $$,
  'PT404', null, 'a workspace is handed to members only'
);
select throws_ok(
  $$ select public.transfer_ownership(current_setting('pgtap.team')::uuid, 'aaaaaaaa-0000-4000-8000-000000000001') $$,
  'PT404', null, 'ownership cannot be transferred to oneself'
);
select throws_ok(
  $$
    select public.transfer_ownership(id, 'bbbbbbbb-0000-4000-8000-000000000002')
    from public.workspaces where is_personal
  $$,
  'PT404', null, 'a personal workspace stays with its person'
);
select public.transfer_ownership(current_setting('pgtap.team')::uuid, 'bbbbbbbb-0000-4000-8000-000000000002');
select results_eq(
  $$ select email, role from public.list_members(current_setting('pgtap.team')::uuid) $$,
  $$ values ('bob@pgtap.test', 'owner'), ('ada@pgtap.test', 'admin') $$,
  'an owner hands the workspace over and stays as admin'
);
select throws_ok(
  $$ select public.transfer_ownership(current_setting('pgtap.team')::uuid, 'bbbbbbbb-0000-4000-8000-000000000002') $$,
  'PT403', null, 'once'
);
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select public.transfer_ownership(current_setting('pgtap.team')::uuid, 'aaaaaaaa-0000-4000-8000-000000000001');

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
  'when the owner''s account is deleted, the admin becomes the owner'
);
select is(
  (select count(*) from public.workspaces w where w.name = 'ada'), 0::bigint,
  'the personal workspace is deleted with the account'
);

select * from finish();
rollback;
