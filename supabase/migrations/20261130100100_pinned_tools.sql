-- Pinned tools: when a model cannot take all tools, those that the user pinned come before others.

alter table public.mcp_tools add column is_pinned boolean not null default false;
alter table private.vanished_tool_choices add column is_pinned boolean not null default false;

grant update (is_pinned) on public.mcp_tools to authenticated, api_token;

create or replace function private.check_tool() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.is_enabled is null then
    new.is_enabled := true;
  end if;
  new.is_pinned := coalesce(new.is_pinned, false);
  if new.cache_ttl_seconds not between 1 and 86400 then
    perform private.refuse_fields(jsonb_build_object('cache_ttl_seconds', private.problem(
      'out_of_range', 'Between 1 second and one day, or empty for no cache.'
    )));
  end if;
  return new;
end
$$;
drop trigger check_tool on public.mcp_tools;
create trigger check_tool before update of is_enabled, is_pinned, cache_ttl_seconds on public.mcp_tools
  for each row execute function private.check_tool();

create or replace function private.remember_tool_choice() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (select from public.mcp_servers where id = old.server_id) then
    insert into private.vanished_tool_choices (server_id, name, is_enabled, is_pinned, cache_ttl_seconds)
    values (old.server_id, old.name, old.is_enabled, old.is_pinned, old.cache_ttl_seconds)
    on conflict (server_id, name) do update
      set is_enabled = excluded.is_enabled, is_pinned = excluded.is_pinned,
        cache_ttl_seconds = excluded.cache_ttl_seconds;
  end if;
  return null;
end
$$;
drop trigger remember_tool_choice on public.mcp_tools;
create trigger remember_tool_choice after delete on public.mcp_tools
  for each row when (not old.is_enabled or old.is_pinned or old.cache_ttl_seconds is not null)
  execute function private.remember_tool_choice();

drop trigger audit on public.mcp_tools;
create trigger audit after update of is_enabled, is_pinned, cache_ttl_seconds on public.mcp_tools
  for each row execute function private.audit('server_id', 'is_enabled is_pinned cache_ttl_seconds', '');

create or replace function private.hint_tools_updated() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.send_server_hint(s.workspace_id, 'tools.changed', jsonb_build_object('server_id', s.id))
  from public.mcp_servers s
  where s.id in (
    select n.server_id from new_tools n join old_tools o using (id)
    where (n.fingerprint, n.is_enabled, n.is_pinned, n.cache_ttl_seconds)
      is distinct from (o.fingerprint, o.is_enabled, o.is_pinned, o.cache_ttl_seconds)
  );
  return null;
end
$$;

create or replace function public.store_catalogue(
  p_server_id uuid, p_config_version integer, p_observed_at timestamptz, p_tools jsonb
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_workspace_id uuid;
  v_observed_at timestamptz := least(p_observed_at, clock_timestamp());
  v_is_first boolean;
  v_answer jsonb;
begin
  select s.workspace_id, s.catalogue_observed_at is null into v_workspace_id, v_is_first
  from public.mcp_servers s
  where s.id = p_server_id
    and s.config_version = p_config_version
    and (s.catalogue_observed_at is null or s.catalogue_observed_at <= v_observed_at)
  for update;
  if not found then
    return '{"added": [], "changed": [], "removed": [], "stored": false}';
  end if;

  select jsonb_build_object(
    'added', coalesce(jsonb_agg(l.name order by l.name) filter (where t.name is null), '[]'),
    'changed', coalesce(
      jsonb_agg(l.name order by l.name) filter (where l.fingerprint <> t.fingerprint), '[]'
    ),
    'removed', coalesce(jsonb_agg(t.name order by t.name) filter (where l.name is null), '[]'),
    'stored', true
  ) into v_answer
  from (
    select distinct on (name) name, fingerprint
    from jsonb_to_recordset(p_tools) as listed (name text, fingerprint text)
    order by name
  ) l
  full join (select name, fingerprint from public.mcp_tools where server_id = p_server_id) t using (name);

  delete from public.mcp_tools where server_id = p_server_id and v_answer -> 'removed' ? name;

  insert into public.mcp_tools (
    server_id, workspace_id, name, title, description, input_schema, output_schema, annotations, fingerprint,
    is_enabled, is_pinned, cache_ttl_seconds, first_seen_at, last_seen_at
  )
  select distinct on (listed.name)
    p_server_id, v_workspace_id, listed.name, listed.title, listed.description,
    listed.input_schema, nullif(listed.output_schema, 'null'), nullif(listed.annotations, 'null'),
    listed.fingerprint, coalesce(choice.is_enabled, true), coalesce(choice.is_pinned, false),
    choice.cache_ttl_seconds, v_observed_at, v_observed_at
  from jsonb_to_recordset(p_tools) as listed (
    name text, title text, description text, input_schema jsonb, output_schema jsonb, annotations jsonb,
    fingerprint text
  )
  left join private.vanished_tool_choices choice
    on choice.server_id = p_server_id and choice.name = listed.name
  order by listed.name
  on conflict (server_id, name) do update set
    title = excluded.title, description = excluded.description, input_schema = excluded.input_schema,
    output_schema = excluded.output_schema, annotations = excluded.annotations,
    fingerprint = excluded.fingerprint, last_seen_at = excluded.last_seen_at;

  delete from private.vanished_tool_choices
  where server_id = p_server_id and v_answer -> 'added' ? name;

  update public.mcp_servers
  set
    catalogue_observed_at = v_observed_at,
    tool_count = (select count(*) from public.mcp_tools where server_id = p_server_id)
  where id = p_server_id;

  if not v_is_first then
    perform private.notice_tools_changed(p_server_id, v_answer);
  end if;
  return v_answer;
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
    'auth_method', s.auth_method,
    'auth_header', s.auth_header,
    'credential_scope', s.credential_scope,
    'oauth_client_id', s.oauth_client_id,
    'added_by', s.user_id,
    'credential_id', case when s.auth_method = 'oauth' then private.grant_id(s, p_user_id) else x.id end,
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
          'cache_ttl_seconds', t.cache_ttl_seconds
        )
        order by t.name
      )
      from public.mcp_tools t where t.server_id = s.id
    ), '[]')
  )
  from public.mcp_servers s left join lateral private.key_of(s, p_user_id) x on true
  where s.id = p_server_id
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
              'cache_ttl_seconds', t.cache_ttl_seconds
            ) order by t.name)
            from public.mcp_tools t
            where t.server_id = s.id and (not t.is_enabled or t.is_pinned or t.cache_ttl_seconds is not null)
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

