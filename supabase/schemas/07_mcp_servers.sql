-- MCP servers and their tags. Users own the configuration and the system owns the status; column privileges keep them
-- apart.

-- Triggers, in firing order:
--   before statement: a_count_write
--   before row: a_prepare_server, a_stop_large_change, a_stop_large_insert, b_reset_trust, b_version_server,
--     c_delete_accepted_issuer, c_delete_stale_credential, c_delete_stale_grants, c_hold_credential,
--     d_reset_catalog_fields, e_remove_from_agents, f_limit_moved_server, g_truncate_server_info
--   after row: audit, delete_catalog, hint_server, hint_server_status, limit_server_of_new_owner, reset_read_access,
--     schedule_edited_server, schedule_new_server
--   after statement: count_deleted_rows, count_inserted_rows, count_servers, count_updated_rows, limit_servers,
--     limit_servers_of_owners
create table public.mcp_servers (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null default private.personal_workspace_id()
    references public.workspaces (id) on delete cascade,
  user_id uuid default auth.uid() references auth.users (id) on delete set null,

  -- Set by users.
  name text not null,
  slug text not null default '',
  url text not null,
  description text not null default '',
  transport text not null default 'auto',
  auth_method text not null default 'none',
  auth_header text not null default 'X-API-Key',
  -- Who holds the credential: the workspace or each member.
  credential_scope text not null default 'workspace',
  -- A client registered by the user. Its secret, if any, is the credential.
  oauth_client_id text,
  is_active boolean not null default true,
  -- The user's order. Fractions go between two servers; new servers go last.
  position double precision not null,
  tags text[] not null default '{}',
  call_timeout_ms integer not null default 30000,
  max_concurrency integer not null default 4,
  metadata jsonb not null default '{}',

  -- Increased by a trigger. Reports name the version they are about, so that late ones are recognized.
  config_version integer not null default 1,

  -- Set by the system.
  -- Whether the workspace's credential is set; for members' own see my_credentials.
  has_credential boolean not null default false,
  connection_status text not null default 'disconnected',
  last_connected timestamptz,
  status_observed_at timestamptz,
  status_config_version integer,
  error_code text,
  error_message text,
  latency_ms integer,
  consecutive_failures integer not null default 0,
  -- The transport that worked.
  detected_transport text,
  protocol_version text,
  server_info jsonb,
  capabilities jsonb,
  instructions text,
  tool_count integer,
  catalog_observed_at timestamptz,

  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Tools beyond the limit tools_per_server.
  tools_over_limit integer not null default 0,
  -- The first 100 unusable tools, as [{"name", "reason"}].
  skipped_tools jsonb not null default '[]',
  protocol_era text not null default 'auto',
  catalog_note text,
  trusts_hints boolean not null default false,
  -- Who entered the workspace's credential, and the only one who can confirm it for another URL.
  credential_holder_id uuid references auth.users (id) on delete set null,
  -- Since when the credential waits for that confirmation.
  credential_held_since timestamptz,

  constraint mcp_servers_slug_unique unique (workspace_id, slug),
  -- Lets rows of a server reference its workspace_id, which changes when the server moves.
  constraint mcp_servers_id_in_workspace unique (id, workspace_id),
  constraint mcp_servers_name_length check (char_length(name) between 1 and 80),
  constraint mcp_servers_slug_form check (slug ~ '^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$'),
  constraint mcp_servers_url_form check (char_length(url) <= 2000 and private.is_address(url)),
  constraint mcp_servers_description_length check (char_length(description) <= 2000),
  constraint mcp_servers_transport check (transport in ('auto', 'streamable_http', 'sse')),
  constraint mcp_servers_detected_transport check (detected_transport in ('streamable_http', 'sse')),
  constraint mcp_servers_auth_method check (auth_method in ('none', 'api_key', 'bearer_token', 'oauth')),
  constraint mcp_servers_auth_header_form check (auth_header ~ '^[A-Za-z0-9!#$%&''*+.^_`|~-]{1,100}$'),
  constraint mcp_servers_auth_header_reserved check (not private.is_reserved_header(auth_header)),
  constraint mcp_servers_credential_scope check (credential_scope in ('workspace', 'member')),
  constraint mcp_servers_oauth_client_id_form check (char_length(oauth_client_id) <= 500),
  -- Also excludes NaN and infinity.
  constraint mcp_servers_position check (position between -1e9 and 1e9),
  constraint mcp_servers_tags check (
    cardinality(tags) <= 20
    and array_position(tags, null) is null
    and '' <> all (tags)
    and array_to_string(tags, '') !~ '\n'
    and array_to_string(tags, e'\n') !~ '[^\n]{41}'
  ),
  constraint mcp_servers_call_timeout check (call_timeout_ms between 1000 and 300000),
  constraint mcp_servers_max_concurrency check (max_concurrency between 1 and 64),
  constraint mcp_servers_metadata check (
    jsonb_typeof(metadata) = 'object' and octet_length(metadata::text) <= 16384
  ),
  constraint mcp_servers_connection_status check (
    connection_status in ('disconnected', 'connecting', 'connected', 'error', 'needs_auth')
  ),
  constraint mcp_servers_protocol_era check (protocol_era in ('auto', 'sessions', 'stateless')),
  constraint mcp_servers_catalog_note_length check (char_length(catalog_note) <= 1000)
);
create index mcp_servers_by_workspace on public.mcp_servers (workspace_id, position, created_at);
create index mcp_servers_user on public.mcp_servers (user_id);
create index mcp_servers_tags_index on public.mcp_servers using gin (tags);
create index mcp_servers_credential_holder on public.mcp_servers (credential_holder_id);

