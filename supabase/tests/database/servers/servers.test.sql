-- Servers: private to their workspace, written by role, validated by field, versioned by configuration.
begin;
\ir ../helpers.psql
select plan(57);

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test'),
  ('dddddddd-0000-4000-8000-000000000004', 'dee@pgtap.test');

-- Adding: what may be left out ----------------------------------------------------------------------
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select results_eq(
  $$
    insert into public.mcp_servers (name, url) values ('  Café Notes (v2) ', ' https://notes.example/mcp ')
    returning name, slug, url, user_id, connection_status, config_version, has_credential, is_active, transport,
      call_timeout_ms, max_concurrency, metadata
  $$,
  $$
    values ('Café Notes (v2)', 'cafe-notes-v2', 'https://notes.example/mcp',
      'aaaaaaaa-0000-4000-8000-000000000001'::uuid, 'disconnected', 1, false, true, 'auto', 30000, 4, '{}'::jsonb)
  $$,
  'a name and an address are enough'
);
select is(
  (select w.is_personal from public.mcp_servers s join public.workspaces w on w.id = s.workspace_id),
  true, 'the server goes to the personal workspace'
);
select results_eq(
  $$
    insert into public.mcp_servers (name, url, description, tags, metadata, auth_header)
    values ('Café Notes (v2)', 'https://b.example', null, null, null, null)
    returning slug, description, tags, metadata, auth_header
  $$,
  $$ values ('cafe-notes-v2-2', '', '{}'::text[], '{}'::jsonb, 'X-API-Key') $$,
  'a second one of the name gets a slug of its own, and nulls become defaults'
);
select results_eq(
  $$ insert into public.mcp_servers (name, url) values ('会議', 'https://c.example') returning slug $$,
  $$ values ('server') $$,
  'a name without letters that a slug can hold gets one as well'
);
select results_eq(
  $$
    insert into public.mcp_servers (name, url, tags)
    values ('Tagged', 'https://d.example', '{home, work,home}') returning tags
  $$,
  $$ values ('{home,work}'::text[]) $$,
  'a tag counts once'
);

-- The user's order ----------------------------------------------------------------------------------
select results_eq(
  'select slug, position from public.mcp_servers order by position',
  $$ values ('cafe-notes-v2', 1::float8), ('cafe-notes-v2-2', 2), ('server', 3), ('tagged', 4) $$,
  'a new server goes to the end of the user''s order'
);
update public.mcp_servers set position = 1.5 where slug = 'tagged';
update public.mcp_servers set position = null where slug = 'server';
select results_eq(
  'select slug, config_version from public.mcp_servers order by position',
  $$ values ('cafe-notes-v2', 1), ('tagged', 1), ('cafe-notes-v2-2', 1), ('server', 1) $$,
  'a server can be placed between two others without a new connection'
);

-- Adding: what is refused ---------------------------------------------------------------------------
create function pg_temp.refused(p_columns text, p_values text) returns jsonb language plpgsql as $$
declare
  v_detail text;
begin
  execute format('insert into public.mcp_servers (%s) values (%s)', p_columns, p_values);
  return null;
exception when sqlstate 'PT400' then
  get stacked diagnostics v_detail = pg_exception_detail;
  return v_detail;
