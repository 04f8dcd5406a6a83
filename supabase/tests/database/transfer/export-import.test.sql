-- A workspace goes out as one document and comes in again: without secrets, by right, twice without a change.
begin;
\ir ../helpers.psql
select plan(38);

create function pg_temp.ws(p_name text) returns uuid language sql as $$
  select current_setting('pgtap.' || p_name)::uuid
$$;
create function pg_temp.document() returns jsonb language sql as $$
  select current_setting('pgtap.document')::jsonb
$$;

insert into auth.users (id, email) values
  ('aaaaaaaa-0000-4000-8000-000000000001', 'ada@pgtap.test'),
  ('bbbbbbbb-0000-4000-8000-000000000002', 'bob@pgtap.test'),
  ('cccccccc-0000-4000-8000-000000000003', 'cyd@pgtap.test'),
  ('dddddddd-0000-4000-8000-000000000004', 'dee@pgtap.test');

select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.workspaces (name) values ('Team'), ('Copy');
select set_config('pgtap.team', id::text, true) from public.workspaces where name = 'Team';
select set_config('pgtap.copy', id::text, true) from public.workspaces where name = 'Copy';
reset role;
insert into public.workspace_members (workspace_id, user_id, role) values
  (pg_temp.ws('team'), 'cccccccc-0000-4000-8000-000000000003', 'viewer'),
  (pg_temp.ws('copy'), 'bbbbbbbb-0000-4000-8000-000000000002', 'member'),
  (pg_temp.ws('copy'), 'cccccccc-0000-4000-8000-000000000003', 'viewer');
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
insert into public.mcp_servers (workspace_id, name, url, auth_method, tags, call_timeout_ms, metadata) values
  (pg_temp.ws('team'), 'Notes', 'https://notes.example/mcp', 'api_key', '{home,work}', 5000, '{"a": 1}'),
  (pg_temp.ws('team'), 'Clock', 'https://clock.example/mcp', 'none', '{}', 30000, '{}');
select set_config('pgtap.notes', id::text, true) from public.mcp_servers where slug = 'notes';
insert into public.agent_configs (
  workspace_id, name, temperature, all_servers, is_default, model, reasoning_effort, turn_detection, turn_eagerness,
  language
) values (
  pg_temp.ws('team'), 'Helper', 20, false, true, 'gpt-realtime-2.1-mini', 'low', 'semantic', 'high', 'de'
);
insert into public.agent_config_servers (agent_config_id, server_id)
select id, pg_temp.ws('notes') from public.agent_configs where name = 'Helper';
reset role;
select public.put_server_secret(s.id, s.workspace_id, s.url, s.auth_method, 'sealed-canary', 'nonce-canary', 'key-canary')
  from public.mcp_servers s where s.id = pg_temp.ws('notes');
select public.store_catalog(pg_temp.ws('notes'), 2, clock_timestamp(), (
  select jsonb_agg(jsonb_build_object('name', n, 'fingerprint', '1', 'input_schema', '{}'::jsonb))
  from unnest(array['add', 'wipe']) n
));
update public.mcp_tools set is_enabled = false where server_id = pg_temp.ws('notes') and name = 'wipe';
update public.mcp_tools set is_pinned = true where server_id = pg_temp.ws('notes') and name = 'add';

