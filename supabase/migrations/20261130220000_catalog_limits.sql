-- A list with more tools than may be stored keeps the first ones, and says how many are missing. Tools that cannot be
-- used are told with the reason.

alter table public.mcp_servers
  -- Tools that the server listed beyond the limit tools_per_server.
  add column tools_over_limit integer not null default 0,
  -- Tools that cannot be used, as [{"name", "reason"}]; the first 100.
  add column skipped_tools jsonb not null default '[]';

-- Of the whole list as the server gave it, whatever of it is stored.
alter table public.mcp_server_health add column catalogue_digest text;

drop function public.store_catalogue(uuid, integer, timestamptz, jsonb);

-- Replaces the catalogue of a server by the given list and keeps what the user chose for each tool. Of a list that is
-- too long the first tools are stored; `over_limit` counts the others. A list that is older than the stored one, or was
-- read under another configuration, changes nothing and is answered with `stored: false`.
-- p_skipped: [{"name", "reason"}], the tools that cannot be used.
create function public.store_catalogue(
  p_server_id uuid, p_config_version integer, p_observed_at timestamptz, p_tools jsonb, p_skipped jsonb default '[]'
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_workspace_id uuid;
  v_observed_at timestamptz := least(p_observed_at, clock_timestamp());
  v_is_first boolean;
  v_allowed integer;
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

  v_allowed := private.allowed('tools_per_server', v_workspace_id, null);
  select
    coalesce(jsonb_agg(l.tool order by l.place) filter (where v_allowed is null or l.place <= v_allowed), '[]'),
    count(*) filter (where l.place > v_allowed)
  into v_tools, v_over_limit
  from (
    select once.tool, row_number() over (order by once.position) as place
    from (
      select distinct on (tool ->> 'name') tool, position
      from jsonb_array_elements(p_tools) with ordinality as listed (tool, position)
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
    skipped_tools = jsonb_path_query_array(p_skipped, '$[0 to 99]')
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
    ), '')
  )
  where server_id = p_server_id;

  if not v_is_first then
    perform private.notice_tools_changed(p_server_id, v_answer);
  end if;
  return v_answer || jsonb_build_object('over_limit', v_over_limit);
end
$$;

revoke all on function public.store_catalogue(uuid, integer, timestamptz, jsonb, jsonb)
  from public, anon, authenticated;
grant execute on function public.store_catalogue(uuid, integer, timestamptz, jsonb, jsonb) to service_role;

-- How many tools of one server are stored, for whoever tests a server that is not stored yet; null: all.
create function public.tool_limit(p_workspace_id uuid default null) returns integer
language sql stable set search_path = ''
as $$ select private.allowed('tools_per_server', p_workspace_id, null) $$;
revoke all on function public.tool_limit(uuid) from public, anon, authenticated;
grant execute on function public.tool_limit(uuid) to service_role;

create or replace function private.forget_catalogue_facts() returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.tool_count := null;
  new.tools_over_limit := 0;
  new.skipped_tools := '[]';
  new.detected_transport := null;
  new.protocol_version := null;
  new.server_info := null;
  new.capabilities := null;
  new.instructions := null;
  new.last_connected := null;
  return new;
end
$$;
