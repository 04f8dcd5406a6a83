-- Signing in to servers: flows are used once and by whom they belong to, grants stay where they were given.
begin;
\ir ../helpers.psql
select plan(39);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test');
insert into public.workspaces (id, name, created_by)
values ('77777777-0000-4000-8000-000000000007', 'Team', 'aaaaaaaa-0000-4000-8000-000000000001');
insert into public.workspace_members (workspace_id, user_id, role)
values ('77777777-0000-4000-8000-000000000007', 'bbbbbbbb-0000-4000-8000-000000000002', 'member');
insert into public.mcp_servers (id, workspace_id, user_id, name, url, auth_method, credential_scope) values (
  '55555555-0000-4000-8000-000000000005', '77777777-0000-4000-8000-000000000007',
  'aaaaaaaa-0000-4000-8000-000000000001', 'Notes', 'https://notes.example/mcp', 'oauth', 'member'
);

create function pg_temp.begin_flow(p_id text, p_user text, p_seconds integer default 60) returns void language sql as $$
  select public.begin_sign_in(
    gen_random_uuid(), p_id, '55555555-0000-4000-8000-000000000005', p_user::uuid, 'https://notes.example/mcp',
    '/talk', pg_temp.secret('flow'), p_seconds
  )
$$;
create function pg_temp.put_grant(p_user text, p_url text default 'https://notes.example/mcp', p_holder text default 'own',
  p_issuer text default 'https://as.example')
returns void language sql as $$
  select public.put_grant(
    gen_random_uuid(), '55555555-0000-4000-8000-000000000005', '77777777-0000-4000-8000-000000000007', p_url,
    case p_holder when 'own' then p_user::uuid end, p_issuer, pg_temp.secret('tokens of ' || p_user), null,
    p_user::uuid
  )
$$;
create function pg_temp.version() returns integer language sql security definer as $$
  select config_version from public.mcp_servers where id = '55555555-0000-4000-8000-000000000005'
$$;
create function pg_temp.grant_of(p_user text) returns jsonb language sql as $$
  select public.read_grant('55555555-0000-4000-8000-000000000005', p_user::uuid)
$$;

-- Clients.
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select throws_ok('select * from public.mcp_server_grants', '42501', null, 'a user reads no grants');
select throws_ok('select * from public.mcp_server_clients', '42501', null, 'users cannot read client registrations');
select throws_ok('select * from private.sign_in_flows', '42501', null, 'users cannot read sign-ins in progress');
select throws_ok(
  $$ select public.read_grant('55555555-0000-4000-8000-000000000005', 'aaaaaaaa-0000-4000-8000-000000000001') $$,
  '42501', null, 'users cannot call the function that returns grants'
);
select throws_ok($$ select public.take_sign_in('s', 'aaaaaaaa-0000-4000-8000-000000000001') $$, '42501', null, 'users cannot call the function that takes a sign-in');
reset role;

-- Flows.
select pg_temp.begin_flow('ada', 'aaaaaaaa-0000-4000-8000-000000000001');
select is(public.take_sign_in('ada', 'bbbbbbbb-0000-4000-8000-000000000002'), null, 'a flow is there for nobody else');
select is(
  public.take_sign_in('ada', 'aaaaaaaa-0000-4000-8000-000000000001') ->> 'holder_id',
  'aaaaaaaa-0000-4000-8000-000000000001', 'the user who started a sign-in can take it'
);
select is(public.take_sign_in('ada', 'aaaaaaaa-0000-4000-8000-000000000001'), null, 'a sign-in can be taken once');
select pg_temp.begin_flow('late', 'aaaaaaaa-0000-4000-8000-000000000001', -1);
select is(public.take_sign_in('late', 'aaaaaaaa-0000-4000-8000-000000000001'), null, 'a sign-in that took too long has expired');
select throws_ok(
  $$ select public.begin_sign_in(gen_random_uuid(), 'x', '55555555-0000-4000-8000-000000000005',
    'aaaaaaaa-0000-4000-8000-000000000001', 'https://evil.example/mcp', '/', pg_temp.secret('f'), 60) $$,
  'PT409', null, 'a sign-in cannot start for another URL'
);

-- Grants.
select is(pg_temp.version(), 1, 'another member''s sign-in does not reset the status');
select pg_temp.put_grant('bbbbbbbb-0000-4000-8000-000000000002');
select is(pg_temp.version(), 1, 'the sign-in of another member is no matter of the status');
select pg_temp.put_grant('aaaaaaaa-0000-4000-8000-000000000001');
select is(pg_temp.version(), 2, 'a grant of the member whose credential the monitor uses resets the status');
select is(
  pg_temp.grant_of('bbbbbbbb-0000-4000-8000-000000000002') -> 'secret' ->> 'ciphertext',
  'tokens of bbbbbbbb-0000-4000-8000-000000000002', 'each member has their own grant'
);
select is(pg_temp.grant_of(null), null, 'the workspace has no grant if each member has one');
select throws_ok(
  $$ select pg_temp.put_grant('aaaaaaaa-0000-4000-8000-000000000001', 'https://evil.example/mcp') $$,
  'PT409', null, 'a grant for another origin is not stored'
);
select throws_ok(
  $$ select pg_temp.put_grant('aaaaaaaa-0000-4000-8000-000000000001', 'https://notes.example/mcp', 'workspace') $$,
  'PT409', null, 'a grant cannot be stored for another holder than the server uses'
);
select is(
  (select count(*)::int from public.audit_events where table_name = 'mcp_server_grants'), 2, 'the trail has the sign-ins'
);

