-- Trust in what a server says about its tools, and what a tool may do. `shared/src/tool-access.ts` decides by both:
-- what was set for a tool, else the hint of a trusted server, else write.

alter table public.mcp_servers add column trusts_hints boolean not null default false;
alter table public.mcp_tools
  add column access text,
  add constraint mcp_tools_access check (access in ('read', 'write', 'destructive'));
alter table private.vanished_tool_choices
  add column access text,
  add constraint vanished_tool_choices_access check (access in ('read', 'write', 'destructive'));

grant insert (trusts_hints), update (trusts_hints) on public.mcp_servers to authenticated, api_token;
grant update (access) on public.mcp_tools to authenticated, api_token;

-- Another origin is another server, which nobody has trusted yet.
create function private.keep_trust() returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.trusts_hints := coalesce(new.trusts_hints, false);
  if tg_op = 'UPDATE' then
    if private.url_origin(new.url) is distinct from private.url_origin(old.url) then
      new.trusts_hints := false;
    end if;
    if new.trusts_hints <> old.trusts_hints then
      new.updated_at := now();
    end if;
  end if;
  return new;
end
$$;
-- After `a_prepare_server`, which tidies the address.
create trigger b_keep_trust before insert or update of url, trusts_hints on public.mcp_servers
  for each row execute function private.keep_trust();

create function private.check_tool_access() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.access not in ('read', 'write', 'destructive') then
    perform private.refuse_fields(jsonb_build_object('access', private.problem(
      'unknown_choice', 'Choose read, write or destructive, or leave it empty.'
    )));
  end if;
  return new;
end
$$;
create trigger check_tool_access before update of access on public.mcp_tools
  for each row execute function private.check_tool_access();

create or replace function private.remember_tool_choice() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (select from public.mcp_servers where id = old.server_id) then
    insert into private.vanished_tool_choices (server_id, name, is_enabled, is_pinned, cache_ttl_seconds, access)
    values (old.server_id, old.name, old.is_enabled, old.is_pinned, old.cache_ttl_seconds, old.access)
    on conflict (server_id, name) do update
      set is_enabled = excluded.is_enabled, is_pinned = excluded.is_pinned,
        cache_ttl_seconds = excluded.cache_ttl_seconds, access = excluded.access;
  end if;
  return null;
end
$$;
drop trigger remember_tool_choice on public.mcp_tools;
create trigger remember_tool_choice after delete on public.mcp_tools
  for each row
  when (not old.is_enabled or old.is_pinned or old.cache_ttl_seconds is not null or old.access is not null)
  execute function private.remember_tool_choice();

-- A tool that comes back has the access that was set for it, as `store_catalogue` does for the other choices.
create function private.restore_tool_access() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  new.access := (
    select c.access from private.vanished_tool_choices c where c.server_id = new.server_id and c.name = new.name
  );
  return new;
end
$$;
create trigger restore_tool_access before insert on public.mcp_tools
  for each row execute function private.restore_tool_access();

-- What was allowed to a tool was allowed to the server at that address. A choice that only forbids stays.
create function private.forget_read_access() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update private.vanished_tool_choices set access = null where server_id = new.id and access = 'read';
  return null;
end
$$;
-- After `forget_catalogue`, which keeps the choices.
create trigger forget_read_access after update of url on public.mcp_servers
  for each row when (private.url_origin(new.url) is distinct from private.url_origin(old.url))
  execute function private.forget_read_access();

drop trigger audit on public.mcp_tools;
create trigger audit after update of is_enabled, is_pinned, cache_ttl_seconds, access on public.mcp_tools
  for each row execute function private.audit('server_id', 'is_enabled is_pinned cache_ttl_seconds access', '');

drop trigger audit on public.mcp_servers;
create trigger audit after insert or delete or update of
    workspace_id, name, slug, url, description, transport, protocol_era, auth_method, auth_header, credential_scope,
    oauth_client_id, trusts_hints, is_active, position, tags, call_timeout_ms, max_concurrency, metadata
  on public.mcp_servers
  for each row execute function private.audit(
    'id',
    'name slug url description transport protocol_era auth_method auth_header credential_scope oauth_client_id '
      'trusts_hints is_active position tags call_timeout_ms max_concurrency',
    'metadata'
  );

create or replace function private.hint_tools_updated() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.send_server_hint(s.workspace_id, 'tools.changed', jsonb_build_object('server_id', s.id))
  from public.mcp_servers s
  where s.id in (
    select n.server_id from new_tools n join old_tools o using (id)
    where (n.fingerprint, n.is_enabled, n.is_pinned, n.cache_ttl_seconds, n.access)
      is distinct from (o.fingerprint, o.is_enabled, o.is_pinned, o.cache_ttl_seconds, o.access)
  );
  return null;
end
$$;