end
$$;
select is(
  pg_temp.refused('name, url', $$ ' ', 'ftp://x' $$),
  '{"name": [{"code": "required", "message": "Give the server a name."}],
    "url": [{"code": "unsupported_scheme", "message": "The URL must start with https:// or http://."}]}',
  'each invalid field has an error with a code and a message'
);
select ok(pg_temp.refused('name, url', format('%L, %L', repeat('x', 81), 'https://x.example')) ? 'name', 'a long name is refused');
select ok(pg_temp.refused('name, url', $$ 'x', 'https://' $$) ? 'url', 'an address without a host');
select ok(pg_temp.refused('name, url', $$ 'x', 'javascript:alert(1)' $$) ? 'url', 'another scheme is refused');
select ok(pg_temp.refused('name, url', $$ 'x', 'https://me:key@x.example/' $$) ? 'url', 'a key in the address');
select ok(pg_temp.refused('name, url', $$ 'x', 'https://good.example\@evil.example/' $$) ? 'url', 'a disguised host is refused');
select ok(pg_temp.refused('name, url', format('%L, %L', 'x', 'https://x.example/' || repeat('a', 2000))) ? 'url', 'a long URL is refused');
select ok(pg_temp.refused('name, url, slug', $$ 'x', 'https://x.example', 'Not A Slug' $$) ? 'slug', 'a malformed slug is refused');
select ok(pg_temp.refused('name, url, transport', $$ 'x', 'https://x.example', 'stdio' $$) ? 'transport', 'an unknown transport is refused');
select ok(pg_temp.refused('name, url, protocol_era', $$ 'x', 'https://x.example', 'newest' $$) ? 'protocol_era', 'an unknown protocol is refused');
select ok(pg_temp.refused('name, url, auth_method', $$ 'x', 'https://x.example', 'magic' $$) ? 'auth_method', 'an unknown authentication method is refused');
select ok(pg_temp.refused('name, url, auth_header', $$ 'x', 'https://x.example', 'X: Y' $$) ? 'auth_header', 'a malformed header is refused');
select ok(pg_temp.refused('name, url, auth_header', $$ 'x', 'https://x.example', 'Host' $$) ? 'auth_header', 'a header of the protocol');
select ok(
  pg_temp.refused('name, url, tags', $$ 'x', 'https://x.example', array(select 't' || n from generate_series(1, 21) n) $$) ? 'tags',
  'too many tags are refused'
);
select ok(pg_temp.refused('name, url, tags', $$ 'x', 'https://x.example', array[repeat('t', 41)] $$) ? 'tags', 'a long tag is refused');
select ok(pg_temp.refused('name, url, call_timeout_ms', $$ 'x', 'https://x.example', 10 $$) ? 'call_timeout_ms', 'too short a timeout is refused');
select ok(pg_temp.refused('name, url, max_concurrency', $$ 'x', 'https://x.example', 0 $$) ? 'max_concurrency', 'a concurrency of zero is refused');
select ok(pg_temp.refused('name, url, metadata', $$ 'x', 'https://x.example', '[]' $$) ? 'metadata', 'metadata that is no object');
select ok(pg_temp.refused('name, url, position', $$ 'x', 'https://x.example', 'NaN' $$) ? 'position', 'a place that is no number');
select ok(
  pg_temp.refused('name, url, metadata', $$ 'x', 'https://x.example', jsonb_build_object('a', repeat('x', 17000)) $$) ? 'metadata',
  'too much metadata is refused'
);
select throws_ok(
  $$ insert into public.mcp_servers (name, url, slug) values ('x', 'https://x.example', 'server') $$,
  '23505', null, 'a slug that is taken'
);
select throws_ok(
  $$ insert into public.mcp_servers (name, url, connection_status) values ('x', 'https://x.example', 'connected') $$,
  '42501', null, 'a status is not for users to write'
);
select throws_ok(
  $$
    insert into public.mcp_servers (name, url, user_id)
    values ('x', 'https://x.example', 'bbbbbbbb-0000-4000-8000-000000000002')
  $$,
  '42501', null, 'a server cannot be added in another user''s name'
);
select throws_ok(
  'update public.mcp_servers set has_credential = true', '42501', null, 'the system''s columns stay the system''s'
);
select throws_ok(
  'update public.mcp_servers set config_version = 7', '42501', null, 'users cannot set the config version'
);

-- The limits hold below the trigger as well.
reset role;
set local session_replication_role = replica;
select throws_ok($$ update public.mcp_servers set url = 'ftp://x' $$, '23514', null, 'a constraint guards the address');
select throws_ok($$ update public.mcp_servers set tags = array['a', null] $$, '23514', null, 'a null tag is refused');
select throws_ok($$ update public.mcp_servers set position = 'infinity' $$, '23514', null, 'an infinite position is refused');
set local session_replication_role = origin;

-- Strangers -----------------------------------------------------------------------------------------
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is((select count(*) from public.mcp_servers), 0::bigint, 'another user sees none of the servers');
update public.mcp_servers set name = 'mine now';
delete from public.mcp_servers;
reset role;
select is(
  (select count(*) from public.mcp_servers where user_id = 'aaaaaaaa-0000-4000-8000-000000000001' and name <> 'mine now'),
  4::bigint, 'another user changes and deletes none of the servers'
);
select set_config('pgtap.ada', (select id::text from public.workspaces where created_by = 'aaaaaaaa-0000-4000-8000-000000000001'), true);
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select throws_ok(
  $$
    insert into public.mcp_servers (workspace_id, name, url)
    values (current_setting('pgtap.ada')::uuid, 'Trojan', 'https://evil.example')
  $$,
  '42501', null, 'a user cannot add a server to a workspace of others'
);
reset role;
set local role anon;
select throws_ok('select * from public.mcp_servers', '42501', null, 'anonymous callers are refused');
reset role;

-- Roles in a shared workspace: Bob admin, Cyd member, Dee viewer ------------------------------------
insert into public.workspace_members (workspace_id, user_id, role) values
  (current_setting('pgtap.ada')::uuid, 'bbbbbbbb-0000-4000-8000-000000000002', 'admin'),
  (current_setting('pgtap.ada')::uuid, 'cccccccc-0000-4000-8000-000000000003', 'member'),
  (current_setting('pgtap.ada')::uuid, 'dddddddd-0000-4000-8000-000000000004', 'viewer');

