-- What servers send is stored within limits, and a call is never without its record.
begin;
\ir ../helpers.psql
select plan(30);

insert into auth.users (id, email) values ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test');
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.mcp_servers (name, slug, url) values ('Notes', 'notes', 'https://notes.example/mcp');
select set_config('pgtap.server', id::text, true), set_config('pgtap.workspace', workspace_id::text, true)
from public.mcp_servers;
reset role;
set local role service_role;

-- Sizes
select is(private.first_bytes('abc', 3), 'abc', 'a text that fits stays');
select is(private.first_bytes('aä€😀', 9), 'aä€', 'truncated text ends before the first character that does not fit');
select is(private.first_bytes('😀😀', 3), '', 'truncated text can be empty');
select is(
  private.json_bytes(jsonb_build_object('a, b: "\', array[repeat('x', 5000)], 'n', '[1, {"k": [true, null]}]'::jsonb)),
  octet_length('{"a, b: \"\\":["' || repeat('x', 5000) || '"],"n":[1,{"k":[true,null]}]}'),
  'JSON counts as it is without spaces, but for those in texts'
);

-- Tools
create function pg_temp.tool(p_name text, p_more jsonb) returns jsonb language sql as $$
  select jsonb_build_object('name', p_name, 'fingerprint', '1', 'input_schema', '{"type": "object"}'::jsonb) || p_more
$$;
create function pg_temp.values(p_bytes integer) returns jsonb language sql as $$
  select jsonb_build_object('enum', array[repeat('x', p_bytes - 13)])
$$;
select is(
  public.store_catalog(
    current_setting('pgtap.server')::uuid, 1, now() - interval '1 minute',
    jsonb_build_array(
      pg_temp.tool('fits', jsonb_build_object('input_schema', pg_temp.values(65536))),
      pg_temp.tool('input', jsonb_build_object('input_schema', pg_temp.values(65537))),
      pg_temp.tool('both', jsonb_build_object('input_schema', pg_temp.values(40000), 'output_schema', pg_temp.values(40000))),
      pg_temp.tool('many', jsonb_build_object('input_schema', jsonb_build_object('enum', (select jsonb_agg(n % 10) from generate_series(1, 32000) n)))),
      pg_temp.tool('long', jsonb_build_object(
        'description', repeat('€', 2000), 'title', repeat('t', 2000),
        'annotations', jsonb_build_object('readOnlyHint', true, 'mine', repeat('x', 5000))
      ))
    ),
    '[{"name": "odd", "reason": "The name is there twice."}]'
  ) -> 'added',
  '["fits", "long", "many"]', 'tools whose schemas have more than 64 KB are not stored, all others are'
);
select is(
  (select skipped_tools from public.mcp_servers where id = current_setting('pgtap.server')::uuid),
  '[{"name": "odd", "reason": "The name is there twice."},
    {"name": "input", "reason": "Its schemas have more than 64 KB."},
    {"name": "both", "reason": "Its schemas have more than 64 KB."}]',
  'each skipped tool has a reason'
);
select is((select tool_count from public.mcp_servers where id = current_setting('pgtap.server')::uuid), 3, 'skipped tools do not count toward the limit');
select is((select octet_length(description) from public.mcp_tools where server_id = current_setting('pgtap.server')::uuid and name = 'long'), 4095, 'a description has 4 KB at most');
select is((select octet_length(title) from public.mcp_tools where server_id = current_setting('pgtap.server')::uuid and name = 'long'), 1024, 'a title is truncated to 1 KB');
select is(
  (select annotations from public.mcp_tools where server_id = current_setting('pgtap.server')::uuid and name = 'long'), '{"readOnlyHint": true}',
  'annotations beyond 4 KB are reduced to the hints'
);
select throws_ok(
  $$ update public.mcp_tools set input_schema = pg_temp.values(70000) where name = 'fits' $$, '23514', null,
  'direct writes cannot exceed the limit of schemas'
);
select public.store_catalog(
  current_setting('pgtap.server')::uuid, 1, now() - interval '30 seconds', '[]',
  jsonb_build_array(jsonb_build_object('name', repeat('n', 5000), 'reason', repeat('r', 5000), 'more', repeat('m', 5000)))
);
select is(
  (select skipped_tools from public.mcp_servers where id = current_setting('pgtap.server')::uuid),
  jsonb_build_array(jsonb_build_object('name', repeat('n', 256), 'reason', repeat('r', 500))),
  'names and reasons of skipped tools are truncated'
);

-- Facts
create function pg_temp.report(p_more jsonb) returns integer language sql as $$
  select public.report_server_status(jsonb_build_array(jsonb_build_object(
    'server_id', current_setting('pgtap.server'), 'config_version', 1, 'observed_at', clock_timestamp(),
    'source', 'session', 'status', 'connected'
  ) || p_more))
$$;
select pg_temp.report(jsonb_build_object(
  'instructions', repeat('€', 10000), 'protocol_version', repeat('v', 500),
  'server_info', jsonb_build_object('name', repeat('n', 10000), 'version', '1', 'icons', '[]'::jsonb, 'title', 7),
  'capabilities', jsonb_build_object('tools', jsonb_build_object('x', repeat('x', 10000)), 'logging', '{}'::jsonb)
));
select is((select octet_length(instructions) between 8180 and 8192 from public.mcp_servers where id = current_setting('pgtap.server')::uuid), true, 'instructions have 8 KB at most');
select matches((select instructions from public.mcp_servers where id = current_setting('pgtap.server')::uuid), '€\n\[Cut here: the server sent 30000 bytes\.\]$', 'truncated instructions say so');
select is((select length(protocol_version) from public.mcp_servers where id = current_setting('pgtap.server')::uuid), 64, 'a protocol version is truncated');
select is(
  (select server_info from public.mcp_servers where id = current_setting('pgtap.server')::uuid), jsonb_build_object('name', repeat('n', 256), 'version', '1'),
  'a server''s info beyond the limit is reduced to name and version'
);
select is((select capabilities from public.mcp_servers where id = current_setting('pgtap.server')::uuid), '{"tools": {}, "logging": {}}', 'capabilities beyond the limit are reduced to their names');
select pg_temp.report('{"instructions": "Be kind.", "server_info": {"name": "n", "icons": []}}');
select is((select instructions from public.mcp_servers where id = current_setting('pgtap.server')::uuid), 'Be kind.', 'a server''s info within the limit stays as it is');
select is((select server_info from public.mcp_servers where id = current_setting('pgtap.server')::uuid), '{"name": "n", "icons": []}', 'small server info is stored as it is');

-- Records of calls
insert into public.voice_sessions (id, workspace_id, user_id, agent_config_id, room_name)
select '55555555-0000-4000-8000-000000000005', w.id, 'aaaaaaaa-0000-4000-8000-000000000001', c.id, 'room'
from public.workspaces w join public.agent_configs c on c.workspace_id = w.id
where w.id = current_setting('pgtap.workspace')::uuid limit 1;
create function pg_temp.call(p_n integer, p_more jsonb default '{}') returns jsonb language sql as $$
  select jsonb_build_object(
    'id', format('11111111-0000-4000-8000-%s', lpad(p_n::text, 12, '0')),
    'session_id', '55555555-0000-4000-8000-000000000005', 'server_id', current_setting('pgtap.server'),
    'tool_name', 'add', 'arguments', '{}'::jsonb, 'outcome', 'ok', 'error_code', null, 'started_at', now(),
    'queue_ms', 1, 'duration_ms', 2, 'result_bytes', 3
  ) || p_more
$$;
select is(
  public.record_tool_calls(jsonb_build_array(
    pg_temp.call(1),
    pg_temp.call(2, '{"outcome": "no such outcome"}'),
    pg_temp.call(3, '{"started_at": "not a time"}'),
    pg_temp.call(4, jsonb_build_object('tool_name', repeat('t', 1000), 'result_bytes', 5000000000, 'duration_ms', 1e300)),
    pg_temp.call(5, jsonb_build_object('arguments', repeat('x', 20000), 'tool_name', ''))
  )),
  3, 'a call that can not be recorded costs no other'
);
select is(public.record_tool_calls(jsonb_build_array(pg_temp.call(1), pg_temp.call(6))), 1, 'a repeated batch records only the new call');
select results_eq(
  $$ select length(tool_name), result_bytes, duration_ms, arguments from public.tool_calls where server_id = current_setting('pgtap.server')::uuid order by id $$,
  $$ values (3, 3, 2, '{}'::jsonb), (256, 2147483647, 2147483647, '{}'), (1, 3, 2, '{"truncated": true}'), (3, 3, 2, '{}') $$,
  'too large values of a call are reduced'
);
select lives_ok(
  format(
    $$ insert into public.tool_calls (id, workspace_id, user_id, server_id, tool_name, arguments, outcome, started_at)
       values (gen_random_uuid(), %L, 'aaaaaaaa-0000-4000-8000-000000000001', gen_random_uuid(), 'add', %L, 'ok', now()) $$,
    current_setting('pgtap.workspace'), to_jsonb(repeat('x', 20000))
  ),
  'a call by hand is recorded, however large and whether or not its server is still there'
);
select is(
  (
    select arguments from public.tool_calls
    where server_id is null and workspace_id = current_setting('pgtap.workspace')::uuid
  ), '{"truncated": true}', 'too large arguments are recorded as truncated'
);

-- Settings of tools in a document
reset role;
update public.limits set allowed = 5 where name = 'tools_per_server' and workspace_id is null;
create function pg_temp.document(p_from integer, p_to integer) returns jsonb language sql as $$
  select jsonb_build_object('format', 'patchbay.workspace', 'version', 1, 'servers', jsonb_build_array(jsonb_build_object(
    'name', 'Notes', 'slug', 'notes', 'url', 'https://notes.example/mcp',
    'tools', (select jsonb_agg(jsonb_build_object('name', 'tool-' || n, 'is_enabled', false) order by n) from generate_series(p_from, p_to) n)
  )))
$$;
create function pg_temp.settings() returns text language sql as $$
  select string_agg(name, ' ' order by name) from private.vanished_tool_choices
$$;
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select lives_ok(
  format($$ select public.import_workspace(%L, pg_temp.document(1, 50000)) $$, current_setting('pgtap.workspace')),
  'a document may set more tools than there can be'
);
reset role;
select is(pg_temp.settings(), 'tool-1 tool-2 tool-3 tool-4 tool-5', 'an import keeps as many tool settings as tools may exist');
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select public.import_workspace(current_setting('pgtap.workspace')::uuid, pg_temp.document(4, 8));
reset role;
select is(pg_temp.settings(), 'tool-1 tool-2 tool-3 tool-4 tool-5', 'a second import keeps no more tool settings');
select public.store_catalog(s.id, s.config_version, clock_timestamp(), jsonb_build_array(pg_temp.tool('mine', '{}')))
from public.mcp_servers s where s.id = current_setting('pgtap.server')::uuid;
update public.mcp_tools set is_enabled = false
where server_id = current_setting('pgtap.server')::uuid and name = 'mine';
select public.store_catalog(s.id, s.config_version, clock_timestamp(), '[]') from public.mcp_servers s where s.id = current_setting('pgtap.server')::uuid;
select is(
  (select is_enabled from private.vanished_tool_choices where name = 'mine'), false,
  'settings of a tool that vanishes are kept beyond the limit'
);
update public.limits set allowed = 0 where name = 'tools_per_server' and workspace_id is null;
delete from private.vanished_tool_choices;
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select public.import_workspace(current_setting('pgtap.workspace')::uuid, pg_temp.document(1, 3));
reset role;
select is(pg_temp.settings(), null, 'the limit of tool settings can be zero');
delete from public.limits where name = 'tools_per_server';
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select public.import_workspace(current_setting('pgtap.workspace')::uuid, pg_temp.document(1, 3));
reset role;
select is(pg_temp.settings(), 'tool-1 tool-2 tool-3', 'without a limit any number of tool settings is imported');

select * from finish();
rollback;