create or replace function private.server_target(p_server_id uuid, p_user_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', s.id,
    'name', s.name,
    'slug', s.slug,
    'url', s.url,
    'transport', s.transport,
    'protocol_era', s.protocol_era,
    'auth_method', s.auth_method,
    'auth_header', s.auth_header,
    'credential_scope', s.credential_scope,
    'oauth_client_id', s.oauth_client_id,
    'added_by', s.user_id,
    'credential_id', case when s.auth_method = 'oauth' then private.grant_id(s, p_user_id) else x.id end,
    'trusts_hints', s.trusts_hints,
    'call_timeout_ms', s.call_timeout_ms,
    'max_concurrency', s.max_concurrency,
    'config_version', s.config_version,
    'metadata', s.metadata,
    'connection_status', s.connection_status,
    'has_credential', x.id is not null,
    'secret', case when x.id is not null then
      jsonb_build_object('ciphertext', x.ciphertext, 'nonce', x.nonce, 'key_id', x.key_id)
    end,
    'tools', coalesce((
      select jsonb_agg(
        jsonb_build_object(
          'name', t.name,
          'title', t.title,
          'description', t.description,
          'input_schema', t.input_schema,
          'output_schema', t.output_schema,
          'annotations', t.annotations,
          'fingerprint', t.fingerprint,
          'is_enabled', t.is_enabled,
          'is_pinned', t.is_pinned,
          'cache_ttl_seconds', t.cache_ttl_seconds,
          'access', t.access
        )
        order by t.position, t.name
      )
      from public.mcp_tools t where t.server_id = s.id
    ), '[]')
  )
  from public.mcp_servers s left join lateral private.key_of(s, p_user_id) x on true
  where s.id = p_server_id
$$;

-- With the role of the user in the workspace.
create or replace function public.voice_session_snapshot(p_session_id uuid, p_with_servers boolean default true)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'session', jsonb_build_object(
      'id', v.id,
      'workspace_id', v.workspace_id,
      'user_id', v.user_id,
      'role', m.role,
      'room_name', v.room_name,
      'state', v.state
    ),
    'agent', jsonb_build_object(
      'id', c.id,
      'name', c.name,
      'system_prompt', c.system_prompt,
      'voice_model', c.voice_model,
      'temperature', c.temperature,
      'greeting', c.greeting,
      'provider', c.provider,
      'model', c.model,
      'reasoning_effort', c.reasoning_effort,
      'turn_detection', c.turn_detection,
      'turn_eagerness', c.turn_eagerness,
      'language', c.language
    )
  ) || case when p_with_servers then jsonb_build_object(
    'servers', coalesce((
      select jsonb_agg(private.server_target(s.id, v.user_id) order by s.position, s.created_at, s.id)
      from public.mcp_servers s
      where s.workspace_id = v.workspace_id
        and s.is_active
        and (c.all_servers or exists (
          select from public.agent_config_servers a where a.agent_config_id = c.id and a.server_id = s.id
        ))
    ), '[]')
  ) else '{}' end
  from public.voice_sessions v
  join public.workspace_members m on m.workspace_id = v.workspace_id and m.user_id = v.user_id
  join public.agent_configs c
    on c.workspace_id = v.workspace_id
    and (c.id = v.agent_config_id or (v.agent_config_id is null and c.is_default))
  where v.id = p_session_id and v.state <> 'ended'
$$;

create or replace function private.server_document(s public.mcp_servers) returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_object(
    'name', s.name, 'slug', s.slug, 'url', s.url, 'description', s.description, 'transport', s.transport,
    'protocol_era', s.protocol_era,
    'auth_method', s.auth_method, 'auth_header', s.auth_header, 'credential_scope', s.credential_scope,
    'oauth_client_id', s.oauth_client_id, 'trusts_hints', s.trusts_hints, 'is_active', s.is_active,
    'position', s.position, 'tags', s.tags,
    'call_timeout_ms', s.call_timeout_ms, 'max_concurrency', s.max_concurrency, 'metadata', s.metadata
  )
$$;

create or replace function public.export_workspace(p_workspace_id uuid) returns jsonb
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
              'name', t.name, 'is_enabled', t.is_enabled, 'is_pinned', t.is_pinned,
              'cache_ttl_seconds', t.cache_ttl_seconds, 'access', t.access
            ) order by t.name)
            from public.mcp_tools t
            where t.server_id = s.id and (
              not t.is_enabled or t.is_pinned or t.cache_ttl_seconds is not null or t.access is not null
            )
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

-- Sets the access of a tool from a document, also before the tool was first seen; an unknown one counts as none.
-- Does nothing for a server that the caller may not edit.
create function private.choose_tool_access(p_server_id uuid, p_name text, p_access text) returns void
language plpgsql security definer set search_path = ''
as $$
declare
  v_access text := case when p_access in ('read', 'write', 'destructive') then p_access end;
begin
  if not exists (
    select from public.mcp_servers s
    where s.id = p_server_id and (
      s.workspace_id = any (private.my_workspace_ids(array['owner', 'admin']))
      or (s.user_id = auth.uid() and s.workspace_id = any (private.my_workspace_ids(array['member'])))
    )
  ) then
    return;
  end if;
  update public.mcp_tools set access = v_access
  where server_id = p_server_id and name = p_name and access is distinct from v_access;
  update private.vanished_tool_choices set access = v_access where server_id = p_server_id and name = left(p_name, 256);
end
$$;

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

revoke all on function
  private.keep_trust(), private.check_tool_access(), private.restore_tool_access(), private.forget_read_access(),
  private.choose_tool_access(uuid, text, text)
  from public;
grant execute on function private.choose_tool_access(uuid, text, text) to authenticated;
