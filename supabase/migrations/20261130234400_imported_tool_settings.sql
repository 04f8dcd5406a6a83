-- An import keeps no more settings of tools than tools of a server may exist (`tools_per_server`).

-- Null: any number. The limits themselves are not for members to read.
create function private.most_tool_settings(p_workspace_id uuid) returns integer
language sql stable security definer set search_path = ''
as $$
  select private.allowed('tools_per_server', p_workspace_id, null)
$$;

-- Holds also for several imports of one server. What was set for a tool that vanishes is always kept: a server must not
-- undo it by changing its list.
create function private.limit_tool_settings() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_most integer;
begin
  if pg_trigger_depth() > 1 or exists (
    select from private.vanished_tool_choices where server_id = new.server_id and name = new.name
  ) then
    return new;
  end if;
  select private.most_tool_settings(s.workspace_id) into v_most
  from public.mcp_servers s where s.id = new.server_id;
  if (select count(*) from private.vanished_tool_choices where server_id = new.server_id) >= v_most then
    return null;
  end if;
  return new;
end
$$;
create trigger limit_tool_settings before insert on private.vanished_tool_choices
  for each row execute function private.limit_tool_settings();

-- Adds one server or changes the one of its slug, with no more settings of tools than may be kept. Returns its slug and
-- what became of it: added, changed, left (as it was), refused (it is there, and not the caller's to edit).
create or replace function private.import_server(p_workspace_id uuid, p_item jsonb, p_mode text) returns text[]
language plpgsql set search_path = ''
as $$
declare
  v_found public.mcp_servers;
  v_new public.mcp_servers;
  v_outcome text := 'added';
  v_tool record;
begin
  select * into v_found from public.mcp_servers s
  where s.workspace_id = p_workspace_id
    and case when coalesce(p_item ->> 'slug', '') <> '' then s.slug = p_item ->> 'slug'
      else s.name = private.trimmed(p_item ->> 'name') end
  order by s.created_at, s.id limit 1;

  if v_found.id is not null and p_mode = 'add' then
    return array[v_found.slug, 'left'];
  end if;
  v_new := jsonb_populate_record(v_found, p_item - array['id', 'workspace_id', 'user_id']);
  if v_found.id is null then
    insert into public.mcp_servers (
      workspace_id, name, slug, url, description, transport, protocol_era, auth_method, auth_header,
      credential_scope, oauth_client_id, trusts_hints, is_active, position, tags, call_timeout_ms, max_concurrency,
      metadata
    ) values (
      p_workspace_id, v_new.name, v_new.slug, v_new.url, v_new.description, v_new.transport, v_new.protocol_era,
      v_new.auth_method, v_new.auth_header, v_new.credential_scope, v_new.oauth_client_id, v_new.trusts_hints,
      v_new.is_active, v_new.position, v_new.tags, v_new.call_timeout_ms, v_new.max_concurrency, v_new.metadata
    ) returning * into v_new;
  else
    update public.mcp_servers set
      name = v_new.name, url = v_new.url, description = v_new.description, transport = v_new.transport,
      protocol_era = v_new.protocol_era, auth_method = v_new.auth_method, auth_header = v_new.auth_header,
      credential_scope = v_new.credential_scope, oauth_client_id = v_new.oauth_client_id,
      trusts_hints = v_new.trusts_hints, is_active = v_new.is_active,
      position = v_new.position, tags = v_new.tags, call_timeout_ms = v_new.call_timeout_ms, max_concurrency = v_new.max_concurrency,
      metadata = v_new.metadata
    where id = v_found.id returning * into v_new;
    if not found then
      return array[v_found.slug, 'refused'];
    end if;
    v_outcome := case when private.server_document(v_new) = private.server_document(v_found) then 'left'
      else 'changed' end;
  end if;
  for v_tool in
    select t.item, chosen.name, chosen.is_enabled, chosen.is_pinned, chosen.cache_ttl_seconds, chosen.access
    from jsonb_array_elements(coalesce(nullif(p_item -> 'tools', 'null'), '[]')) as t (item),
      jsonb_to_record(t.item) as chosen (
        name text, is_enabled boolean, is_pinned boolean, cache_ttl_seconds integer, access text
      )
    where chosen.name <> ''
    limit private.most_tool_settings(p_workspace_id)
  loop
    perform private.choose_tool(
      v_new.id, v_tool.name, coalesce(v_tool.is_enabled, true), v_tool.is_pinned, v_tool.cache_ttl_seconds
    );
    -- Documents of earlier versions don't have it: what is set stays.
    if v_tool.item ? 'access' then
      perform private.choose_tool_access(v_new.id, v_tool.name, v_tool.access);
    end if;
  end loop;
  return array[v_new.slug, v_outcome];
end
$$;

revoke all on function private.most_tool_settings(uuid), private.limit_tool_settings() from public;
grant execute on function private.most_tool_settings(uuid) to authenticated;
