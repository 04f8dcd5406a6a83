-- The protocol of a server may be pinned: with sessions (up to 2025-11-25) or without them (2026-07-28). And a list
-- of tools may be odd as a whole, which is said next to it.

alter table public.mcp_servers
  add column protocol_era text not null default 'auto',
  add column catalog_note text,
  add constraint mcp_servers_protocol_era check (protocol_era in ('auto', 'sessions', 'stateless')),
  add constraint mcp_servers_catalog_note_length check (char_length(catalog_note) <= 1000);

grant insert (protocol_era), update (protocol_era) on public.mcp_servers to authenticated, api_token;

create or replace function private.server_field_errors(s public.mcp_servers) returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(field, problem), '{}')
  from (
    values
      ('name', private.text_problem(s.name, 80, 'Give the server a name.')),
      ('slug', case when s.slug !~ '^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$'
        then private.problem('bad_format', 'Use 1 to 32 lower-case letters, digits and hyphens.') end),
      ('url', private.address_problem(s.url, 'Enter the address of the server.')),
      ('description', private.text_problem(s.description, 2000)),
      ('transport', case when s.transport not in ('auto', 'streamable_http', 'sse')
        then private.problem('unknown_choice', 'Choose auto, streamable_http or sse.') end),
      ('protocol_era', case when s.protocol_era not in ('auto', 'sessions', 'stateless')
        then private.problem('unknown_choice', 'Choose auto, sessions or stateless.') end),
      ('auth_method', case when s.auth_method not in ('none', 'api_key', 'bearer_token', 'oauth')
        then private.problem('unknown_choice', 'Choose none, api_key, bearer_token or oauth.') end),
      ('auth_header', case
        when s.auth_header !~ '^[A-Za-z0-9!#$%&''*+.^_`|~-]{1,100}$'
          then private.problem('bad_format', 'This is not the name of a header.')
        when private.is_reserved_header(s.auth_header)
          then private.problem('reserved', 'This header is used by the protocol itself.')
      end),
      ('credential_scope', case when s.credential_scope not in ('workspace', 'member')
        then private.problem('unknown_choice', 'Choose workspace or member.') end),
      ('oauth_client_id', private.text_problem(s.oauth_client_id, 500)),
      ('position', case when s.position not between -1e9 and 1e9
        then private.problem('out_of_range', 'Between -1000000000 and 1000000000.') end),
      ('tags', case
        when cardinality(s.tags) > 20 then private.problem('too_many', 'At most 20 tags.')
        else (
          select private.tag_problem(tag) from unnest(s.tags) with ordinality as t (tag, n)
          where private.tag_problem(tag) is not null order by n limit 1
        )
      end),
      ('call_timeout_ms', case when s.call_timeout_ms not between 1000 and 300000
        then private.problem('out_of_range', 'Between 1000 and 300000 milliseconds.') end),
      ('max_concurrency', case when s.max_concurrency not between 1 and 64
        then private.problem('out_of_range', 'Between 1 and 64 calls.') end),
      ('metadata', case
        when jsonb_typeof(s.metadata) <> 'object' then private.problem('wrong_type', 'Metadata is a JSON object.')
        when octet_length(s.metadata::text) > 16384 then private.problem('too_long', 'At most 16 KB of metadata.')
      end)
  ) as checks (field, problem)
  where problem is not null
$$;

