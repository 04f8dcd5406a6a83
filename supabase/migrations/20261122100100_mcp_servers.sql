-- MCP servers. The user owns configuration, the system owns status: column grants keep it so.

-- Whether a text has the form of an http(s) address: a host without a login in front of it, perhaps a port, and no
-- white space. The same expression is ADDRESS in shared/src/schema/address.ts.
create function private.is_address(p_url text) returns boolean
language sql immutable set search_path = ''
as $$
  select p_url ~ (
    '^[Hh][Tt][Tt][Pp][Ss]?://'
    || '([^\u0001-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff/?#@\\:\[\]<>^|%]+|\[[0-9A-Fa-f:.]+\])'
    || '(:(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5]?[0-9]{1,4})?)?'
    || '([/?#][^\u0009-\u000d\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]*)?$'
  )
$$;
-- Headers that the protocol itself uses. The same list is RESERVED_HEADERS in shared/src/schema/server.ts.
create function private.is_reserved_header(p_name text) returns boolean
language sql immutable set search_path = ''
as $$
  select lower(p_name) in (
    'accept', 'connection', 'content-length', 'content-type', 'cookie', 'host', 'last-event-id',
    'mcp-protocol-version', 'mcp-session-id', 'te', 'transfer-encoding', 'upgrade'
  )
$$;
revoke all on function private.is_address(text), private.is_reserved_header(text) from public;
-- The condition of a constraint runs as whoever writes.
grant execute on function private.is_address(text), private.is_reserved_header(text) to authenticated, service_role;

create table public.mcp_servers (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null default private.personal_workspace_id()
    references public.workspaces (id) on delete cascade,
  user_id uuid default auth.uid() references auth.users (id) on delete set null,

  -- The user's.
  name text not null,
  slug text not null default '',
  url text not null,
  description text not null default '',
  transport text not null default 'auto',
  auth_method text not null default 'none',
  auth_header text not null default 'X-API-Key',
  -- Whose key or sign-in is used: one of the workspace, or that of each member.
  credential_scope text not null default 'workspace',
  -- Where the authorization server knows us already; its secret, if any, is the credential.
  oauth_client_id text,
  is_active boolean not null default true,
  -- The user's order: smaller comes first, and fractions make room between two. A new server goes last.
  position double precision not null,
  tags text[] not null default '{}',
  call_timeout_ms integer not null default 30000,
  max_concurrency integer not null default 4,
  metadata jsonb not null default '{}',

  -- Raised by a trigger. Reports name the version they speak of, so that a late one cannot lie.
  config_version integer not null default 1,

  -- The system's.
  -- Of the workspace's credential; that of each member is told by `my_credentials`.
  has_credential boolean not null default false,
  connection_status text not null default 'disconnected',
  last_connected timestamptz,
  status_observed_at timestamptz,
  status_config_version integer,
  error_code text,
  error_message text,
  latency_ms integer,
  consecutive_failures integer not null default 0,
  -- How it was reached, whatever "transport" asks for.
  detected_transport text,
  protocol_version text,
  server_info jsonb,
  capabilities jsonb,
  instructions text,
  tool_count integer,
  catalogue_observed_at timestamptz,

  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),

  constraint mcp_servers_slug_unique unique (workspace_id, slug),
  -- Lets rows that belong to a server carry its workspace_id and follow it when it moves.
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
  -- Also keeps NaN and infinity out, after which nothing could be put.
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
  )
);

create index mcp_servers_by_workspace on public.mcp_servers (workspace_id, position, created_at);
create index mcp_servers_user on public.mcp_servers (user_id);
create index mcp_servers_tags_index on public.mcp_servers using gin (tags);

revoke all on public.mcp_servers from anon, authenticated;
grant
  select,
  insert (
    workspace_id, user_id, name, slug, url, description, transport, auth_method, auth_header, credential_scope,
    oauth_client_id, is_active, position, tags, call_timeout_ms, max_concurrency, metadata
  ),
  update (
    workspace_id, name, slug, url, description, transport, auth_method, auth_header, credential_scope,
    oauth_client_id, is_active, position, tags, call_timeout_ms, max_concurrency, metadata
  ),
  delete
  on public.mcp_servers to authenticated;
grant select, insert, update, delete on public.mcp_servers to service_role;

alter table public.mcp_servers enable row level security;

create policy "members see servers" on public.mcp_servers for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));
create policy "members add servers as their own" on public.mcp_servers for insert to authenticated
  with check (
    workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin', 'member']))::uuid[])
    and user_id = (select auth.uid())
  );
