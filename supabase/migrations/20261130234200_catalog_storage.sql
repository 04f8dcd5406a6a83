-- What is stored of what servers send, at most. `shared/src/stored-size.ts` has the same limits, and keeps them first:
-- here they hold whoever writes.

-- The longest start of a text that takes no more than so many bytes in UTF-8; never half a character.
create function private.first_bytes(p_text text, p_bytes integer) returns text
language plpgsql immutable strict parallel safe set search_path = ''
as $$
declare
  v_bytes bytea;
  v_end integer := p_bytes;
begin
  if octet_length(p_text) <= p_bytes then
    return p_text;
  end if;
  v_bytes := convert_to(p_text, 'UTF8');
  -- Bytes 10xxxxxx go on with the character before them.
  while v_end > 0 and get_byte(v_bytes, v_end) & 192 = 128 loop
    v_end := v_end - 1;
  end loop;
  return convert_from(substring(v_bytes from 1 for v_end), 'UTF8');
end
$$;

-- The bytes of a value as compact JSON: as text it has a space after each colon and comma.
create function private.json_bytes(p_value jsonb) returns integer
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  v_text text := coalesce(p_value::text, '');
  v_bare text;
begin
  -- Of what is far too large nobody needs to know by how much.
  if octet_length(v_text) not between 4096 and 262144 then
    return octet_length(v_text);
  end if;
  v_bare := regexp_replace(v_text, '"(\\.|[^"\\])*"', '', 'g');
  return octet_length(v_text) - (length(v_bare) - length(replace(v_bare, ' ', '')));
end
$$;

-- Of both schemas of a tool; more than the exact number where that is small anyway.
create function private.schema_bytes(p_input jsonb, p_output jsonb) returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select case
    when length.upper <= 65536 then length.upper
    else private.json_bytes(p_input) + private.json_bytes(p_output)
  end
  from (select coalesce(octet_length(p_input::text), 0) + coalesce(octet_length(p_output::text), 0)) as length (upper)
$$;

-- A server's facts are shown, and no more: what is too long is cut, or reduced to what names it.
create function private.fit_server_facts() returns trigger
language plpgsql set search_path = ''
as $$
declare
  v_note text := format(e'\n[Cut here: the server sent %s bytes.]', octet_length(new.instructions));
