-- Every table is walled, every grant is meant, and nobody but the system runs the system's functions.
begin;
select plan(19);

select is_empty(
  $$
    select c.relname from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relrowsecurity
  $$,
  'every table in public has row level security'
);

select is_empty(
  $$ select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm', 'f') $$,
  'public has no views, which could bypass the policies of tables'
);

select is_empty(
  $$
    select c.relname from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
      and (
        not has_table_privilege('service_role', c.oid, 'select')
        or not has_table_privilege('service_role', c.oid, 'insert')
        or not has_table_privilege('service_role', c.oid, 'update')
        or not has_table_privilege('service_role', c.oid, 'delete')
      )
  $$,
  'the service role has privileges on every table'
);

select is_empty(
  $$
    select table_schema, table_name, column_name, privilege_type
    from information_schema.column_privileges
    where table_schema in ('public', 'private') and grantee in ('anon', 'PUBLIC')
  $$,
  'anonymous callers have no privileges'
);

select is_empty(
  $$
    select c.relname, p.name
    from pg_class c, unnest(array['truncate', 'references', 'trigger']) as p (name)
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
      and (has_table_privilege('anon', c.oid, p.name) or has_table_privilege('authenticated', c.oid, p.name))
  $$,
  'nobody may truncate or reference a table or add triggers to it'
);

select is_empty(
  $$
    select t.name from unnest(array['select', 'insert', 'update']) as t (name)
    where has_any_column_privilege('authenticated', 'public.mcp_server_secrets', t.name)
    union all
    select 'delete' where has_table_privilege('authenticated', 'public.mcp_server_secrets', 'delete')
  $$,
  'secrets are closed to signed-in users'
);

select is(
  (
    select string_agg(table_name || ':' || op, ' ' order by table_name collate "C", op) from (
      select c.relname as table_name, o.op
      from pg_class c, unnest(array['delete', 'insert', 'update']) as o (op)
      where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
        and case o.op
          when 'delete' then has_table_privilege('authenticated', c.oid, 'delete')
          else has_any_column_privilege('authenticated', c.oid, o.op)
        end
    ) granted
  ),
  'agent_config_servers:delete agent_config_servers:insert agent_configs:delete agent_configs:insert '
    || 'agent_configs:update mcp_server_accepted_issuers:delete mcp_server_accepted_issuers:insert mcp_servers:delete mcp_servers:insert mcp_servers:update mcp_tools:update '
    || 'notice_reads:insert notice_webhooks:delete voice_sessions:delete workspace_invitations:delete '
    || 'workspace_members:delete '
    || 'workspace_members:update workspaces:delete workspaces:insert workspaces:update',
  'signed-in users may write exactly these tables'
);

select is(
  (
    select string_agg(column_name, ' ' order by column_name collate "C")
    from information_schema.columns
    where table_schema = 'public' and table_name = 'mcp_servers'
      and has_column_privilege('authenticated', 'public.mcp_servers', column_name, 'update')
  ),
  'auth_header auth_method call_timeout_ms credential_scope description is_active max_concurrency metadata name '
    || 'oauth_client_id position protocol_era slug tags transport trusts_hints url workspace_id',
  'users may change the configuration of a server, never its status'
);

select is(
  (
    select string_agg(column_name, ' ' order by column_name collate "C")
    from information_schema.columns
    where table_schema = 'public' and table_name = 'mcp_servers'
      and has_column_privilege('authenticated', 'public.mcp_servers', column_name, 'insert')
  ),
  'auth_header auth_method call_timeout_ms credential_scope description is_active max_concurrency metadata name '
    || 'oauth_client_id position protocol_era slug tags transport trusts_hints url user_id workspace_id',
  'users may set only the configuration of a new server'
);

select is(
  (
    select string_agg(column_name, ' ' order by column_name collate "C")
    from information_schema.columns
    where table_schema = 'public' and table_name = 'mcp_tools'
      and has_column_privilege('authenticated', 'public.mcp_tools', column_name, 'update')
  ),
  'access cache_ttl_seconds is_enabled is_pinned',
  'users may change only the settings of a tool: enabled, pinned, access and cache time'
);