create or replace function private.prepare_server() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_errors jsonb;
begin
  new.name := private.trimmed(new.name);
  new.url := private.trimmed(new.url);
  new.slug := private.trimmed(coalesce(new.slug, ''));
  new.description := private.trimmed(coalesce(new.description, ''));
  new.transport := coalesce(new.transport, 'auto');
  new.protocol_era := coalesce(new.protocol_era, 'auto');
  new.auth_method := coalesce(new.auth_method, 'none');
  new.auth_header := private.trimmed(coalesce(new.auth_header, 'X-API-Key'));
  new.credential_scope := coalesce(new.credential_scope, 'workspace');
  new.oauth_client_id := nullif(private.trimmed(new.oauth_client_id), '');
  if new.auth_method = 'none' and new.credential_scope = 'member' then
    new.credential_scope := 'workspace';
  end if;
  new.is_active := coalesce(new.is_active, true);
  new.position := coalesce(
    new.position,
    case when tg_op = 'UPDATE' then old.position end,
    (select floor(max(s.position)) + 1 from public.mcp_servers s where s.workspace_id = new.workspace_id),
    1
  );
  new.tags := coalesce((
    select array_agg(tag order by n)
    from (select private.trimmed(t) as tag, min(i) as n from unnest(new.tags) with ordinality u (t, i) group by 1) tidied
  ), '{}');
  new.call_timeout_ms := coalesce(new.call_timeout_ms, 30000);
  new.max_concurrency := coalesce(new.max_concurrency, 4);
  new.metadata := coalesce(new.metadata, '{}');

  -- Slugs are given out one at a time in a workspace: two servers of one name arriving together get two.
  if tg_op = 'INSERT' or new.slug <> old.slug or new.workspace_id <> old.workspace_id then
    perform pg_advisory_xact_lock(hashtextextended('patchbay.slug:' || new.workspace_id::text, 0));
    if new.slug = '' then
      new.slug := private.free_slug(new.workspace_id, private.slug_from_name(coalesce(new.name, '')), new.id);
    elsif tg_op = 'UPDATE' and new.workspace_id <> old.workspace_id and new.slug = old.slug then
      new.slug := private.free_slug(new.workspace_id, new.slug, new.id);
    end if;
  end if;

  v_errors := private.server_field_errors(new);
  if v_errors <> '{}' then
    perform private.refuse_fields(v_errors);
  end if;
  return new;
end
$$;
drop trigger a_prepare_server on public.mcp_servers;
create trigger a_prepare_server
  before insert or update of
    workspace_id, name, slug, url, description, transport, protocol_era, auth_method, auth_header, credential_scope,
    oauth_client_id, is_active, position, tags, call_timeout_ms, max_concurrency, metadata
  on public.mcp_servers
  for each row execute function private.prepare_server();

create or replace function private.version_server() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if (new.workspace_id, new.url, new.transport, new.protocol_era, new.auth_method, new.auth_header,
      new.credential_scope, new.oauth_client_id, new.is_active, new.call_timeout_ms, new.max_concurrency)
    is distinct from
     (old.workspace_id, old.url, old.transport, old.protocol_era, old.auth_method, old.auth_header,
      old.credential_scope, old.oauth_client_id, old.is_active, old.call_timeout_ms, old.max_concurrency)
  then
    new.config_version := old.config_version + 1;
  end if;

  if new.config_version <> old.config_version then
    new.connection_status := 'disconnected';
    new.status_observed_at := null;
    new.status_config_version := null;
    new.error_code := null;
    new.error_message := null;
    new.latency_ms := null;
    new.consecutive_failures := 0;
    new.catalogue_observed_at := null;
  end if;

  if (new.config_version, new.name, new.slug, new.description, new.position, new.tags, new.metadata)
    is distinct from
     (old.config_version, old.name, old.slug, old.description, old.position, old.tags, old.metadata)
  then
    new.updated_at := now();
  end if;
  return new;
end
$$;

drop trigger audit on public.mcp_servers;
create trigger audit after insert or delete or update of
    workspace_id, name, slug, url, description, transport, protocol_era, auth_method, auth_header, credential_scope,
    oauth_client_id, is_active, position, tags, call_timeout_ms, max_concurrency, metadata
  on public.mcp_servers
  for each row execute function private.audit(
    'id',
    'name slug url description transport protocol_era auth_method auth_header credential_scope oauth_client_id '
      'is_active position tags call_timeout_ms max_concurrency',
    'metadata'
  );

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
        order by t.position, t.name
      )
      from public.mcp_tools t where t.server_id = s.id
    ), '[]')
  )
  from public.mcp_servers s left join lateral private.key_of(s, p_user_id) x on true
  where s.id = p_server_id
$$;

