-- The stored catalogue: tools of each server as it was last seen.

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
  -- The user's.
  is_enabled boolean not null default true,
  cache_ttl_seconds integer,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  constraint mcp_tools_name_unique unique (server_id, name),
  constraint mcp_tools_server foreign key (server_id, workspace_id)
    references public.mcp_servers (id, workspace_id) on update cascade on delete cascade,
  constraint mcp_tools_name_length check (char_length(name) between 1 and 256),
  constraint mcp_tools_cache_ttl check (cache_ttl_seconds between 1 and 86400)
);

create index mcp_tools_workspace on public.mcp_tools (workspace_id);

revoke all on public.mcp_tools from anon, authenticated;
grant select, update (is_enabled, cache_ttl_seconds) on public.mcp_tools to authenticated;
grant select, insert, update, delete on public.mcp_tools to service_role;

alter table public.mcp_tools enable row level security;

create policy "members see tools" on public.mcp_tools for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));
create policy "who may edit the server may switch its tools" on public.mcp_tools for update to authenticated
  using (
    workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[])
    or (
      workspace_id = any ((select private.my_workspace_ids(array['member']))::uuid[])
      and server_id in (select s.id from public.mcp_servers s where s.user_id = (select auth.uid()))
    )
  );

create function private.check_tool() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if new.is_enabled is null then
    new.is_enabled := true;
  end if;
  if new.cache_ttl_seconds not between 1 and 86400 then
    perform private.refuse_fields(jsonb_build_object('cache_ttl_seconds', private.problem(
      'out_of_range', 'Between 1 second and one day, or empty for no cache.'
    )));
  end if;
  return new;
end
$$;
create trigger check_tool before update of is_enabled, cache_ttl_seconds on public.mcp_tools
  for each row execute function private.check_tool();

-- A tool that was switched off stays off when it vanishes and comes back: a server must not be able to
-- undo its user's choice by changing its list.
create table private.vanished_tool_choices (
  server_id uuid not null references public.mcp_servers (id) on delete cascade,
  name text not null,
  is_enabled boolean not null,
  cache_ttl_seconds integer,
  primary key (server_id, name)
);
alter table private.vanished_tool_choices enable row level security;
grant select, insert, update, delete on private.vanished_tool_choices to service_role;

create function private.remember_tool_choice() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if exists (select from public.mcp_servers where id = old.server_id) then
    insert into private.vanished_tool_choices (server_id, name, is_enabled, cache_ttl_seconds)
    values (old.server_id, old.name, old.is_enabled, old.cache_ttl_seconds)
    on conflict (server_id, name) do update
      set is_enabled = excluded.is_enabled, cache_ttl_seconds = excluded.cache_ttl_seconds;
  end if;
  return null;
end
$$;
create trigger remember_tool_choice after delete on public.mcp_tools
  for each row when (not old.is_enabled or old.cache_ttl_seconds is not null)
  execute function private.remember_tool_choice();

-- Another origin is another server: its predecessor's tools must not be offered in its name.
create function private.forget_catalogue() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.mcp_tools where server_id = new.id;
  return null;
end
$$;
create trigger forget_catalogue after update of url on public.mcp_servers
  for each row when (private.url_origin(new.url) is distinct from private.url_origin(old.url))
  execute function private.forget_catalogue();

create function private.forget_catalogue_facts() returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.tool_count := null;
  new.detected_transport := null;
  new.protocol_version := null;
  new.server_info := null;
  new.capabilities := null;
  new.instructions := null;
  new.last_connected := null;
  return new;
end
$$;
create trigger d_forget_catalogue_facts before update of url on public.mcp_servers
  for each row when (private.url_origin(new.url) is distinct from private.url_origin(old.url))
  execute function private.forget_catalogue_facts();

revoke all on function
  private.check_tool(), private.remember_tool_choice(), private.forget_catalogue(),
  private.forget_catalogue_facts()
  from public;

-- Replaces the catalogue of a server by the given list and keeps what the user chose for each tool.
-- A list that is older than the stored one, or was read under another configuration, changes nothing and
-- is answered with `stored: false`.
create function public.store_catalogue(
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
    is_enabled, cache_ttl_seconds, first_seen_at, last_seen_at
  )
  select distinct on (listed.name)
    p_server_id, v_workspace_id, listed.name, listed.title, listed.description,
    listed.input_schema, nullif(listed.output_schema, 'null'), nullif(listed.annotations, 'null'),
    listed.fingerprint, coalesce(choice.is_enabled, true), choice.cache_ttl_seconds, v_observed_at, v_observed_at
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

revoke all on function public.store_catalogue(uuid, integer, timestamptz, jsonb) from public, anon, authenticated;
grant execute on function public.store_catalogue(uuid, integer, timestamptz, jsonb) to service_role;