select ok(
  not has_column_privilege('authenticated', 'public.workspace_invitations', 'token_hash', 'select'),
  'the hash of an invitation cannot be read back'
);

select ok(
  not has_column_privilege('authenticated', 'public.api_tokens', 'token_hash', 'select'),
  'the hash of an API token cannot be read back'
);

-- The role that API tokens act in is told here in full.
select is(
  (
    select string_agg(c.relname, ' ' order by c.relname collate "C") from pg_class c
    where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm')
      and has_any_column_privilege('api_token', c.oid, 'select')
  ),
  'agent_config_servers agent_configs mcp_server_checks mcp_server_health mcp_server_hours mcp_server_incidents '
    || 'mcp_servers mcp_tools notices workspace_members workspaces',
  'an API token reads servers, their health, and agents, and no secrets, conversations, people or audit log'
);
select is(
  (
    select string_agg(table_name || ':' || op, ' ' order by table_name collate "C", op) from (
      select c.relname as table_name, o.op
      from pg_class c, unnest(array['delete', 'insert', 'update']) as o (op)
      where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind in ('r', 'p')
        and case o.op
          when 'delete' then has_table_privilege('api_token', c.oid, 'delete')
          else has_any_column_privilege('api_token', c.oid, o.op)
        end
    ) granted
  ),
  'agent_config_servers:delete agent_config_servers:insert agent_configs:delete agent_configs:insert '
    || 'agent_configs:update mcp_servers:delete mcp_servers:insert mcp_servers:update mcp_tools:update',
  'an API token writes no tables but servers, their tools, and agents'
);
select is(
  (
    select string_agg(p.proname, ' ' order by p.proname collate "C")
    from pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
      and has_function_privilege('api_token', p.oid, 'execute')
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  ),
  'bound_address count_writes field_error first_bytes is_address is_language_tag is_model_name '
    || 'is_reserved_header json_bytes latency_percentile personal_workspace_id refuse_fields remove_tag '
    || 'rename_tag schema_bytes server_history servers_left_with_tag tag_error text_error token_workspace_id '
    || 'trimmed url_origin',
  'an API token can call only the functions that these tables need'
);

select is_empty(
  $$
    select c.relname from pg_class c
    where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'p')
      and (
        not c.relrowsecurity
        or has_any_column_privilege('authenticated', c.oid, 'select, insert, update')
        or has_table_privilege('authenticated', c.oid, 'delete')
      )
  $$,
  'clients have no privileges on private tables'
);

select is(
  (
    select coalesce(string_agg(p.oid::regprocedure::text, ' ' order by p.oid::regprocedure::text), '')
    from pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
      and has_function_privilege('anon', p.oid, 'execute')
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  ),
  '',
  'anonymous callers can execute no function'
);

select is(
  (
    select string_agg(p.proname, ' ' order by p.proname collate "C")
    from pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
      and has_function_privilege('authenticated', p.oid, 'execute')
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  ),
  'absent_tool_settings accept_invitation agent_document bound_address check_import_size count_writes '
    || 'create_api_token create_invitation delete_account end_conversation end_other_sessions end_session '
    || 'export_workspace field_error first_bytes import_agent import_changes import_list import_server '
    || 'import_workspace importable_rows is_address is_language_tag is_model_name is_my_topic is_reserved_header '
    || 'json_bytes latency_percentile list_members my_api_tokens my_credentials my_sessions my_sign_ins '
    || 'my_workspace_ids personal_workspace_id preview_account_deletion preview_invitation record_event '
    || 'refuse_fields remove_tag rename_tag revoke_api_token revoke_my_api_tokens schema_bytes server_document '
    || 'server_history servers_left_with_tag set_tool_access set_tool_settings tag_error text_error '
    || 'tool_settings_limit transfer_ownership trimmed url_origin watch_workspace workspace_document '
    || 'workspace_usage',
  'signed-in users can execute what policies and triggers need, and none of the RPCs but their own'
);

select is_empty(
  $$
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
      and not coalesce(p.proconfig, '{}') @> array['search_path=""']
  $$,
  'every function has an empty search path'
);

select * from finish();
rollback;
