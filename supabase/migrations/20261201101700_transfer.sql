-- Export and import of a workspace as one JSON document, {"format": "patchbay.workspace", "version": 1, "workspace":
-- {name}, "servers": [...], "agents": [...]}. It has no ids, status or secrets. Everything but set_tool_settings and
-- set_tool_access runs with the caller's rights.

create function private.server_document(s public.mcp_servers) returns jsonb
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

create function private.agent_document(c public.agent_configs) returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_object(
    'name', c.name, 'system_prompt', c.system_prompt, 'voice_model', c.voice_model, 'temperature', c.temperature,
    'greeting', c.greeting, 'provider', c.provider, 'model', c.model, 'reasoning_effort', c.reasoning_effort,
    'turn_detection', c.turn_detection, 'turn_eagerness', c.turn_eagerness, 'language', c.language,
    'is_default', c.is_default, 'all_servers', c.all_servers
  )
$$;

-- Settings of tools that are not listed at the moment.
create function private.absent_tool_settings(p_workspace_id uuid)
returns table (server_slug text, name text, choice jsonb)
language sql stable security definer set search_path = ''
as $$
  select s.slug, v.name, to_jsonb(v) - array['server_id', 'name']
  from private.vanished_tool_choices v join public.mcp_servers s on s.id = v.server_id
  where s.workspace_id = p_workspace_id and p_workspace_id = any (private.my_workspace_ids())
$$;

-- Tools are included if the user changed their settings.
create function private.workspace_document(p_workspace_id uuid) returns jsonb
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

-- Returns the document of a workspace to any of its members and records the export in the audit log. Counts as a
-- write before anything is read. PT404: no such workspace.
create function public.export_workspace(p_workspace_id uuid) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_document jsonb;
begin
  perform private.count_writes(1);
  v_document := private.workspace_document(p_workspace_id);
  perform private.record_event(p_workspace_id, 'export', 'workspaces', jsonb_build_object(
    'servers', jsonb_build_object('to', jsonb_array_length(v_document -> 'servers')),
    'agents', jsonb_build_object('to', jsonb_array_length(v_document -> 'agents'))
  ));
  return v_document;
end
$$;

-- Sets what a user chose for a tool, even if the tool was never listed. A null p_is_pinned, as in documents of
-- earlier versions, keeps the current value. Does nothing for a server that the caller may not edit.
create function private.set_tool_settings(
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

-- Sets the access of a tool, even if it was never listed; unknown values count as null. Does nothing for a server
-- that the caller may not edit.
create function private.set_tool_access(p_server_id uuid, p_name text, p_access text) returns void
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

-- Adds a server or changes the one with its slug (or its name, if the document has no slug). Returns its slug and the
-- outcome: added, changed, left (unchanged), or refused (the caller may not edit it).
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
      position = v_new.position, tags = v_new.tags, call_timeout_ms = v_new.call_timeout_ms,
      max_concurrency = v_new.max_concurrency,
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
    limit private.tool_settings_limit(p_workspace_id)
  loop
    perform private.set_tool_settings(
      v_new.id, v_tool.name, coalesce(v_tool.is_enabled, true), v_tool.is_pinned, v_tool.cache_ttl_seconds
    );
    -- Documents of earlier versions don't have this field; keep the current value.
    if v_tool.item ? 'access' then
      perform private.set_tool_access(v_new.id, v_tool.name, v_tool.access);
    end if;
  end loop;
  return array[v_new.slug, v_outcome];
end
$$;

-- Does the same for an agent, found by name; p_nth distinguishes agents of the same name. Only owners and admins
-- choose the default.
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
      workspace_id, name, system_prompt, voice_model, temperature, greeting, provider, model, reasoning_effort,
      turn_detection, turn_eagerness, language, is_default, all_servers
    ) values (
      p_workspace_id, v_new.name, v_new.system_prompt, v_new.voice_model, v_new.temperature, v_new.greeting,
      v_new.provider, v_new.model, v_new.reasoning_effort, v_new.turn_detection, v_new.turn_eagerness,
      v_new.language, v_new.is_default, v_new.all_servers
    ) returning * into v_new;
  elsif private.agent_document(v_new) = private.agent_document(v_found) then
    v_outcome := 'left';
  else
    update public.agent_configs set
      system_prompt = v_new.system_prompt, voice_model = v_new.voice_model, temperature = v_new.temperature,
      greeting = v_new.greeting, provider = v_new.provider, model = v_new.model,
      reasoning_effort = v_new.reasoning_effort, turn_detection = v_new.turn_detection,
      turn_eagerness = v_new.turn_eagerness, language = v_new.language,
      is_default = v_new.is_default, all_servers = v_new.all_servers
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