-- Keeps what a user chose for a tool, also before the tool was first seen. A null pin keeps the present one:
-- documents of earlier versions don't have it. Does nothing for a server that the caller may not edit.
drop function private.choose_tool(uuid, text, boolean, integer);
create function private.choose_tool(
  p_server_id uuid, p_name text, p_is_enabled boolean, p_is_pinned boolean, p_cache_ttl_seconds integer
) returns void
language plpgsql security definer set search_path = ''
as $$
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
  update public.mcp_tools
  set
    is_enabled = p_is_enabled, is_pinned = coalesce(p_is_pinned, is_pinned), cache_ttl_seconds = p_cache_ttl_seconds
  where server_id = p_server_id and name = p_name
    and (is_enabled, is_pinned, cache_ttl_seconds)
      is distinct from (p_is_enabled, coalesce(p_is_pinned, is_pinned), p_cache_ttl_seconds);
  if not exists (select from public.mcp_tools where server_id = p_server_id and name = p_name) then
    insert into private.vanished_tool_choices as choice (server_id, name, is_enabled, is_pinned, cache_ttl_seconds)
    values (
      p_server_id, left(p_name, 256), p_is_enabled, coalesce(p_is_pinned, false),
      least(greatest(p_cache_ttl_seconds, 1), 86400)
    )
    on conflict (server_id, name) do update
      set is_enabled = excluded.is_enabled, is_pinned = coalesce(p_is_pinned, choice.is_pinned),
        cache_ttl_seconds = excluded.cache_ttl_seconds;
  end if;
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
      workspace_id, name, slug, url, description, transport, auth_method, auth_header, credential_scope,
      oauth_client_id, is_active, position, tags, call_timeout_ms, max_concurrency, metadata
    ) values (
      p_workspace_id, v_new.name, v_new.slug, v_new.url, v_new.description, v_new.transport, v_new.auth_method,
      v_new.auth_header, v_new.credential_scope, v_new.oauth_client_id, v_new.is_active, v_new.position, v_new.tags, v_new.call_timeout_ms, v_new.max_concurrency,
      v_new.metadata
    ) returning * into v_new;
  else
    update public.mcp_servers set
      name = v_new.name, url = v_new.url, description = v_new.description, transport = v_new.transport,
      auth_method = v_new.auth_method, auth_header = v_new.auth_header,
      credential_scope = v_new.credential_scope, oauth_client_id = v_new.oauth_client_id, is_active = v_new.is_active,
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
    select name, is_enabled, is_pinned, cache_ttl_seconds
    from jsonb_to_recordset(coalesce(nullif(p_item -> 'tools', 'null'), '[]')) as t (
      name text, is_enabled boolean, is_pinned boolean, cache_ttl_seconds integer
    )
    where name <> ''
  loop
    perform private.choose_tool(
      v_new.id, v_tool.name, coalesce(v_tool.is_enabled, true), v_tool.is_pinned, v_tool.cache_ttl_seconds
    );
  end loop;
  return array[v_new.slug, v_outcome];
end
$$;

revoke all on function private.choose_tool(uuid, text, boolean, boolean, integer) from public;
grant execute on function private.choose_tool(uuid, text, boolean, boolean, integer) to authenticated;