-- Out -----------------------------------------------------------------------------------------------
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select throws_ok($$ select public.export_workspace(pg_temp.ws('team')) $$, 'PT404', null, 'a stranger exports nothing');
select pg_temp.act_as('cccccccc-0000-4000-8000-000000000003');
select set_config('pgtap.document', public.export_workspace(pg_temp.ws('team'))::text, true);
select is(
  pg_temp.document() - 'servers' - 'agents',
  '{"format": "patchbay.workspace", "version": 1, "workspace": {"name": "Team"}}', 'a viewer can export a workspace'
);
select is(
  pg_temp.document() #> '{servers,0}',
  '{"name": "Notes", "slug": "notes", "url": "https://notes.example/mcp", "description": "", "transport": "auto",
    "protocol_era": "auto", "auth_method": "api_key", "auth_header": "X-API-Key", "is_active": true, "position": 1, "tags": ["home", "work"],
    "call_timeout_ms": 5000, "max_concurrency": 4, "credential_scope": "workspace", "oauth_client_id": null, "trusts_hints": false, "metadata": {"a": 1}, "has_credential": true,
    "tools": [{"name": "add", "is_enabled": true, "is_pinned": true, "cache_ttl_seconds": null, "access": null},
      {"name": "wipe", "is_enabled": false, "is_pinned": false, "cache_ttl_seconds": null, "access": null}]}',
  'a server with what was chosen for it'
);
select is(
  (select jsonb_agg((a -> 'name') || (a -> 'servers') || (a -> 'is_default')) from jsonb_array_elements(pg_temp.document() -> 'agents') a),
  '[["Assistant", false], ["Helper", "notes", true]]', 'an export has agents with their servers'
);
select is(
  (select a - 'system_prompt' - 'servers' from jsonb_array_elements(pg_temp.document() -> 'agents') a where a ->> 'name' = 'Helper'),
  '{"name": "Helper", "voice_model": "coral", "temperature": 20, "greeting": "", "is_default": true,
    "all_servers": false, "provider": "openai", "model": "gpt-realtime-2.1-mini", "reasoning_effort": "low",
    "turn_detection": "semantic", "turn_eagerness": "high", "language": "de"}',
  'an export has the models and voice settings of agents'
);
select doesnt_match(pg_temp.document()::text, 'canary', 'an export has no secrets');

-- In ------------------------------------------------------------------------------------------------
select throws_ok(
  $$ select public.import_workspace(pg_temp.ws('copy'), pg_temp.document()) $$, 'PT403', null, 'a viewer imports nothing'
);
select pg_temp.act_as('dddddddd-0000-4000-8000-000000000004');
select throws_ok(
  $$ select public.import_workspace(pg_temp.ws('copy'), pg_temp.document()) $$, 'PT404', null, 'a stranger imports nothing'
);
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
create function pg_temp.told(p_answer jsonb) returns text language sql as $$
  select string_agg(
    kind || ':' || coalesce((
      select string_agg(' ' || o || ' ' || (p_answer -> kind -> o)::text, '' order by o)
      from unnest(array['added', 'changed', 'left', 'refused']) o where p_answer -> kind -> o <> '[]'
    ), ''), '; ' order by kind desc
  ) || '; needs ' || (p_answer -> 'credentials_needed')::text
  from unnest(array['servers', 'agents']) kind
