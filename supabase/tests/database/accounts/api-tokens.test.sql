-- API tokens: made by owners and admins, told once, good for one workspace, for their scopes, and for as long as
-- their maker may do the thing themselves.
begin;
\ir ../helpers.psql
select plan(40);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test'),
  ('dddddddd-0000-4000-8000-000000000004', 'dee@pgtap.test');

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.workspaces (name) values ('Team'), ('Other');
select set_config('pgtap.' || lower(name), id::text, true) from public.workspaces where name in ('Team', 'Other');
reset role;
insert into public.workspace_members (workspace_id, user_id, role)
select current_setting('pgtap.team')::uuid, u::uuid, r from (values
  ('bbbbbbbb-0000-4000-8000-000000000002', 'admin'), ('cccccccc-0000-4000-8000-000000000003', 'member')
) as m (u, r);
insert into public.mcp_servers (workspace_id, user_id, name, url) values
  (current_setting('pgtap.team')::uuid, 'aaaaaaaa-0000-4000-8000-000000000001', 'Clock', 'https://a.test/mcp'),
  (current_setting('pgtap.other')::uuid, 'aaaaaaaa-0000-4000-8000-000000000001', 'Hidden', 'https://b.test/mcp');

-- Makes a token as its maker and keeps it under a name.
create function pg_temp.make(p_name text, p_scopes text[] default '{}', p_days integer default null) returns jsonb
language plpgsql as $$
declare
  v_made jsonb := public.create_api_token(current_setting('pgtap.team')::uuid, p_name, p_scopes, p_days);
begin
  perform set_config('pgtap.token_' || p_name, v_made ->> 'token', true);
  perform set_config('pgtap.id_' || p_name, v_made ->> 'id', true);
  return v_made;
end
$$;
-- What the edge functions are told of it.
create function pg_temp.use(p_name text) returns jsonb language plpgsql as $$
begin
  perform set_config('role', 'service_role', true);
  return public.use_api_token(encode(sha256(current_setting('pgtap.token_' || p_name)::bytea), 'hex'));
end
$$;
-- Acts as the holder of a token does: in the role of tokens, with the claims of its JWT.
create function pg_temp.hold(p_name text, p_user uuid default 'bbbbbbbb-0000-4000-8000-000000000002') returns void
language plpgsql as $$
begin
  perform set_config('request.jwt.claims', json_build_object(
    'sub', p_user, 'role', 'api_token', 'token_id', current_setting('pgtap.id_' || p_name)
  )::text, true);
  perform set_config('role', 'api_token', true);
end
$$;

-- Making --------------------------------------------------------------------------------------------
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select matches(pg_temp.make('read') ->> 'token', '^patchbay_[0-9a-f]{64}$', 'an admin makes a token');
select isnt(pg_temp.make('write', '{servers:write,tools:call,servers:write}') ->> 'token',
  current_setting('pgtap.token_read'), 'no two API tokens are the same');
select is(
  (select scopes from public.api_tokens where name = 'write'), '{servers:write,tools:call}', 'each scope is kept once'
);
select throws_ok('select token_hash from public.api_tokens', '42501', null, 'the hash of a token cannot be read');
select throws_ok('update public.api_tokens set revoked_at = null', '42501', null, 'an admin cannot change a token directly');
select throws_ok('select public.use_api_token(repeat(''a'', 64))', '42501', null, 'a client cannot look up a token');
create function pg_temp.refused(p_name text, p_scopes text[], p_days integer) returns jsonb language plpgsql as $$
declare
  v_detail text;
begin
  perform public.create_api_token(current_setting('pgtap.team')::uuid, p_name, p_scopes, p_days);
  return null;
exception when sqlstate 'PT400' then
  get stacked diagnostics v_detail = pg_exception_detail;
  return v_detail;
end
$$;
select is(
  (select jsonb_object_agg(key, value -> 0 ->> 'code') from jsonb_each(pg_temp.refused(' ', '{admin}', 0))),
  '{"name": "required", "scopes": "unknown_choice", "expires_in_days": "out_of_range"}', 'each invalid field has an error'
);
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is_empty('select id from public.api_tokens', 'a member sees no tokens');
select throws_ok('select pg_temp.make(''mine'')', 'PT403', null, 'a member creates no tokens');
select throws_ok(
  'select public.revoke_api_token(current_setting(''pgtap.id_read'')::uuid)', 'PT403', null, 'a member revokes no tokens'
);
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select throws_ok('select pg_temp.make(''mine'')', 'PT404', null, 'a stranger does not learn that the workspace exists');
select throws_ok(
  'select public.revoke_api_token(current_setting(''pgtap.id_read'')::uuid)', 'PT404', null, 'a stranger does not learn that a token exists'
);
reset role;
select is_empty(
  $$ select from public.api_tokens t where t::text ~ current_setting('pgtap.token_read') $$,
  'the database does not hold the token'
);
select is(
  (select changes -> 'scopes' ->> 'to' from public.audit_events where table_name = 'api_tokens' and row_name = 'write'),
  '["servers:write", "tools:call"]', 'the audit log says who created which token'
);