alter table public.mcp_servers enable row level security;
revoke all on public.mcp_servers from anon, authenticated;
grant
  select,
  insert (
    workspace_id, user_id, name, slug, url, description, transport, auth_method, auth_header, credential_scope,
    oauth_client_id, is_active, position, tags, call_timeout_ms, max_concurrency, metadata, protocol_era,
    trusts_hints
  ),
  update (
    workspace_id, name, slug, url, description, transport, auth_method, auth_header, credential_scope,
    oauth_client_id, is_active, position, tags, call_timeout_ms, max_concurrency, metadata, protocol_era,
    trusts_hints
  ),
  delete
  on public.mcp_servers to authenticated;
grant
  select,
  insert (
    workspace_id, user_id, name, slug, url, description, transport, auth_method, auth_header, is_active, position,
    tags, call_timeout_ms, max_concurrency, metadata, protocol_era, trusts_hints
  ),
  update (
    name, slug, url, description, transport, auth_method, auth_header, is_active, position, tags, call_timeout_ms,
    max_concurrency, metadata, protocol_era, trusts_hints
  ),
  delete
  on public.mcp_servers to api_token;
grant select, insert, update, delete on public.mcp_servers to service_role;
create policy "members see servers" on public.mcp_servers for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));
create policy "members add servers as their own" on public.mcp_servers for insert to authenticated
  with check (
    workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin', 'member']))::uuid[])
    and user_id = (select auth.uid())
  );
-- Without WITH CHECK the condition holds for the new row as well: a server can only move between workspaces in which
-- the caller may write.
create policy "admins edit all servers, members their own" on public.mcp_servers for update to authenticated
  using (
    workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[])
    or (
      user_id = (select auth.uid())
      and workspace_id = any ((select private.my_workspace_ids(array['member']))::uuid[])
    )
  );
create policy "admins delete all servers, members their own" on public.mcp_servers for delete to authenticated
  using (
    workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[])
    or (
      user_id = (select auth.uid())
      and workspace_id = any ((select private.my_workspace_ids(array['member']))::uuid[])
    )
  );
create policy "a token sees servers" on public.mcp_servers for select to api_token
  using (workspace_id = (select private.token_workspace_id()));
create policy "a token adds servers as its creator's" on public.mcp_servers for insert to api_token
  with check (
    workspace_id = (select private.token_workspace_id('servers:write', array['owner', 'admin', 'member']))
    and user_id = (select auth.uid())
  );
create policy "a token edits servers as its creator may" on public.mcp_servers for update to api_token
  using (
    workspace_id = (select private.token_workspace_id('servers:write', array['owner', 'admin']))
    or (
      user_id = (select auth.uid())
      and workspace_id = (select private.token_workspace_id('servers:write', array['member']))
    )
  );