begin
  if octet_length(new.instructions) > 8192 then
    new.instructions := private.first_bytes(new.instructions, 8192 - octet_length(v_note)) || v_note;
  end if;
  if private.json_bytes(new.server_info) > 8192 then
    new.server_info := (
      select coalesce(jsonb_object_agg(key, private.first_bytes(value #>> '{}', 256)), '{}')
      from jsonb_each(new.server_info)
      where key in ('name', 'title', 'version') and jsonb_typeof(value) = 'string'
    );
  end if;
  if private.json_bytes(new.capabilities) > 8192 then
    new.capabilities := (
      select coalesce(jsonb_object_agg(private.first_bytes(key, 64), '{}'::jsonb), '{}')
      from (select key from jsonb_object_keys(new.capabilities) as names (key) limit 20) kept
    );
  end if;
  new.protocol_version := private.first_bytes(new.protocol_version, 64);
  new.error_message := left(new.error_message, 500);
  return new;
end
$$;
create trigger g_fit_server_facts
  before insert or update of instructions, server_info, capabilities, protocol_version, error_message
  on public.mcp_servers for each row execute function private.fit_server_facts();

create function private.fit_tool() returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.description := private.first_bytes(new.description, 4096);
  new.title := private.first_bytes(new.title, 1024);
  if private.json_bytes(new.annotations) > 4096 then
    new.annotations := (
      select coalesce(jsonb_object_agg(key, value), '{}')
      from jsonb_each(new.annotations)
      where key in ('readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint')
        and jsonb_typeof(value) = 'boolean'
    );
  end if;
  return new;
end
$$;
create trigger fit_tool before insert or update of title, description, annotations on public.mcp_tools
  for each row execute function private.fit_tool();

-- Those that are too large already come back as skipped when their server is listed again.
delete from public.mcp_tools where private.schema_bytes(input_schema, output_schema) > 65536;
update public.mcp_tools set description = description
where octet_length(description) > 4096 or octet_length(title) > 1024 or octet_length(annotations::text) > 4096;
update public.mcp_servers set instructions = instructions
where octet_length(instructions) > 8192 or octet_length(server_info::text) > 8192
  or octet_length(capabilities::text) > 8192;

alter table public.mcp_tools add constraint mcp_tools_schema_size
  check (private.schema_bytes(input_schema, output_schema) <= 65536);

-- Replaces the catalog of a server by the given list and keeps what the user chose for each tool. Of a list that is too
-- long the first tools are stored; `over_limit` counts the others. A list that is older than the stored one, or was
-- read under another configuration, changes nothing and returns `stored: false`. Tools whose schemas are too large are
-- skipped. p_skipped: [{"name", "reason"}], the tools that can't be used, of which a few words are kept. p_note: what
-- is odd about the list as a whole; null when nothing is.
create or replace function public.store_catalogue(
  p_server_id uuid, p_config_version integer, p_observed_at timestamptz, p_tools jsonb, p_skipped jsonb default '[]',
  p_note text default null
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_workspace_id uuid;
  v_observed_at timestamptz := least(p_observed_at, clock_timestamp());
  v_is_first boolean;
  v_allowed integer;
  v_listed jsonb;
  v_skipped jsonb;
  v_tools jsonb;
  v_over_limit integer;
  v_answer jsonb;
begin
  select s.workspace_id, s.catalogue_observed_at is null into v_workspace_id, v_is_first
  from public.mcp_servers s
  where s.id = p_server_id
    and s.config_version = p_config_version
    and (s.catalogue_observed_at is null or s.catalogue_observed_at <= v_observed_at)
  for update;
  if not found then
    return '{"added": [], "changed": [], "removed": [], "stored": false, "over_limit": 0}';
  end if;

  select
    coalesce(jsonb_agg(l.tool order by l.position) filter (where l.is_fit), '[]'),
    p_skipped || coalesce(
      jsonb_agg(
        jsonb_build_object('name', left(l.tool ->> 'name', 256), 'reason', 'Its schemas have more than 64 KB.')
        order by l.position
      ) filter (where not l.is_fit),
      '[]'
    )
  into v_listed, v_skipped
  from (
    select tool, position, private.schema_bytes(tool -> 'input_schema', tool -> 'output_schema') <= 65536 as is_fit
    from jsonb_array_elements(p_tools) with ordinality as listed (tool, position)
  ) l;

  v_allowed := private.allowed('tools_per_server', v_workspace_id, null);
  select
    coalesce(jsonb_agg(l.tool order by l.place) filter (where v_allowed is null or l.place <= v_allowed), '[]'),
    count(*) filter (where l.place > v_allowed)
  into v_tools, v_over_limit
  from (
    select once.tool, row_number() over (order by once.position) as place
    from (
      select distinct on (tool ->> 'name') tool, position
      from jsonb_array_elements(v_listed) with ordinality as listed (tool, position)
      order by tool ->> 'name', position
    ) once
  ) l;

  select jsonb_build_object(
    'added', coalesce(jsonb_agg(l.name order by l.name) filter (where t.name is null), '[]'),
    'changed', coalesce(
      jsonb_agg(l.name order by l.name) filter (where l.fingerprint <> t.fingerprint), '[]'
    ),
    'removed', coalesce(jsonb_agg(t.name order by t.name) filter (where l.name is null), '[]'),
    'stored', true
  ) into v_answer
  from (
    select name, fingerprint from jsonb_to_recordset(v_tools) as listed (name text, fingerprint text)
  ) l
  full join (select name, fingerprint from public.mcp_tools where server_id = p_server_id) t using (name);

  delete from public.mcp_tools where server_id = p_server_id and v_answer -> 'removed' ? name;

  insert into public.mcp_tools (
    server_id, workspace_id, name, position, title, description, input_schema, output_schema, annotations, fingerprint,
    is_enabled, is_pinned, cache_ttl_seconds, first_seen_at, last_seen_at
  )
  select
    p_server_id, v_workspace_id, listed.name, listed.position, listed.title, listed.description,
    listed.input_schema, nullif(listed.output_schema, 'null'), nullif(listed.annotations, 'null'),
    listed.fingerprint, coalesce(choice.is_enabled, true), coalesce(choice.is_pinned, false),
    choice.cache_ttl_seconds, v_observed_at, v_observed_at
  from rows from (
    jsonb_to_recordset(v_tools) as (
      name text, title text, description text, input_schema jsonb, output_schema jsonb, annotations jsonb,
      fingerprint text
    )
  ) with ordinality as listed (
    name, title, description, input_schema, output_schema, annotations, fingerprint, position
  )
  left join private.vanished_tool_choices choice
    on choice.server_id = p_server_id and choice.name = listed.name
  on conflict (server_id, name) do update set
    position = excluded.position, title = excluded.title, description = excluded.description,
    input_schema = excluded.input_schema, output_schema = excluded.output_schema, annotations = excluded.annotations,
    fingerprint = excluded.fingerprint, last_seen_at = excluded.last_seen_at;

  delete from private.vanished_tool_choices
  where server_id = p_server_id and v_answer -> 'added' ? name;

  update public.mcp_servers
  set
    catalogue_observed_at = v_observed_at,
    tool_count = jsonb_array_length(v_tools),
    tools_over_limit = v_over_limit,
    skipped_tools = (
      select coalesce(jsonb_agg(jsonb_build_object(
        'name', left(skipped ->> 'name', 256), 'reason', left(skipped ->> 'reason', 500)
      ) order by position), '[]')
      from jsonb_array_elements(jsonb_path_query_array(v_skipped, '$[0 to 99]')) with ordinality as l (skipped, position)
    ),
    catalog_note = left(p_note, 1000)
  where id = p_server_id;

  -- As `digestOf` in agent-worker/src/monitor/examine.ts.
  update public.mcp_server_health
  set catalogue_digest = md5(
    coalesce((
      select string_agg(name || ' ' || fingerprint, e'\n' order by name collate "C")
      from jsonb_to_recordset(p_tools) as listed (name text, fingerprint text)
    ), '') || coalesce((
      select e'\n\n' || string_agg(skipped ->> 'name' || ' ' || (skipped ->> 'reason'), e'\n' order by position)
      from jsonb_array_elements(p_skipped) with ordinality as listed (skipped, position)
    ), '') || coalesce(e'\n\n\n' || p_note, '')
  )
  where server_id = p_server_id;

  if not v_is_first then
    perform private.notice_tools_changed(p_server_id, v_answer);
  end if;
  return v_answer || jsonb_build_object('over_limit', v_over_limit);
end
$$;

revoke all on function
  private.first_bytes(text, integer), private.json_bytes(jsonb), private.schema_bytes(jsonb, jsonb),
  private.fit_server_facts(), private.fit_tool()
  from public;
-- Triggers and the constraint run with the rights of whoever writes.
grant execute on function
  private.first_bytes(text, integer), private.json_bytes(jsonb), private.schema_bytes(jsonb, jsonb)
  to authenticated, api_token, service_role;