-- The lease.
create temp table held on commit drop as
select (g ->> 'id')::uuid as id, public.lease_grant((g ->> 'id')::uuid, 1, 60000) as lease
from pg_temp.grant_of('aaaaaaaa-0000-4000-8000-000000000001') g;
select isnt((select lease from held), null, 'one caller gets the lease of a grant');
select is((select public.lease_grant(id, 1, 60000) from held), null, 'nobody else gets the lease of a grant');
select is((select public.renew_grant(id, gen_random_uuid(), pg_temp.secret('x'), null) from held), false, 'only the holder of the lease stores a refreshed grant');
select is((select public.renew_grant(id, lease, pg_temp.secret('fresh'), now()) from held), true, 'a refresh stores the new tokens');
select is(pg_temp.grant_of('aaaaaaaa-0000-4000-8000-000000000001') ->> 'revision', '2', 'a refresh raises the revision');
select is((select public.lease_grant(id, 1, 60000) from held), null, 'whoever speaks of the one before gets no lease');
select public.delay_grant(id, public.lease_grant(id, 2, 60000), 60000) from held;
select is((select public.lease_grant(id, 2, 60000) from held), null, 'nobody refreshes a grant too soon after a failure');
select public.refuse_grant(id, 1) from held;
select is(pg_temp.grant_of('aaaaaaaa-0000-4000-8000-000000000001') ->> 'is_refused', 'false', 'a late refusal is none');
select public.want_scope(id, 'more') from held;
select results_eq(
  $$ select g ->> 'wanted_scope', g ->> 'is_refused' from pg_temp.grant_of('aaaaaaaa-0000-4000-8000-000000000001') g $$,
  $$ values ('more', 'false') $$, 'a grant with too little scope can still be used'
);
select public.refuse_grant(id, 2) from held;
select is(pg_temp.grant_of('aaaaaaaa-0000-4000-8000-000000000001') ->> 'is_refused', 'true', 'a refused grant is marked as refused');

-- What a page learns.
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select results_eq(
  $$ select is_signed_in, is_refused, wants_more from public.my_sign_ins('77777777-0000-4000-8000-000000000007') $$,
  $$ values (true, false, false) $$, 'a member is told of their own sign-in'
);
reset role;

-- The end.
delete from public.workspace_members where user_id = 'bbbbbbbb-0000-4000-8000-000000000002'
  and workspace_id = '77777777-0000-4000-8000-000000000007';
select is(pg_temp.grant_of('bbbbbbbb-0000-4000-8000-000000000002'), null, 'a member who leaves leaves no grant');
select is(
  public.drop_grant('55555555-0000-4000-8000-000000000005', 'aaaaaaaa-0000-4000-8000-000000000001', null) ->> 'issuer',
  'https://as.example', 'whoever signs out is told what to revoke'
);
select pg_temp.put_grant('aaaaaaaa-0000-4000-8000-000000000001');
update public.mcp_servers set url = 'https://other.example/mcp' where id = '55555555-0000-4000-8000-000000000005';
select is((select count(*)::int from public.mcp_server_grants), 0, 'another origin deletes every grant');

-- What is told to authorization servers.
create function pg_temp.revocations() returns text language sql as $$
  select coalesce(string_agg(ciphertext, ', ' order by due_at, ciphertext), '') from private.grant_revocations
$$;
select is(
  pg_temp.revocations(),
  'tokens of aaaaaaaa-0000-4000-8000-000000000001, tokens of bbbbbbbb-0000-4000-8000-000000000002',
  'good grants that were dropped are to be revoked, and the refused one is not'
);
delete from private.grant_revocations;
select pg_temp.put_grant('aaaaaaaa-0000-4000-8000-000000000001', 'https://other.example/mcp');
select pg_temp.put_grant('aaaaaaaa-0000-4000-8000-000000000001', 'https://other.example/mcp');
select is(pg_temp.revocations(), '', 'a replaced grant is not revoked');
select pg_temp.put_grant('aaaaaaaa-0000-4000-8000-000000000001', 'https://other.example/mcp', 'own', 'https://next.example');
select is(
  pg_temp.revocations(), 'tokens of aaaaaaaa-0000-4000-8000-000000000001', 'unless by that of another authorization server'
);
delete from private.grant_revocations;
delete from public.mcp_servers where id = '55555555-0000-4000-8000-000000000005';
select is(
  pg_temp.revocations(), 'tokens of aaaaaaaa-0000-4000-8000-000000000001', 'the grant of a deleted server is revoked'
);
update private.grant_revocations set due_at = now();
select is(jsonb_array_length(public.claim_revocations(8)), 1, 'a revocation is handed out when it is due');
select is(jsonb_array_length(public.claim_revocations(8)), 0, 'a claimed revocation is not handed out again for a while');
delete from private.grant_revocations;
insert into public.mcp_servers (id, workspace_id, user_id, name, url, auth_method, credential_scope) values (
  '55555555-0000-4000-8000-000000000005', '77777777-0000-4000-8000-000000000007',
  'aaaaaaaa-0000-4000-8000-000000000001', 'Notes', 'https://notes.example/mcp', 'oauth', 'member'
);
select pg_temp.put_grant('aaaaaaaa-0000-4000-8000-000000000001');
delete from public.workspaces where id = '77777777-0000-4000-8000-000000000007';
select is(
  pg_temp.revocations(), 'tokens of aaaaaaaa-0000-4000-8000-000000000001', 'deleting the workspace keeps the pending revocations'
);

select * from finish();
rollback;
