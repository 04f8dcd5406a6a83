-- Import: takes an exported document into a workspace. Servers are found again by slug (or name, when the
-- document has none), agents by name, so that importing the same document twice changes nothing. Everything here
-- but choose_tool runs with the caller's rights.

-- Keeps what a user chose for a tool, also before the tool was ever seen. Nothing for a server that the caller
-- may not edit.
create function private.choose_tool(
  p_server_id uuid, p_name text, p_is_enabled boolean, p_cache_ttl_seconds integer
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
  update public.mcp_tools set is_enabled = p_is_enabled, cache_ttl_seconds = p_cache_ttl_seconds
  where server_id = p_server_id and name = p_name
    and (is_enabled, cache_ttl_seconds) is distinct from (p_is_enabled, p_cache_ttl_seconds);
  if not exists (select from public.mcp_tools where server_id = p_server_id and name = p_name) then
    insert into private.vanished_tool_choices (server_id, name, is_enabled, cache_ttl_seconds)
    values (p_server_id, left(p_name, 256), p_is_enabled, least(greatest(p_cache_ttl_seconds, 1), 86400))
    on conflict (server_id, name) do update
      set is_enabled = excluded.is_enabled, cache_ttl_seconds = excluded.cache_ttl_seconds;
  end if;
end
$$;

-- Adds one server or changes the one of its slug, and answers its slug and what became of it: added, changed,
-- left (as it was), refused (it is there, and not the caller's to edit).
create function private.import_server(p_workspace_id uuid, p_item jsonb, p_mode text) returns text[]
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
    select name, is_enabled, cache_ttl_seconds
    from jsonb_to_recordset(coalesce(nullif(p_item -> 'tools', 'null'), '[]')) as t (
      name text, is_enabled boolean, cache_ttl_seconds integer
    )
    where name <> ''
  loop
    perform private.choose_tool(
      v_new.id, v_tool.name, coalesce(v_tool.is_enabled, true), v_tool.cache_ttl_seconds
    );
  end loop;
  return array[v_new.slug, v_outcome];
end
$$;

-- The same for an agent, found by name; p_nth tells apart those of one name. Which agent is the default, only
-- owners and admins choose.
create function private.import_agent(p_workspace_id uuid, p_item jsonb, p_nth integer, p_mode text) returns text[]
language plpgsql set search_path = ''
as $$
declare
  v_name text := private.trimmed(p_item ->> 'name');
  v_found public.agent_configs;
  v_new public.agent_configs;
  v_outcome text := 'added';
  v_servers integer;
begin
  select * into v_found from public.agent_configs c
  where c.workspace_id = p_workspace_id and c.name = v_name
  order by c.created_at, c.id offset p_nth - 1 limit 1;
  if v_found.id is not null and p_mode = 'add' then
    return array[v_name, 'left'];
  end if;

  v_new := jsonb_populate_record(v_found, p_item - array['id', 'workspace_id', 'user_id']);
  v_new.name := v_name;
  v_new.is_default := coalesce(v_found.is_default, false) or (
    coalesce(v_new.is_default, false)
    and p_workspace_id = any (private.my_workspace_ids(array['owner', 'admin']))
  );
  if v_found.id is null then
    insert into public.agent_configs (
      workspace_id, name, system_prompt, voice_model, temperature, greeting, is_default, all_servers
    ) values (
      p_workspace_id, v_new.name, v_new.system_prompt, v_new.voice_model, v_new.temperature, v_new.greeting,
      v_new.is_default, v_new.all_servers
    ) returning * into v_new;
  elsif private.agent_document(v_new) = private.agent_document(v_found) then
    v_outcome := 'left';
  else
    update public.agent_configs set
      system_prompt = v_new.system_prompt, voice_model = v_new.voice_model, temperature = v_new.temperature,
      greeting = v_new.greeting, is_default = v_new.is_default, all_servers = v_new.all_servers
    where id = v_found.id;
    if not found then
      return array[v_name, 'refused'];
    end if;
    v_outcome := 'changed';
  end if;

  if jsonb_typeof(p_item -> 'servers') = 'array' then
    with wanted as (
      select s.id from public.mcp_servers s
      where s.workspace_id = p_workspace_id and p_item -> 'servers' ? s.slug
    ), gone as (
      delete from public.agent_config_servers a
      where a.agent_config_id = v_new.id and a.server_id not in (select id from wanted)
      returning 1
    ), come as (
      insert into public.agent_config_servers (agent_config_id, server_id)
      select v_new.id, w.id from wanted w
      where not exists (
        select from public.agent_config_servers a where a.agent_config_id = v_new.id and a.server_id = w.id
      )
      returning 1
    )
    select (select count(*) from gone) + (select count(*) from come) into v_servers;
    if v_servers > 0 and v_outcome = 'left' then
      v_outcome := 'changed';
    end if;
  end if;
  return array[v_name, v_outcome];
end
$$;

-- Imports a list with one of the two functions above: {added, changed, left, refused}, each a list of slugs or
-- names, and `errors`, the field errors by place in the list ("servers[2].url").
create function private.import_list(p_workspace_id uuid, p_document jsonb, p_kind text, p_mode text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_answer jsonb := '{"added": [], "changed": [], "left": [], "refused": [], "errors": {}}';
  v_list jsonb := coalesce(nullif(p_document -> p_kind, 'null'), '[]');
  v_item record;
  v_outcome text[];
  v_detail text;
begin
  if jsonb_typeof(v_list) <> 'array' then
    return jsonb_set(v_answer, array['errors', p_kind], private.problem('wrong_type', 'This is not a list.'));
  end if;
  for v_item in
    select item, n - 1 as place, row_number() over (partition by item ->> 'name' order by n) as nth
    from jsonb_array_elements(v_list) with ordinality as l (item, n) order by n
  loop
    begin
      v_outcome := case p_kind
        when 'servers' then private.import_server(p_workspace_id, v_item.item, p_mode)
        else private.import_agent(p_workspace_id, v_item.item, v_item.nth::integer, p_mode)
      end;
      v_answer := jsonb_set(v_answer, v_outcome[2:2], v_answer -> v_outcome[2] || to_jsonb(v_outcome[1]));
    exception
      when sqlstate 'PT400' then
        get stacked diagnostics v_detail = pg_exception_detail;
        v_answer := jsonb_set(v_answer, '{errors}', v_answer -> 'errors' || (
          select jsonb_object_agg(format('%s[%s].%s', p_kind, v_item.place, key), value)
          from jsonb_each(v_detail::jsonb)
        ));
      when data_exception then
        v_answer := jsonb_set(v_answer, '{errors}', v_answer -> 'errors' || jsonb_build_object(
          format('%s[%s]', p_kind, v_item.place), private.problem('wrong_type', 'Some value has a wrong type.')
        ));
    end;
  end loop;
  return v_answer;
end
$$;

-- Imports a document into a workspace, all of it or nothing. Answers {servers, agents}, each {added, changed,
-- left, refused}, and credentials_needed: the slugs of servers that wait for a key. Never removes anything.
-- p_mode: merge (add and change) or add (what is there stays as it is). p_dry_run: tells what would happen.
-- PT404: no such workspace. PT403: a viewer. PT400: `details` has field errors such as "servers[2].url".
-- PT409: a limit.
create function public.import_workspace(
  p_workspace_id uuid, p_document jsonb, p_mode text default 'merge', p_dry_run boolean default false
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_servers jsonb;
  v_agents jsonb;
  v_needed jsonb;
begin
  if p_workspace_id is null or p_workspace_id <> all (private.my_workspace_ids()) then
    raise exception using errcode = 'PT404', message = 'There is no such workspace.';
  end if;
  if p_workspace_id <> all (private.my_workspace_ids(array['owner', 'admin', 'member'])) then
    raise exception using errcode = 'PT403', message = 'Your role in this workspace does not allow this.';
  end if;
  if p_mode is null or p_mode not in ('merge', 'add') then
    perform private.refuse_fields(jsonb_build_object('mode', private.problem('unknown_choice', 'Choose merge or add.')));
  end if;
  if p_document ->> 'format' is distinct from 'patchbay.workspace' or p_document ->> 'version' <> '1' then
    perform private.refuse_fields(jsonb_build_object('document', private.problem(
      'bad_format', 'This is no exported workspace that this version can read.'
    )));
  end if;

  begin
    v_servers := private.import_list(p_workspace_id, p_document, 'servers', p_mode);
    v_agents := private.import_list(p_workspace_id, p_document, 'agents', p_mode);
    if (v_servers -> 'errors') || (v_agents -> 'errors') <> '{}' then
      perform private.refuse_fields((v_servers -> 'errors') || (v_agents -> 'errors'));
    end if;
    select coalesce(jsonb_agg(s.slug order by s.slug), '[]') into v_needed
    from public.mcp_servers s
    where s.workspace_id = p_workspace_id and s.auth_method in ('api_key', 'bearer_token') and not s.has_credential
      and not exists (
        select from public.my_credentials(p_workspace_id) m where m.server_id = s.id and m.has_credential
      )
      and (v_servers -> 'added') || (v_servers -> 'changed') || (v_servers -> 'left') ? s.slug;
    if p_dry_run then
      raise exception using errcode = 'PBDRY';
    end if;
  exception when sqlstate 'PBDRY' then
    -- Everything since the inner `begin` is undone; what was found out stays in the variables.
    null;
  end;
  return jsonb_build_object(
    'servers', v_servers - 'errors', 'agents', v_agents - 'errors', 'credentials_needed', v_needed
  );
end
$$;

revoke all on function
  private.choose_tool(uuid, text, boolean, integer), private.import_server(uuid, jsonb, text),
  private.import_agent(uuid, jsonb, integer, text), private.import_list(uuid, jsonb, text, text)
  from public;
revoke all on function public.import_workspace(uuid, jsonb, text, boolean) from public, anon, authenticated;
grant execute on function
  private.choose_tool(uuid, text, boolean, integer), private.import_server(uuid, jsonb, text),
  private.import_agent(uuid, jsonb, integer, text), private.import_list(uuid, jsonb, text, text),
  public.import_workspace(uuid, jsonb, text, boolean)
  to authenticated;