-- Imports a list of servers or agents and returns {added, changed, left, refused}, each a list of slugs or names, and
-- `errors` by field ("servers[2].url"). Stops after 100 errors.
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
    return jsonb_set(v_answer, array['errors', p_kind], private.field_error('wrong_type', 'This must be a list.'));
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
          format('%s[%s]', p_kind, v_item.place), private.field_error('wrong_type', 'A value has the wrong type.')
        ));
    end;
    if (select count(*) from jsonb_object_keys(v_answer -> 'errors')) >= 100 then
      return jsonb_set(v_answer, '{errors}', v_answer -> 'errors' || jsonb_build_object(
        p_kind, private.field_error('too_many', 'The import stopped after 100 errors. Fix these first.')
      ));
    end if;
  end loop;
  return v_answer;
end
$$;

-- Everything that an import can change: one row per server, agent and tool with settings.
create function private.importable_rows(p_workspace_id uuid) returns table (kind text, id text, name text, fields jsonb)
language sql stable set search_path = ''
as $$
  select 'server', s.id::text, s.name, private.server_document(s)
  from public.mcp_servers s where s.workspace_id = p_workspace_id
  union all
  select 'agent', c.id::text, c.name, private.agent_document(c) || jsonb_build_object('servers', coalesce((
    select jsonb_agg(s.slug order by s.slug)
    from public.agent_config_servers a join public.mcp_servers s on s.id = a.server_id where a.agent_config_id = c.id
  ), '[]'))
  from public.agent_configs c where c.workspace_id = p_workspace_id
  union all
  -- The columns that users may update are their settings; the server sets the rest.
  select 'tool', format('%s/%s', s.slug, t.name), format('%s/%s', s.slug, t.name), (
    select jsonb_object_agg(f.key, f.value) from jsonb_each(to_jsonb(t)) f
    where has_column_privilege('authenticated', 'public.mcp_tools', f.key, 'update')
  )
  from public.mcp_tools t join public.mcp_servers s on s.id = t.server_id where s.workspace_id = p_workspace_id
  union all
  select 'tool', format('%s/%s', v.server_slug, v.name), format('%s/%s', v.server_slug, v.name), v.choice
  from private.absent_tool_settings(p_workspace_id) v
$$;

-- The difference between two states of private.importable_rows, as [{kind, name, is_new, fields: {field: {from,
-- to}}}]. Leaves out empty fields of new rows.
create function private.import_changes(p_before jsonb, p_after jsonb) returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_agg(
    jsonb_build_object('kind', d.kind, 'name', d.name, 'is_new', d.is_new, 'fields', d.fields)
    order by d.kind, d.name
  ), '[]')
  from (
    select a.kind, a.name, b.id is null as is_new, (
      select jsonb_object_agg(f.key, jsonb_build_object('from', b.fields -> f.key, 'to', f.value))
      from jsonb_each(a.fields) f
      where f.value is distinct from coalesce(b.fields -> f.key, 'null') and (
        b.id is not null or f.value not in ('null', '""', '[]', '{}')
      )
    ) as fields
    from jsonb_to_recordset(p_after) as a (kind text, id text, name text, fields jsonb)
    left join jsonb_to_recordset(p_before) as b (kind text, id text, name text, fields jsonb)
      on b.kind = a.kind and b.id = a.id
  ) d
  where d.fields is not null
$$;

-- How many servers, agents and tool settings an import of the document takes.
create function private.import_size(p_workspace_id uuid, p_document jsonb) returns bigint
language sql stable set search_path = ''
as $$
  select private.list_length(p_document -> 'servers') + private.list_length(p_document -> 'agents') + (
    select coalesce(sum(least(
      private.list_length(s.item -> 'tools'), (select private.tool_settings_limit(p_workspace_id))
    )), 0)
    from jsonb_array_elements(
      case when jsonb_typeof(p_document -> 'servers') = 'array' then p_document -> 'servers' else '[]' end
    ) as s (item)
  )
$$;

-- Refuses a document that is too large before importing anything, and counts one write per hundred rows, even for a
-- dry run. PT400: names the list that is too long. PT429: too many writes.
create function private.check_import_size(p_workspace_id uuid, p_document jsonb) returns void
language plpgsql security definer set search_path = ''
as $$
declare
  v_most integer;
  v_has integer;
  v_kind text;
  v_size bigint;