select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select is((select count(*) from public.mcp_servers), 4::bigint, 'a viewer sees the servers');
update public.mcp_servers set description = 'by a viewer';
delete from public.mcp_servers;
select is((select count(*) from public.mcp_servers where description = ''), 4::bigint, 'a viewer changes no server');
select throws_ok(
  $$
    insert into public.mcp_servers (workspace_id, name, url)
    values (current_setting('pgtap.ada')::uuid, 'x', 'https://x.example')
  $$,
  '42501', null, 'a viewer adds no server'
);

select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
insert into public.mcp_servers (workspace_id, name, url)
values (current_setting('pgtap.ada')::uuid, 'Cyds', 'https://cyd.example');
update public.mcp_servers set description = 'by a member';
select is(
  (select string_agg(name, ',') from public.mcp_servers where description = 'by a member'),
  'Cyds', 'a member adds servers and edits only these'
);
delete from public.mcp_servers;
select is((select count(*) from public.mcp_servers), 4::bigint, 'a viewer deletes no server');

select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
update public.mcp_servers set description = 'by an admin';
select is(
  (select count(*) from public.mcp_servers where description = 'by an admin'), 4::bigint, 'an admin edits all servers'
);
delete from public.mcp_servers where slug = 'server';
select is((select count(*) from public.mcp_servers), 3::bigint, 'an admin deletes another member''s server');

-- Moving --------------------------------------------------------------------------------------------
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
update public.mcp_servers set workspace_id = private.personal_workspace_id();
select is(
  (select count(*) from public.mcp_servers where workspace_id = current_setting('pgtap.ada')::uuid),
  3::bigint, 'a member cannot carry off servers of others'
);
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
insert into public.mcp_servers (name, url) values ('Dees', 'https://dee.example');
select throws_ok(
  $$
    update public.mcp_servers set workspace_id = current_setting('pgtap.ada')::uuid where name = 'Dees'
  $$,
  '42501', null, 'a viewer cannot move a server in'
);
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
insert into public.mcp_servers (name, url) values ('Tagged', 'https://bob.example');
update public.mcp_servers set workspace_id = current_setting('pgtap.ada')::uuid where url = 'https://bob.example';
select results_eq(
  $$
    select slug, config_version from public.mcp_servers
    where url = 'https://bob.example' and workspace_id = current_setting('pgtap.ada')::uuid
  $$,
  $$ values ('tagged-2', 2) $$,
  'whoever may write in both workspaces moves a server, and its slug is made unique'
);

-- Versions ------------------------------------------------------------------------------------------
select results_eq(
  $$
    update public.mcp_servers
    set name = 'Other', description = 'd', tags = '{x}', metadata = '{"a": 1}', slug = 'other'
    where slug = 'tagged' returning config_version
  $$,
  $$ values (1) $$,
  'a change that no connection depends on keeps the version'
);
select results_eq(
  $$ update public.mcp_servers set url = url, transport = transport where slug = 'other' returning config_version $$,
  $$ values (1) $$,
  'writing the same values again keeps the version'
);
select results_eq(
  $$ update public.mcp_servers set transport = 'sse' where slug = 'other' returning config_version $$,
  $$ values (2) $$,
  'another transport raises the version'
);
select results_eq(
  $$ update public.mcp_servers set protocol_era = 'stateless' where slug = 'other' returning config_version $$,
  $$ values (3) $$,
  'a pinned protocol raises the version'
);
select results_eq(
  $$ update public.mcp_servers set protocol_era = null where slug = 'other' returning config_version, protocol_era $$,
  $$ values (4, 'auto') $$,
  'an unpinned protocol raises the version'
);
select results_eq(
  $$
    update public.mcp_servers set url = 'https://d.example/new', auth_method = 'bearer_token', is_active = false
    where slug = 'other' returning config_version
  $$,
  $$ values (5) $$,
  'several changes at once raise it once'
);
select results_eq(
  $$
    update public.mcp_servers set is_active = null, call_timeout_ms = 5000 where slug = 'other'
    returning config_version, is_active
  $$,
  $$ values (6, true) $$,
  'activity and limits raise the version'
);
reset role;
delete from auth.users where id = 'aaaaaaaa-0000-4000-8000-000000000001';
select is_empty(
  $$ select from public.mcp_servers where workspace_id = current_setting('pgtap.ada')::uuid $$,
  'the servers of a personal workspace go with its person, even if others were members'
);

select * from finish();
rollback;