create policy "a token deletes servers as its creator may" on public.mcp_servers for delete to api_token
  using (
    workspace_id = (select private.token_workspace_id('servers:write', array['owner', 'admin']))
    or (
      user_id = (select auth.uid())
      and workspace_id = (select private.token_workspace_id('servers:write', array['member']))
    )
  );

select private.limit_writes('public.mcp_servers');

create trigger limit_servers after insert on public.mcp_servers
  referencing new table as new_rows for each statement
  execute function private.enforce_limit('servers', 'workspace_id', 'true');

create trigger count_servers after insert on public.mcp_servers
  referencing new table as new_rows for each statement
  execute function private.count_uses('servers_per_day_per_user', 'user_id');

create trigger f_limit_moved_server before update of workspace_id on public.mcp_servers
  for each row when (new.workspace_id <> old.workspace_id) execute function private.limit_moved_server();

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

-- "Café Notes (v2)" -> "cafe-notes-v2"
create function private.slug_from_name(p_name text) returns text
language sql immutable set search_path = ''
as $$
  select coalesce(nullif(btrim(left(btrim(hyphenated, '-'), 32), '-'), ''), 'server')
  from (select regexp_replace(lower(normalize(p_name, nfkd)), '[\u0300-\u036f]', '', 'g')) as a (plain),
    lateral (select regexp_replace(plain, '[^a-z0-9]+', '-', 'g')) as b (hyphenated)
$$;

-- The wanted slug, or else the first free one with a number appended. Only looks for numbers if needed, since that
-- dominated the time of an import.
create function private.free_slug(p_workspace_id uuid, p_wanted text, p_server_id uuid) returns text
language sql stable set search_path = ''
as $$
  select case
    when not exists (
      select from public.mcp_servers s
      where s.workspace_id = p_workspace_id and s.slug = p_wanted and s.id <> p_server_id
    ) then p_wanted
    else (
      select candidate
      from (
        select n, btrim(left(p_wanted, 31 - char_length(n::text)), '-') || '-' || n as candidate
        -- At least one of so many is free.
        from generate_series(2, 2 + (select count(*) from public.mcp_servers where workspace_id = p_workspace_id)) n
      ) candidates
      where not exists (
        select from public.mcp_servers s
        where s.workspace_id = p_workspace_id and s.slug = candidate and s.id <> p_server_id
      )
      order by n
      limit 1
    )
  end
$$;

-- The same rules as the constraints above and the schemas in shared/src/contract/schema, by field. A test checks that
-- they agree.
create function private.server_field_errors(s public.mcp_servers) returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(field, problem), '{}')
  from (
    values
      ('name', private.text_error(s.name, 80, 'Give the server a name.')),
      ('slug', case when s.slug !~ '^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$'
        then private.field_error('bad_format', 'Use 1 to 32 lowercase letters, digits and hyphens.') end),
      ('url', private.url_error(s.url, 'Enter the URL of the server.')),
      ('description', private.text_error(s.description, 2000)),
      ('transport', case when s.transport not in ('auto', 'streamable_http', 'sse')
        then private.field_error('unknown_choice', 'Choose auto, streamable_http or sse.') end),
      ('protocol_era', case when s.protocol_era not in ('auto', 'sessions', 'stateless')
        then private.field_error('unknown_choice', 'Choose auto, sessions or stateless.') end),
      ('auth_method', case when s.auth_method not in ('none', 'api_key', 'bearer_token', 'oauth')
        then private.field_error('unknown_choice', 'Choose none, api_key, bearer_token or oauth.') end),
      ('auth_header', case
        when s.auth_header !~ '^[A-Za-z0-9!#$%&''*+.^_`|~-]{1,100}$'
          then private.field_error('bad_format', 'Enter a valid header name.')
        when private.is_reserved_header(s.auth_header)
          then private.field_error('reserved', 'This header is reserved. Enter another one.')
      end),
      ('credential_scope', case when s.credential_scope not in ('workspace', 'member')
        then private.field_error('unknown_choice', 'Choose workspace or member.') end),
      ('oauth_client_id', private.text_error(s.oauth_client_id, 500)),
      ('position', case when s.position not between -1e9 and 1e9
        then private.field_error('out_of_range', 'Enter a number from -1000000000 to 1000000000.') end),
      ('tags', case
        when cardinality(s.tags) > 20 then private.field_error('too_many', 'Use at most 20 tags.')
        else (
          select private.tag_error(tag) from unnest(s.tags) with ordinality as t (tag, n)
          where private.tag_error(tag) is not null order by n limit 1
        )
      end),
      ('call_timeout_ms', case when s.call_timeout_ms not between 1000 and 300000
        then private.field_error('out_of_range', 'Enter 1000 to 300000 milliseconds.') end),
      ('max_concurrency', case when s.max_concurrency not between 1 and 64
        then private.field_error('out_of_range', 'Enter a number from 1 to 64.') end),
      ('metadata', case
        when jsonb_typeof(s.metadata) <> 'object'
          then private.field_error('wrong_type', 'Metadata must be a JSON object.')
        when octet_length(s.metadata::text) > 16384
          then private.field_error('too_long', 'Use at most 16 KB of metadata.')
      end)
  ) as checks (field, problem)
  where problem is not null