begin
  foreach v_kind in array array['servers', 'agents'] loop
    v_most := least(private.allowed(v_kind, p_workspace_id, null), 10000);
    v_has := private.list_length(p_document -> v_kind);
    if v_has > v_most then
      perform private.refuse_fields(jsonb_build_object(v_kind, private.field_error('too_many', format(
        'The document has %s %s, but a workspace can have at most %s.', v_has, v_kind, v_most
      ))));
    end if;
  end loop;
  v_size := private.import_size(p_workspace_id, p_document);
  if v_size > 20000 then
    perform private.refuse_fields(jsonb_build_object('servers', private.field_error(
      'too_many', 'The document has too many tool settings (at most 20,000). Import the servers in parts.'
    )));
  end if;
  perform private.count_writes(1 + v_size / 100);
end
$$;

-- Imports a document into a workspace, completely or not at all, and never deletes anything. Importing the same
-- document twice changes nothing. Returns {servers, agents}, each {added, changed, left, refused};
-- credentials_needed, the slugs of servers without a key; and changes, every changed field ([{kind, name, is_new,
-- fields: {field: {from, to}}}]). p_mode: merge (add and change) or add (leave existing rows unchanged). p_dry_run:
-- only return what would happen. PT404: no such workspace. PT403: the caller is a viewer. PT400: `details` has field
-- errors such as "servers[2].url" (at most 100), or says which list is too long. PT409: a limit. PT429: too many
-- writes.
create function public.import_workspace(
  p_workspace_id uuid, p_document jsonb, p_mode text default 'merge', p_dry_run boolean default false
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_servers jsonb;
  v_agents jsonb;
  v_needed jsonb;
  v_before jsonb;
  v_changes jsonb;
begin
  if p_workspace_id is null or p_workspace_id <> all (private.my_workspace_ids()) then
    raise exception using errcode = 'PT404', message = 'There is no such workspace.';
  end if;
  if p_workspace_id <> all (private.my_workspace_ids(array['owner', 'admin', 'member'])) then
    raise exception using errcode = 'PT403', message = 'Your role in this workspace does not allow this.';
  end if;
  if p_mode is null or p_mode not in ('merge', 'add') then
    perform private.refuse_fields(jsonb_build_object(
      'mode', private.field_error('unknown_choice', 'Choose merge or add.')
    ));
  end if;
  if p_document ->> 'format' is distinct from 'patchbay.workspace' or p_document ->> 'version' <> '1' then
    perform private.refuse_fields(jsonb_build_object('document', private.field_error(
      'bad_format', 'This isn''t a workspace export that this version can read.'
    )));
  end if;

  perform private.check_import_size(p_workspace_id, p_document);
  -- The import's single writes are not counted again.
  perform set_config('patchbay.writes_counted', 'on', true);
  select jsonb_agg(to_jsonb(r)) into v_before from private.importable_rows(p_workspace_id) r;
  begin
    v_servers := private.import_list(p_workspace_id, p_document, 'servers', p_mode);
    v_agents := private.import_list(
      p_workspace_id, case when v_servers -> 'errors' -> 'servers' is null then p_document else '{}' end, 'agents',
      p_mode
    );
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
    select private.import_changes(coalesce(v_before, '[]'), coalesce(jsonb_agg(to_jsonb(r)), '[]')) into v_changes
    from private.importable_rows(p_workspace_id) r;
    if p_dry_run then
      raise exception using errcode = 'PBDRY';
    end if;
  exception when sqlstate 'PBDRY' then
    -- Undoes everything since the inner `begin`; the variables keep their values.
    null;
  end;
  perform set_config('patchbay.writes_counted', '', true);
  if not p_dry_run then
    perform private.record_event(p_workspace_id, 'import', 'workspaces', (
      select coalesce(jsonb_object_agg(
        format('%s_%s', kind, outcome), jsonb_build_object('to', jsonb_array_length(names))
      ), '{}')
      from (values ('servers', v_servers), ('agents', v_agents)) as l (kind, answer),
        jsonb_each(answer - 'errors') as o (outcome, names)
      where jsonb_array_length(names) > 0
    ));
  end if;
  return jsonb_build_object(
    'servers', v_servers - 'errors', 'agents', v_agents - 'errors', 'credentials_needed', v_needed,
    'changes', v_changes
  );
end
$$;

revoke all on all functions in schema private from public;
revoke all on function public.export_workspace, public.import_workspace from public, anon, authenticated;
grant execute on function
  private.server_document, private.agent_document, private.absent_tool_settings, private.workspace_document,
  public.export_workspace, private.set_tool_settings, private.set_tool_access, private.import_server,
  private.import_agent, private.import_list, private.importable_rows, private.import_changes, private.check_import_size,
  public.import_workspace
  to authenticated;