-- Without a WITH CHECK of its own the condition holds for the new row too: a server moves only between
-- workspaces in which the caller may write.
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

-- Rules -----------------------------------------------------------------------------------------

-- "Café Notes (v2)" -> "cafe-notes-v2"
create function private.slug_from_name(p_name text) returns text
language sql immutable set search_path = ''
as $$
  select coalesce(nullif(btrim(left(btrim(hyphenated, '-'), 32), '-'), ''), 'server')
  from (select regexp_replace(lower(normalize(p_name, nfkd)), '[\u0300-\u036f]', '', 'g')) as a (plain),
    lateral (select regexp_replace(plain, '[^a-z0-9]+', '-', 'g')) as b (hyphenated)
$$;

create function private.free_slug(p_workspace_id uuid, p_wanted text, p_server_id uuid) returns text
language sql stable set search_path = ''
as $$
  select candidate
  from (
    select 1 as n, p_wanted as candidate
    union all
    select n, btrim(left(p_wanted, 31 - char_length(n::text)), '-') || '-' || n
    from generate_series(2, 10000) n
  ) candidates
  where not exists (
    select from public.mcp_servers s
    where s.workspace_id = p_workspace_id and s.slug = candidate and s.id <> p_server_id
  )
  order by n
  limit 1
$$;

-- The scheme, host and port that a credential was entered for. Two spellings of one origin count as
-- different, which only costs entering the key again.
create function private.url_origin(p_url text) returns text
language sql immutable set search_path = ''
as $$
  select lower(substring(p_url from '^[A-Za-z]+://[^/?#]+'))
$$;

-- What is wrong with the address of a server or a webhook; p_required says what to do where there is none.
create function private.address_problem(p_url text, p_required text) returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(private.text_problem(p_url, 2000, p_required), case
    when p_url ~ '^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]*@'
      then private.problem('secret_in_url', 'Leave the key out of the address and enter it as the credential.')
    when p_url ~ '^[A-Za-z][A-Za-z0-9+.-]*:' and p_url !~ '^[Hh][Tt][Tt][Pp][Ss]?://'
      then private.problem('unsupported_scheme', 'The address must begin with https:// or http://.')
    when not private.is_address(p_url)
      then private.problem('bad_format', 'Enter a full address, such as https://example.com/mcp.')
  end)
$$;

-- What is wrong with a tag.
create function private.tag_problem(p_tag text) returns jsonb
language sql immutable set search_path = ''
as $$
  select case
    when coalesce(p_tag, '') = '' then private.problem('required', 'A tag may not be empty.')
    when char_length(p_tag) > 40 then private.problem('too_long', 'A tag has at most 40 characters.')
    when p_tag ~ '\n' then private.problem('bad_format', 'A tag is one line.')
  end
$$;

-- The same limits as the constraints above and as the schemas in shared/src/schema, told by field: that all of
-- them agree is tested in local/database/agreement.test.ts.
create function private.server_field_errors(s public.mcp_servers) returns jsonb
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

-- Tidies and validates what the user wrote, and gives the server its slug. Sent nulls mean the default.
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
create trigger a_prepare_server
  before insert or update of
    workspace_id, name, slug, url, description, transport, auth_method, auth_header, credential_scope,
    oauth_client_id, is_active, position, tags, call_timeout_ms, max_concurrency, metadata
  on public.mcp_servers
  for each row execute function private.prepare_server();

-- A changed configuration gets a new version, and what was known of the old one is forgotten: the status is
-- unknown until the server is seen again. Status reports and descriptions do not raise it.
create function private.version_server() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if (new.workspace_id, new.url, new.transport, new.auth_method, new.auth_header, new.credential_scope,
      new.oauth_client_id, new.is_active, new.call_timeout_ms, new.max_concurrency)
    is distinct from
     (old.workspace_id, old.url, old.transport, old.auth_method, old.auth_header, old.credential_scope,
      old.oauth_client_id, old.is_active, old.call_timeout_ms, old.max_concurrency)
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
create trigger b_version_server before update on public.mcp_servers
  for each row execute function private.version_server();

revoke all on function
  private.slug_from_name(text), private.free_slug(uuid, text, uuid), private.url_origin(text),
  private.address_problem(text, text), private.tag_problem(text), private.server_field_errors(public.mcp_servers),
  private.prepare_server(), private.version_server()
  from public;