$$;

-- Normalizes and validates the user's input and chooses the slug. Nulls mean the default.
create function private.prepare_server() returns trigger
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
    from (
      select private.trimmed(t) as tag, min(i) as n from unnest(new.tags) with ordinality u (t, i) group by 1
    ) trimmed
  ), '{}');
  new.call_timeout_ms := coalesce(new.call_timeout_ms, 30000);
  new.max_concurrency := coalesce(new.max_concurrency, 4);
  new.metadata := coalesce(new.metadata, '{}');

  -- The lock gives two servers with the same name different slugs.
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
create trigger a_prepare_server
  before insert or update of
    workspace_id, name, slug, url, description, transport, protocol_era, auth_method, auth_header, credential_scope,
    oauth_client_id, is_active, position, tags, call_timeout_ms, max_concurrency, metadata
  on public.mcp_servers
  for each row execute function private.prepare_server();

-- A changed configuration gets a new version and resets the status until the server is probed again. Status reports
-- and changes of name or description do not.
create function private.version_server() returns trigger
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
    new.catalog_observed_at := null;
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
create trigger b_version_server before update on public.mcp_servers
  for each row execute function private.version_server();

-- Another origin is another server, which the user has not trusted.
create function private.reset_trust() returns trigger
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
-- Runs after a_prepare_server, which trims the URL.
create trigger b_reset_trust before insert or update of url, trusts_hints on public.mcp_servers
  for each row execute function private.reset_trust();

-- Truncates what a server says about itself; it is only displayed.
create function private.truncate_server_info() returns trigger
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
create trigger g_truncate_server_info
  before insert or update of instructions, server_info, capabilities, protocol_version, error_message
  on public.mcp_servers for each row execute function private.truncate_server_info();

-- Counts the servers in the workspaces that a user owns, whoever added them, so that inviting members doesn't raise
-- the limit.
create function private.servers_of_owner(p_user_id uuid) returns bigint
language sql stable set search_path = ''
as $$
  select count(*) from public.mcp_servers s
  join public.workspace_members m on m.workspace_id = s.workspace_id
  where m.user_id = p_user_id and m.role = 'owner'
$$;

-- Refuses more servers in a workspace than its owners may have. p_adding: how many of them are new.
create function private.limit_servers_of_owners(p_workspace_id uuid, p_adding bigint, p_owner_id uuid default null)
returns void
language plpgsql set search_path = ''
as $$
declare
  v_owner uuid;
  v_total bigint;
  v_allowed integer;
begin
  for v_owner in
    select m.user_id from public.workspace_members m
    where m.workspace_id = p_workspace_id and m.role = 'owner' and (p_owner_id is null or m.user_id = p_owner_id)
    order by m.user_id
  loop
    perform pg_advisory_xact_lock(hashtextextended('patchbay.limit:servers_per_user:' || v_owner, 0));
    v_total := private.servers_of_owner(v_owner);
    v_allowed := private.allowed('servers_per_user', null, v_owner);
    if v_total > v_allowed then
      perform private.refuse_limit('servers_per_user', v_allowed, greatest(0, v_total - p_adding), p_adding);
    end if;
  end loop;
end
$$;

create function private.limit_new_servers() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.limit_servers_of_owners(n.workspace_id, n.adding)
  from (select workspace_id, count(*) as adding from new_rows group by 1 order by 1) n;
  return null;