create or replace function private.probe_job(p_server_id uuid, p_fresh_ms integer) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', s.id,
    'workspace_id', s.workspace_id,
    'url', s.url,
    'transport', s.transport,
    'protocol_era', s.protocol_era,
    'auth_method', s.auth_method,
    'auth_header', s.auth_header,
    'credential_scope', s.credential_scope,
    'added_by', s.user_id,
    'config_version', s.config_version,
    'secret', (
      select jsonb_build_object('ciphertext', x.ciphertext, 'nonce', x.nonce, 'key_id', x.key_id)
      from private.key_of(s, s.user_id) x
    ),
    'connection_status', s.connection_status,
    'has_connected', s.last_connected is not null,
    -- Somebody else found it well a moment ago.
    'is_confirmed', coalesce(h.confirmed_until > clock_timestamp(), false) and s.connection_status = 'connected',
    'wants_tools', fresh.until is null or fresh.until <= clock_timestamp(),
    -- Lets a list that is still the same be told from another without sending it. None where more may be stored now.
    'catalogue_digest', case
      when fresh.until <= clock_timestamp() and (
        s.tools_over_limit = 0
        or private.allowed('tools_per_server', s.workspace_id, null) <= s.tool_count
      ) then h.catalogue_digest
    end,
    'memory', h.memory,
    'is_watched', exists (
      select from private.watched_workspaces w
      where w.workspace_id = s.workspace_id and w.watched_until > clock_timestamp()
    ),
    'lease_id', h.lease_id,
    'incident', (
      select jsonb_build_object(
        'id', i.id, 'started_at', i.started_at, 'ended_at', i.ended_at, 'series_id', i.series_id,
        'in_series', (select count(*) from public.mcp_server_incidents o where o.series_id = i.series_id),
        'announced', private.announced(i.series_id)
      )
      from public.mcp_server_incidents i where i.server_id = s.id order by i.started_at desc limit 1
    )
  )
  from public.mcp_servers s
  join public.mcp_server_health h on h.server_id = s.id,
    lateral (select s.catalogue_observed_at + make_interval(secs => p_fresh_ms / 1000.0)) as fresh (until)
  where s.id = p_server_id
$$;

create or replace function private.server_document(s public.mcp_servers) returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_object(
    'name', s.name, 'slug', s.slug, 'url', s.url, 'description', s.description, 'transport', s.transport,
    'protocol_era', s.protocol_era,
    'auth_method', s.auth_method, 'auth_header', s.auth_header, 'credential_scope', s.credential_scope,
    'oauth_client_id', s.oauth_client_id, 'is_active', s.is_active, 'position', s.position, 'tags', s.tags,
    'call_timeout_ms', s.call_timeout_ms, 'max_concurrency', s.max_concurrency, 'metadata', s.metadata
  )
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
      credential_scope, oauth_client_id, is_active, position, tags, call_timeout_ms, max_concurrency, metadata
    ) values (
      p_workspace_id, v_new.name, v_new.slug, v_new.url, v_new.description, v_new.transport, v_new.protocol_era,
      v_new.auth_method, v_new.auth_header, v_new.credential_scope, v_new.oauth_client_id, v_new.is_active, v_new.position, v_new.tags, v_new.call_timeout_ms, v_new.max_concurrency,
      v_new.metadata
    ) returning * into v_new;
  else
    update public.mcp_servers set
      name = v_new.name, url = v_new.url, description = v_new.description, transport = v_new.transport,
      protocol_era = v_new.protocol_era, auth_method = v_new.auth_method, auth_header = v_new.auth_header,
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

drop function public.store_catalogue(uuid, integer, timestamptz, jsonb, jsonb);

-- As before, with p_note: what is odd about the list as a whole; null when nothing is.
create function public.store_catalogue(
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
    skipped_tools = jsonb_path_query_array(p_skipped, '$[0 to 99]'),
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

revoke all on function public.store_catalogue(uuid, integer, timestamptz, jsonb, jsonb, text)
  from public, anon, authenticated;
grant execute on function public.store_catalogue(uuid, integer, timestamptz, jsonb, jsonb, text) to service_role;

create or replace function private.forget_catalogue_facts() returns trigger
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