-- Using ---------------------------------------------------------------------------------------------
select is(
  pg_temp.use('write') - 'token_id',
  '{"state": "good", "user_id": "bbbbbbbb-0000-4000-8000-000000000002", "scopes": ["servers:write", "tools:call"]}',
  'a token acts for its creator'
);
select isnt((select last_used_at from public.api_tokens where name = 'write'), null, 'the last use of a token is recorded');
select is(public.use_api_token(repeat('0', 64)), '{"state": "unknown"}', 'an unknown token is rejected');

select pg_temp.hold('read');
select results_eq('select name from public.mcp_servers', $$ values ('Clock') $$, 'a token reads servers of its own workspace only');
select results_eq('select name from public.workspaces', $$ values ('Team') $$, 'a token reads its own workspace only, whatever others its creator is in');
select results_eq(
  'select role from public.workspace_members', $$ values ('admin') $$, 'a token reads no membership but its creator''s'
);
select throws_ok('select from public.audit_events', '42501', null, 'a token cannot read the audit log');
select throws_ok('select from public.api_tokens', '42501', null, 'a token cannot read tokens');
select throws_ok('select public.delete_account()', '42501', null, 'a token cannot delete the account of its creator');
select throws_ok(
  $$ insert into public.mcp_servers (name, url) values ('New', 'https://c.test/mcp') $$,
  '42501', null, 'a token without the scope adds no server'
);
select is_empty($$ update public.mcp_servers set name = 'Taken' returning id $$, 'a token without the scope changes no server');
select is_empty($$ delete from public.mcp_servers returning id $$, 'a token without the scope deletes no server');

select pg_temp.hold('write');
select results_eq(
  $$ insert into public.mcp_servers (name, url) values ('New', 'https://c.test/mcp') returning workspace_id, user_id $$,
  $$ values (current_setting('pgtap.team')::uuid, 'bbbbbbbb-0000-4000-8000-000000000002'::uuid) $$,
  'a token with the scope adds a server to its workspace, in its creator''s name'
);
select throws_ok(
  $$ insert into public.mcp_servers (workspace_id, name, url)
     values (current_setting('pgtap.other')::uuid, 'New', 'https://c.test/mcp') $$,
  '42501', null, 'a token adds no server to another workspace'
);
select throws_ok(
  $$ update public.mcp_servers set workspace_id = current_setting('pgtap.other')::uuid $$,
  '42501', null, 'a token moves no server to another workspace'
);
select throws_ok(
  $$ insert into public.mcp_servers (name, url) values ('Bad', 'nowhere') $$, 'PT400', null, 'a token gets the same field errors as a user'
);
select is(
  public.rename_tag(current_setting('pgtap.team')::uuid, 'a', 'b'), '{"left": 0, "changed": 0}', 'a token renames tags'
);
select throws_ok(
  $$ select public.rename_tag(current_setting('pgtap.other')::uuid, 'a', 'b') $$, 'PT404', null, 'a token renames tags in its own workspace only'
);
select throws_ok(
  $$ insert into public.agent_configs (name) values ('Mine') $$, '42501', null, 'a token needs another scope for agents'
);
select pg_temp.hold('write', 'aaaaaaaa-0000-4000-8000-000000000001');
select is_empty('select from public.mcp_servers', 'a token does not act for another user');

-- The maker's role counts at each use.
reset role;
update public.workspace_members set role = 'member'
where workspace_id = current_setting('pgtap.team')::uuid and user_id = 'bbbbbbbb-0000-4000-8000-000000000002';
select pg_temp.hold('write');
select results_eq(
  $$ update public.mcp_servers set description = 'changed' returning name $$, $$ values ('New') $$,
  'after its creator became a member, a token changes only the creator''s servers'
);

-- Ends ----------------------------------------------------------------------------------------------
reset role;
update public.api_tokens set expires_at = now() - interval '1 second' where name = 'read';
select is(pg_temp.use('read'), '{"state": "expired"}', 'an expired token is rejected as expired');
select pg_temp.hold('read');
select is_empty('select from public.mcp_servers', 'an expired token reads nothing');
reset role;
delete from public.workspace_members
where workspace_id = current_setting('pgtap.team')::uuid and user_id = 'bbbbbbbb-0000-4000-8000-000000000002';
select is(pg_temp.use('write'), '{"state": "revoked"}', 'the token of a removed member is revoked');
select pg_temp.hold('write');
select is_empty('select from public.mcp_servers', 'the token of a removed member reads nothing');
reset role;
insert into public.workspace_members (workspace_id, user_id, role) values
  (current_setting('pgtap.team')::uuid, 'bbbbbbbb-0000-4000-8000-000000000002', 'owner');
select is(pg_temp.use('write'), '{"state": "revoked"}', 'the token of a removed member stays revoked when they come back');

select * from finish();
rollback;