end
$$;
create trigger limit_servers_of_owners after insert on public.mcp_servers
  referencing new table as new_rows for each statement execute function private.limit_new_servers();

create function private.limit_server_of_new_owner() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.limit_servers_of_owners(new.workspace_id, 1);
  return null;
end
$$;
create trigger limit_server_of_new_owner after update of workspace_id on public.mcp_servers
  for each row when (new.workspace_id <> old.workspace_id) execute function private.limit_server_of_new_owner();

-- A new owner takes over the servers. Successors of a deleted account, who are set by a trigger, are exempt.
create function private.limit_new_owner() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if pg_trigger_depth() = 1 then
    perform private.limit_servers_of_owners(
      new.workspace_id, (select count(*) from public.mcp_servers where workspace_id = new.workspace_id), new.user_id
    );
  end if;
  return null;
end
$$;
create trigger limit_new_owner after update of role on public.workspace_members
  for each row when (new.role = 'owner' and old.role <> 'owner') execute function private.limit_new_owner();

-- Counts the servers that rename_tag and remove_tag had to skip, and raises an error if they could not change any.
create function private.servers_left_with_tag(p_workspace_id uuid, p_tag text, p_changed integer)
returns integer
language plpgsql stable set search_path = ''
as $$
declare
  v_left integer;
begin
  if not exists (select from public.workspaces where id = p_workspace_id) then
    raise exception using errcode = 'PT404', message = 'There is no such workspace.';
  end if;
  select count(*) into v_left from public.mcp_servers
  where workspace_id = p_workspace_id and tags @> array[p_tag];
  if p_changed = 0 and v_left > 0 then
    raise exception using errcode = 'PT403',
      message = 'Your role only lets you change your own servers, and none of the servers with this tag is yours.';
  end if;
  return v_left;
end
$$;

-- Renames a tag on every server that the caller may edit; a server that has both keeps one. Returns {changed, left}:
-- servers that were changed, and other members' servers that still have the old tag. PT404: no such workspace. PT403:
-- the caller may edit none of the servers. PT400: the new name is invalid.
create function public.rename_tag(p_workspace_id uuid, p_tag text, p_new_tag text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_new_tag text := private.trimmed(p_new_tag);
  v_problem jsonb := private.tag_error(v_new_tag);
  v_changed integer := 0;
begin
  if v_problem is not null then
    perform private.refuse_fields(jsonb_build_object('new_tag', v_problem));
  end if;
  if v_new_tag = p_tag then
    return '{"changed": 0, "left": 0}';
  end if;
  update public.mcp_servers set tags = array_replace(tags, p_tag, v_new_tag)
  where workspace_id = p_workspace_id and tags @> array[p_tag];
  get diagnostics v_changed = row_count;
  return jsonb_build_object(
    'changed', v_changed, 'left', private.servers_left_with_tag(p_workspace_id, p_tag, v_changed)
  );
end
$$;

-- Removes a tag from every server that the caller may edit. Return value and errors as in rename_tag.
create function public.remove_tag(p_workspace_id uuid, p_tag text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_changed integer := 0;
begin
  update public.mcp_servers set tags = array_remove(tags, p_tag)
  where workspace_id = p_workspace_id and tags @> array[p_tag];
  get diagnostics v_changed = row_count;
  return jsonb_build_object(
    'changed', v_changed, 'left', private.servers_left_with_tag(p_workspace_id, p_tag, v_changed)
  );
end
$$;

-- The user who is charged for a workspace: its creator while they are an owner, else the first owner, else the
-- workspace itself.
create function private.owner_of(p_workspace_id uuid) returns uuid
language sql stable set search_path = ''
as $$
  select coalesce(
    (
      select m.user_id
      from public.workspace_members m join public.workspaces w on w.id = m.workspace_id
      where m.workspace_id = p_workspace_id and m.role = 'owner'
      order by m.user_id = w.created_by desc, m.created_at, m.user_id
      limit 1
    ),
    p_workspace_id
  )
$$;

revoke all on all functions in schema private from public;
revoke all on function public.rename_tag, public.remove_tag from public, anon, authenticated;
grant execute on function
  private.servers_left_with_tag, public.rename_tag, public.remove_tag
  to authenticated, api_token;
grant execute on function private.owner_of to service_role;
