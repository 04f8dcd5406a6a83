-- The tools of each server as last listed, and what users set for them.

-- Triggers, in firing order:
--   before statement: a_count_write
--   before row: a_stop_large_change, a_stop_large_insert, check_tool, check_tool_access, restore_tool_access,
--     truncate_tool
--   after row: audit, save_tool_settings
--   after statement: count_deleted_rows, count_inserted_rows, count_updated_rows, hint_tools_added,
--     hint_tools_removed, hint_tools_updated, limit_tools
create table public.mcp_tools (
  id uuid primary key default gen_random_uuid(),
  server_id uuid not null,
  workspace_id uuid not null,
  name text not null,
  title text,
  description text,
  input_schema jsonb not null,
  output_schema jsonb,
  annotations jsonb,
  fingerprint text not null,
  -- Set by users.
  is_enabled boolean not null default true,
  cache_ttl_seconds integer,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  is_pinned boolean not null default false,
  position integer not null default 0,
  access text,
  constraint mcp_tools_name_unique unique (server_id, name),
  constraint mcp_tools_server foreign key (server_id, workspace_id)
    references public.mcp_servers (id, workspace_id) on update cascade on delete cascade,
  constraint mcp_tools_name_length check (char_length(name) between 1 and 256),
  constraint mcp_tools_cache_ttl check (cache_ttl_seconds between 1 and 86400),
  constraint mcp_tools_access check (access in ('read', 'write', 'destructive')),
  constraint mcp_tools_schema_size check (private.schema_bytes(input_schema, output_schema) <= 65536)
);
create index mcp_tools_workspace on public.mcp_tools (workspace_id);

alter table public.mcp_tools enable row level security;
revoke all on public.mcp_tools from anon, authenticated;
grant select, update (is_enabled, cache_ttl_seconds, is_pinned, access) on public.mcp_tools to authenticated;
grant select, update (is_enabled, cache_ttl_seconds, is_pinned, access) on public.mcp_tools to api_token;
grant select, insert, update, delete on public.mcp_tools to service_role;
create policy "members see tools" on public.mcp_tools for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));
create policy "whoever may edit a server may change its tools" on public.mcp_tools for update to authenticated
  using (
    workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[])
    or (
      workspace_id = any ((select private.my_workspace_ids(array['member']))::uuid[])
      and server_id in (select s.id from public.mcp_servers s where s.user_id = (select auth.uid()))
    )
  );
create policy "a token sees tools" on public.mcp_tools for select to api_token
  using (workspace_id = (select private.token_workspace_id()));
create policy "a token changes tools as its creator may" on public.mcp_tools for update to api_token
  using (
    workspace_id = (select private.token_workspace_id('servers:write', array['owner', 'admin']))
    or (
      workspace_id = (select private.token_workspace_id('servers:write', array['member']))
      and server_id in (select s.id from public.mcp_servers s where s.user_id = (select auth.uid()))
    )
  );

select private.limit_writes('public.mcp_tools');

create trigger limit_tools after insert on public.mcp_tools
  referencing new table as new_rows for each statement
  execute function private.enforce_limit('tools_per_server', 'server_id', 'true');

create trigger audit after update of is_enabled, is_pinned, cache_ttl_seconds, access on public.mcp_tools
  for each row execute function private.audit('server_id', 'is_enabled is_pinned cache_ttl_seconds access', '');

-- Users' settings for tools that are not listed at the moment: a server must not undo a setting by changing its list.
-- Triggers, in firing order:
--   before row: limit_tool_settings
create table private.vanished_tool_choices (
  server_id uuid not null references public.mcp_servers (id) on delete cascade,
  name text not null,
  is_enabled boolean not null,
  cache_ttl_seconds integer,
  is_pinned boolean not null default false,
  access text,
  primary key (server_id, name),
  constraint vanished_tool_choices_access check (access in ('read', 'write', 'destructive'))
);

alter table private.vanished_tool_choices enable row level security;
grant select, insert, update, delete on private.vanished_tool_choices to service_role;

create function private.check_tool() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.is_enabled is null then
    new.is_enabled := true;
  end if;
  new.is_pinned := coalesce(new.is_pinned, false);
  if new.cache_ttl_seconds not between 1 and 86400 then
    perform private.refuse_fields(jsonb_build_object('cache_ttl_seconds', private.field_error(
      'out_of_range', 'Enter 1 to 86400 seconds, or leave it empty for no cache.'
    )));
  end if;
  return new;
end
$$;
create trigger check_tool before update of is_enabled, is_pinned, cache_ttl_seconds on public.mcp_tools
  for each row execute function private.check_tool();

create function private.truncate_tool() returns trigger
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
create trigger truncate_tool before insert or update of title, description, annotations on public.mcp_tools
  for each row execute function private.truncate_tool();

