-- Export: a workspace as one JSON document, {"format": "patchbay.workspace", "version": 1, "workspace": {name},
-- "servers": [...], "agents": [...]}. No ids, no status, no secrets: of a credential only that one was set.
-- Everything here runs with the caller's rights.

create function private.server_document(s public.mcp_servers) returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_object(
    'name', s.name, 'slug', s.slug, 'url', s.url, 'description', s.description, 'transport', s.transport,
    'auth_method', s.auth_method, 'auth_header', s.auth_header, 'credential_scope', s.credential_scope,
    'oauth_client_id', s.oauth_client_id, 'is_active', s.is_active, 'position', s.position, 'tags', s.tags,
    'call_timeout_ms', s.call_timeout_ms, 'max_concurrency', s.max_concurrency, 'metadata', s.metadata
  )
$$;

create function private.agent_document(c public.agent_configs) returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_object(
    'name', c.name, 'system_prompt', c.system_prompt, 'voice_model', c.voice_model, 'temperature', c.temperature,
    'greeting', c.greeting, 'is_default', c.is_default, 'all_servers', c.all_servers
  )
$$;

-- The document of a workspace, for any of its members. Tools are listed where the user chose something for them.
-- PT404: no such workspace.
create function public.export_workspace(p_workspace_id uuid) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  if p_workspace_id is null or p_workspace_id <> all (private.my_workspace_ids()) then
    raise exception using errcode = 'PT404', message = 'There is no such workspace.';
  end if;
  return jsonb_build_object(
    'format', 'patchbay.workspace',
    'version', 1,
    'workspace', (select jsonb_build_object('name', w.name) from public.workspaces w where w.id = p_workspace_id),
    'servers', coalesce((
      select jsonb_agg(
        private.server_document(s) || jsonb_build_object(
          'has_credential', s.has_credential,
          'tools', coalesce((
            select jsonb_agg(jsonb_build_object(
              'name', t.name, 'is_enabled', t.is_enabled, 'cache_ttl_seconds', t.cache_ttl_seconds
            ) order by t.name)
            from public.mcp_tools t
            where t.server_id = s.id and (not t.is_enabled or t.cache_ttl_seconds is not null)
          ), '[]')
        )
        order by s.position, s.created_at, s.slug
      )
      from public.mcp_servers s where s.workspace_id = p_workspace_id
    ), '[]'),
    'agents', coalesce((
      select jsonb_agg(
        private.agent_document(c) || jsonb_build_object('servers', coalesce((
          select jsonb_agg(s.slug order by s.slug)
          from public.agent_config_servers a join public.mcp_servers s on s.id = a.server_id
          where a.agent_config_id = c.id
        ), '[]'))
        order by c.created_at, c.name
      )
      from public.agent_configs c where c.workspace_id = p_workspace_id
    ), '[]')
  );
end
$$;

revoke all on function private.server_document(public.mcp_servers), private.agent_document(public.agent_configs)
  from public;
revoke all on function public.export_workspace(uuid) from public, anon, authenticated;
grant execute on function
  private.server_document(public.mcp_servers), private.agent_document(public.agent_configs),
  public.export_workspace(uuid)
  to authenticated;
