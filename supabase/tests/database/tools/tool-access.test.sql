-- What a tool may do is the workspace's word: nothing that a server lists, or where it moves to, changes it for the worse.
begin;
\ir ../helpers.psql
select plan(22);

create function pg_temp.server() returns uuid language sql as $$ select current_setting('pgtap.server')::uuid $$;
create function pg_temp.version() returns integer language sql security definer as $$
  select config_version from public.mcp_servers where id = current_setting('pgtap.server')::uuid
$$;
create function pg_temp.store(p_names text) returns jsonb language sql as $$
  select public.store_catalog(pg_temp.server(), pg_temp.version(), clock_timestamp(), (
    select coalesce(jsonb_agg(jsonb_build_object(
      'name', n, 'fingerprint', '1', 'input_schema', '{}'::jsonb, 'annotations', '{"readOnlyHint": true}'::jsonb
    )), '[]')
    from unnest(string_to_array(p_names, ' ')) n
  ))
$$;
create function pg_temp.accesses() returns text language sql as $$
  select string_agg(concat(name, ':', access), ' ' order by name) from public.mcp_tools where server_id = pg_temp.server()
$$;

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test');
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.mcp_servers (name, url) values ('Notes', 'https://notes.example/mcp');
select set_config('pgtap.server', id::text, true), set_config('pgtap.workspace', workspace_id::text, true)
from public.mcp_servers;
reset role;
insert into public.workspace_members (workspace_id, user_id, role) values
  (current_setting('pgtap.workspace')::uuid, 'bbbbbbbb-0000-4000-8000-000000000002', 'member'),
  (current_setting('pgtap.workspace')::uuid, 'cccccccc-0000-4000-8000-000000000003', 'viewer');
set local role service_role;
select pg_temp.store('list wipe');

-- Trust
reset role;
update public.mcp_servers set updated_at = '2020-01-01';
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select is((select trusts_hints from public.mcp_servers), false, 'a server is not trusted before somebody says so');
select results_eq(
  $$ insert into public.mcp_servers (name, url, trusts_hints) values ('Odd', 'https://odd.example', null) returning trusts_hints $$,
  $$ values (false) $$, 'null means that hints are not trusted'
);
select results_eq(
  format($$ update public.mcp_servers set trusts_hints = true where id = %L returning trusts_hints, config_version $$, pg_temp.server()),
  format($$ values (true, %s) $$, pg_temp.version()), 'trust is given without a new connection'
);
select is((select updated_at from public.mcp_servers where id = pg_temp.server()), now(), 'trust is recorded as a change of the server');
select results_eq(
  format($$ update public.mcp_servers set url = 'https://notes.example/v2/mcp' where id = %L returning trusts_hints $$, pg_temp.server()),
  $$ values (true) $$, 'trust stays at another path of the same origin'
);
select results_eq(
  format($$ update public.mcp_servers set url = 'https://other.example/mcp', trusts_hints = true where id = %L returning trusts_hints $$, pg_temp.server()),
  $$ values (false) $$, 'trust ends at another origin'
);

-- Access
reset role;
set local role service_role;
select pg_temp.store('list wipe');
select is(pg_temp.accesses(), 'list: wipe:', 'a hint of the server sets no access');
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select lives_ok(
  $$ update public.mcp_tools set access = case name when 'list' then 'read' else 'destructive' end $$,
  'whoever may edit a server sets the access of its tools'
);
select throws_ok(
  $$ update public.mcp_tools set access = 'READ' $$, 'PT400', null, 'access is read, write or destructive'
);
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is_empty($$ update public.mcp_tools set access = 'read' returning name $$, 'a member not at the server of another');
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select is_empty($$ update public.mcp_tools set access = 'read' returning name $$, 'a viewer changes no access');
select is_empty($$ update public.mcp_servers set trusts_hints = true returning name $$, 'a viewer cannot trust hints');
select is(pg_temp.accesses(), 'list:read wipe:destructive', 'whoever sees a tool sees its access');
reset role;
select is(
  (
    select string_agg(row_name || ' ' || changes::text, ', ' order by row_name)
    from public.audit_events e
    where e.table_name = 'mcp_tools'
      and e.workspace_id = (select s.workspace_id from public.mcp_servers s where s.id = pg_temp.server())
  ),
  'list {"access": {"to": "read"}}, wipe {"access": {"to": "destructive"}}',
  'the trail tells of it'
);
select ok(
  exists (select from public.audit_events where changes -> 'trusts_hints' ->> 'to' = 'true'), 'the audit log has a change of trust'
);

set local role service_role;
select pg_temp.store('');
select pg_temp.store('list wipe new');
select is(pg_temp.accesses(), 'list:read new: wipe:destructive', 'a tool that vanished and came back is as it was');
select is(
  (
    select string_agg(concat(t ->> 'name', ':', t ->> 'access'), ' ' order by t ->> 'name')
    from jsonb_array_elements(
      public.server_for_probe(pg_temp.server(), 'aaaaaaaa-0000-4000-8000-000000000001') -> 'tools'
    ) t
  ),
  'list:read new: wipe:destructive', 'a probe gets the access of each tool'
);

-- In a document
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
update public.mcp_servers set trusts_hints = true where id = pg_temp.server();
select set_config('pgtap.document', public.export_workspace(current_setting('pgtap.workspace')::uuid)::text, true);
update public.mcp_tools set access = 'write' where server_id = pg_temp.server();
select public.import_workspace(
  current_setting('pgtap.workspace')::uuid,
  jsonb_set(
    jsonb_set(current_setting('pgtap.document')::jsonb, '{servers,0,tools}', '[
      {"name": "list", "is_enabled": true, "cache_ttl_seconds": null},
      {"name": "wipe", "is_enabled": true, "cache_ttl_seconds": null, "access": "everything"},
      {"name": "later", "is_enabled": true, "cache_ttl_seconds": null, "access": "destructive"}
    ]'), '{servers,0,slug}', '"notes"'
  )
);
select is(pg_temp.accesses(), 'list:write new:write wipe:', 'a document without a word changes nothing, an unknown word is none');
select is(
  (select trusts_hints from public.mcp_servers where id = pg_temp.server()), true, 'trust travels with the document'
);
reset role;
set local role service_role;
select pg_temp.store('later list new wipe');
select is(pg_temp.accesses(), 'later:destructive list:write new:write wipe:', 'access of an imported document applies to a tool that is listed later');

-- Another origin
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
update public.mcp_tools set access = 'read' where name = 'list';
update public.mcp_servers set url = 'https://third.example/mcp' where id = pg_temp.server();
reset role;
set local role service_role;
select pg_temp.store('later list wipe');
select is(pg_temp.accesses(), 'later:destructive list: wipe:', 'read access does not apply to another origin');
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select private.set_tool_access(pg_temp.server(), 'list', 'read');
select is(pg_temp.accesses(), 'later:destructive list: wipe:', 'the function that sets access from a document checks the same rights');

select * from finish();
rollback;