$$;
select is(
  pg_temp.told(public.import_workspace(pg_temp.ws('copy'), pg_temp.document(), 'merge', true)),
  'servers: added ["notes", "clock"]; agents: added ["Helper"] left ["Assistant"]; needs ["notes"]',
  'a dry run returns what an import would do'
);
select is((select count(*) from public.mcp_servers where workspace_id = pg_temp.ws('copy')), 0::bigint, 'a dry run changes nothing');
select is(
  pg_temp.told(public.import_workspace(pg_temp.ws('copy'), pg_temp.document())),
  'servers: added ["notes", "clock"]; agents: added ["Helper"] left ["Assistant"]; needs ["notes"]',
  'an import says what it added, and which servers wait for a key'
);
select is(
  public.export_workspace(pg_temp.ws('copy')) #> '{agents}', pg_temp.document() -> 'agents', 'an import copies the agents'
);
select is(
  (select jsonb_agg(s - 'has_credential' - 'tools') from jsonb_array_elements(public.export_workspace(pg_temp.ws('copy')) -> 'servers') s),
  (select jsonb_agg(s - 'has_credential' - 'tools') from jsonb_array_elements(pg_temp.document() -> 'servers') s),
  'an import copies the servers'
);
select is(
  (select bool_or(has_credential) from public.mcp_servers where workspace_id = pg_temp.ws('copy')), false, 'an import copies no key'
);
select is(
  pg_temp.told(public.import_workspace(pg_temp.ws('copy'), pg_temp.document())),
  'servers: left ["notes", "clock"]; agents: left ["Assistant", "Helper"]; needs ["notes"]',
  'the same again changes nothing'
);
select is(
  (select max(config_version) from public.mcp_servers where workspace_id = pg_temp.ws('copy')), 1,
  'a repeated import keeps the config versions'
);
reset role;
select set_config('pgtap.copied', id::text, true) from public.mcp_servers
where workspace_id = pg_temp.ws('copy') and slug = 'notes';
select public.store_catalog(pg_temp.ws('copied'), 1, clock_timestamp(), (
  select jsonb_agg(jsonb_build_object('name', n, 'fingerprint', '1', 'input_schema', '{}'::jsonb))
  from unnest(array['add', 'wipe']) n
));
select is(
  (select string_agg(concat_ws(' ', name, is_enabled, is_pinned), ', ' order by name)
   from public.mcp_tools where server_id = pg_temp.ws('copied')),
  'add t t, wipe f f', 'a tool that was off or pinned is so from the first time it is seen'
);
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
update public.mcp_tools set is_enabled = true, is_pinned = name = 'wipe' where server_id = pg_temp.ws('copied');
update public.mcp_servers set description = 'mine', tags = '{x}' where id = pg_temp.ws('copied');
delete from public.agent_config_servers a using public.agent_configs c
where c.id = a.agent_config_id and c.workspace_id = pg_temp.ws('copy');
select is(
  pg_temp.told(public.import_workspace(pg_temp.ws('copy'), pg_temp.document(), 'add')),
  'servers: left ["notes", "clock"]; agents: left ["Assistant", "Helper"]; needs ["notes"]', 'mode add returns existing rows as left'
);
select is((select description from public.mcp_servers where id = pg_temp.ws('copied')), 'mine', 'mode add leaves existing rows unchanged');
select is(
  pg_temp.told(public.import_workspace(pg_temp.ws('copy'), pg_temp.document())),
  'servers: changed ["notes"] left ["clock"]; agents: changed ["Helper"] left ["Assistant"]; needs ["notes"]',
  'mode merge returns rows that it changed'
);
select results_eq(
  $$
    select s.description, s.tags::text, t.is_enabled, t.is_pinned from public.mcp_servers s
    join public.mcp_tools t on t.server_id = s.id and t.name = 'wipe' where s.id = pg_temp.ws('copied')
  $$,
  $$ values ('', '{home,work}', false, false) $$,
  'an import copies the settings of tools'
);

-- A document of a version without pins
update public.mcp_tools set is_pinned = true where server_id = pg_temp.ws('copied');
select public.import_workspace(pg_temp.ws('copy'), pg_temp.document() #- '{servers,0,tools,0,is_pinned}');
select is(
  (select string_agg(concat_ws(' ', name, is_pinned), ', ' order by name) from public.mcp_tools where server_id = pg_temp.ws('copied')),
  'add t, wipe f', 'a pin that a document does not mention stays'
);

-- A document written by hand
create function pg_temp.hand(p_servers jsonb, p_agents jsonb default '[]') returns jsonb language sql as $$
  select jsonb_build_object('format', 'patchbay.workspace', 'version', 1, 'servers', p_servers, 'agents', p_agents)
$$;
select is(
  pg_temp.told(public.import_workspace(pg_temp.ws('copy'), pg_temp.hand(
    '[{"name": "By Hand", "url": "https://hand.example"}, {"name": "Notes", "url": "https://notes.example/mcp"}]'
  ))),
  'servers: added ["by-hand"] left ["notes"]; agents:; needs ["notes"]',
  'missing fields get defaults or stay, and a server without slug is found by name'
);
select is(
  pg_temp.told(public.import_workspace(pg_temp.ws('copy'), pg_temp.hand(
    '[{"name": "By Hand", "url": "https://hand.example",
       "id": "99999999-0000-4000-8000-000000000009", "workspace_id": "99999999-0000-4000-8000-000000000009",
       "has_credential": true, "connection_status": "connected", "config_version": 77}]'
  ))),
  'servers: left ["by-hand"]; agents:; needs []', 'an import ignores fields of the system'
);
select results_eq(
  $$ select has_credential, connection_status, config_version from public.mcp_servers where slug = 'by-hand' $$,
  $$ values (false, 'disconnected', 1) $$, 'an import does not write fields of the system'
);
create function pg_temp.import_errors(p_document jsonb, p_mode text default 'merge') returns jsonb language plpgsql as $$
declare
  v_detail text;