create function private.check_tool_access() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.access not in ('read', 'write', 'destructive') then
    perform private.refuse_fields(jsonb_build_object('access', private.field_error(
      'unknown_choice', 'Choose read, write or destructive, or leave it empty.'
    )));
  end if;
  return new;
end
$$;
create trigger check_tool_access before update of access on public.mcp_tools
  for each row execute function private.check_tool_access();

-- Does for access what store_catalog does for the other settings.
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

create function private.save_tool_settings() returns trigger
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
create trigger save_tool_settings after delete on public.mcp_tools
  for each row
  when (not old.is_enabled or old.is_pinned or old.cache_ttl_seconds is not null or old.access is not null)
  execute function private.save_tool_settings();

-- How many tool settings a server may have; null: any number. Members can't read the limits themselves.
create function private.tool_settings_limit(p_workspace_id uuid) returns integer
language sql stable security definer set search_path = ''
as $$
  select private.allowed('tools_per_server', p_workspace_id, null)
$$;

-- Also holds for several imports into one server. Settings of a tool that vanishes are always kept.
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
  select private.tool_settings_limit(s.workspace_id) into v_most
  from public.mcp_servers s where s.id = new.server_id;
  if (select count(*) from private.vanished_tool_choices where server_id = new.server_id) >= v_most then
    return null;
  end if;
  return new;
end
$$;
create trigger limit_tool_settings before insert on private.vanished_tool_choices
  for each row execute function private.limit_tool_settings();

-- Another origin is another server, whose tools are unknown.
create function private.delete_catalog() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.mcp_tools where server_id = new.id;
  return null;
end
$$;
create trigger delete_catalog after update of url on public.mcp_servers
  for each row when (private.url_origin(new.url) is distinct from private.url_origin(old.url))
  execute function private.delete_catalog();

create function private.reset_catalog_fields() returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.tool_count := null;
  new.tools_over_limit := 0;
  new.skipped_tools := '[]';
  new.catalog_note := null;
  new.detected_transport := null;
  new.protocol_version := null;
  new.server_info := null;
  new.capabilities := null;
  new.instructions := null;
  new.last_connected := null;
  return new;
end
$$;
create trigger d_reset_catalog_fields before update of url on public.mcp_servers
  for each row when (private.url_origin(new.url) is distinct from private.url_origin(old.url))
  execute function private.reset_catalog_fields();

-- A tool was allowed to run without confirmation only at the old origin. Stricter settings stay.
create function private.reset_read_access() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update private.vanished_tool_choices set access = null where server_id = new.id and access = 'read';
  return null;
end
$$;
-- Runs after delete_catalog, which saves the settings.
create trigger reset_read_access after update of url on public.mcp_servers
  for each row when (private.url_origin(new.url) is distinct from private.url_origin(old.url))
  execute function private.reset_read_access();

-- Returns how many tools of one server are stored, for testing a server that is not stored yet; null: all.
create function public.tool_limit(p_workspace_id uuid default null) returns integer
language sql stable set search_path = ''
as $$ select private.allowed('tools_per_server', p_workspace_id, null) $$;

-- Replaces the stored tools of a server and keeps the user's settings for each. Stores only as many as the limit
-- allows; `over_limit` counts the rest. A list that is older than the stored one, or was read with another
-- configuration, changes nothing and returns `stored: false`. Skips tools with too large schemas. p_skipped: unusable
-- tools as [{"name", "reason"}]. p_note: what is unusual about the list as a whole, or null.
create function public.store_catalog(
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
  select s.workspace_id, s.catalog_observed_at is null into v_workspace_id, v_is_first
  from public.mcp_servers s
  where s.id = p_server_id
    and s.config_version = p_config_version
    and (s.catalog_observed_at is null or s.catalog_observed_at <= v_observed_at)
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
    catalog_observed_at = v_observed_at,
    tool_count = jsonb_array_length(v_tools),
    tools_over_limit = v_over_limit,
    skipped_tools = (
      select coalesce(jsonb_agg(jsonb_build_object(
        'name', left(skipped ->> 'name', 256), 'reason', left(skipped ->> 'reason', 500)
      ) order by position), '[]')
      from jsonb_array_elements(jsonb_path_query_array(v_skipped, '$[0 to 99]'))
        with ordinality as l (skipped, position)
    ),
    catalog_note = left(p_note, 1000)
  where id = p_server_id;

  -- As `digestOf` in agent-worker/src/monitor/probes/examine.ts.
  update public.mcp_server_health
  set catalog_digest = md5(
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
    perform private.add_tools_notice(p_server_id, v_answer);
  end if;
  return v_answer || jsonb_build_object('over_limit', v_over_limit);
end
$$;

revoke all on all functions in schema private from public;
revoke all on function public.tool_limit, public.store_catalog from public, anon, authenticated;
grant execute on function private.tool_settings_limit to authenticated;
grant execute on function public.tool_limit, public.store_catalog to service_role;