begin
  perform public.import_workspace(pg_temp.ws('copy'), p_document, p_mode);
  return null;
exception when sqlstate 'PT400' then
  get stacked diagnostics v_detail = pg_exception_detail;
  return v_detail;
end
$$;
select is(
  pg_temp.import_errors(pg_temp.hand(
    '[{"name": "Good", "url": "https://good.example"}, {"name": "", "url": "ftp://x"},
      {"name": "Odd", "url": "https://odd.example", "call_timeout_ms": "soon"}]',
    '[{"name": "A", "voice_model": "nobody"}]'
  )),
  '{"servers[1].name": [{"code": "required", "message": "Give the server a name."}],
    "servers[1].url": [{"code": "unsupported_scheme", "message": "The URL must start with https:// or http://."}],
    "servers[2]": [{"code": "wrong_type", "message": "A value has the wrong type."}],
    "agents[0].voice_model": [{"code": "unknown_choice", "message": "Choose one of the voices."}]}',
  'every mistake is told with its place'
);
select is((select count(*) from public.mcp_servers where name = 'Good'), 0::bigint, 'an import with errors changes nothing');
select is(pg_temp.import_errors('{"mcpServers": {}}') ? 'document', true, 'a document of another format is refused');
select is(pg_temp.import_errors(null) ? 'document', true, 'an import without a document is refused');
select is(pg_temp.import_errors('[1]') ? 'document', true, 'an import of a list is refused');
select is(
  pg_temp.import_errors(pg_temp.hand('{"a": 1}')),
  '{"servers": [{"code": "wrong_type", "message": "This must be a list."}]}', 'servers that are not a list are refused'
);
select is(
  pg_temp.import_errors(pg_temp.hand('["x"]')) ? 'servers[0]', true, 'servers that are not objects are refused'
);
select is(pg_temp.import_errors(pg_temp.document(), 'replace') ? 'mode', true, 'the mode is merge or add');

-- A member
select pg_temp.act_as('bbbbbbbb-0000-4000-8000-000000000002');
select is(
  pg_temp.told(public.import_workspace(pg_temp.ws('copy'), pg_temp.hand(
    '[{"name": "Notes", "slug": "notes", "url": "https://evil.example"}, {"name": "Bobs", "url": "https://bobs.example"}]',
    '[{"name": "Helper", "temperature": 1}, {"name": "Mine", "is_default": true}]'
  ))),
  'servers: added ["bobs"] refused ["notes"]; agents: added ["Mine"] refused ["Helper"]; needs []',
  'a member adds own things, and others'' stay as they are'
);
select is(
  (select user_id from public.mcp_servers where slug = 'bobs'), 'bbbbbbbb-0000-4000-8000-000000000002', 'an import adds servers in the importer''s name'
);
select is(
  (select name from public.agent_configs where workspace_id = pg_temp.ws('copy') and is_default), 'Helper',
  'a member''s import does not choose the default agent'
);
select private.set_tool_settings(pg_temp.ws('copied'), 'add', false, true, null), private.set_tool_settings(pg_temp.ws('copied'), 'new', false, true, null);
reset role;
select is(
  (select is_enabled from public.mcp_tools where server_id = pg_temp.ws('copied') and name = 'add'), true,
  'a member''s import does not change tools of others'' servers'
);
insert into public.limits (name, workspace_id, allowed) values ('servers', pg_temp.ws('copy'), 4);
select pg_temp.act_as('aaaaaaaa-0000-4000-8000-000000000001');
select throws_ok(
  $$ select public.import_workspace(pg_temp.ws('copy'), pg_temp.hand('[{"name": "Fifth", "url": "https://x.example"}]')) $$,
  'PT409', null, 'a limit holds for imports as well'
);

select * from finish();
rollback;
