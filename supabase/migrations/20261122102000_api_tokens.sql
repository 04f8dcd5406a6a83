-- API tokens: long-lived keys with which a program acts for their maker in one workspace. The token is told once;
-- the database keeps its SHA-256. An edge function changes it into a JWT of the role `api_token`, good for moments
-- and known to nobody else (supabase/functions/_shared/api-token.ts). That role has the grants and policies of this
-- file and no others: what is not said here, no token may do.

-- Roles belong to the whole cluster, so this one may be there from another database.
do $$
begin
  if not exists (select from pg_roles where rolname = 'api_token') then create role api_token nologin; end if;
end
$$;
-- As Supabase's guide to roles of one's own has it. From anon it has the use of the schemas; tables and functions
-- anon has none.
grant anon to api_token;
grant api_token to authenticator;
grant usage on schema private to api_token;

create table public.api_tokens (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  name text not null,
  token_hash text not null unique,
  -- Every token reads servers, their health, and agents; a scope says what it may do beside that.
  scopes text[] not null,
  created_by uuid not null references auth.users (id) on delete cascade,
  created_at timestamptz not null default now(),
  -- To the minute.
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz,
  constraint api_tokens_name_length check (char_length(name) between 1 and 80),
  constraint api_tokens_token_hash check (token_hash ~ '^[0-9a-f]{64}$'),
  -- The same list is TOKEN_SCOPES in shared/src/schema/api-token.ts.
  constraint api_tokens_scopes check (
    scopes <@ array['servers:write', 'servers:test', 'tools:call', 'agents:write']
  )
);
create index api_tokens_workspace on public.api_tokens (workspace_id, created_at);
create index api_tokens_created_by on public.api_tokens (created_by);

revoke all on public.api_tokens from anon, authenticated;
grant select (id, workspace_id, name, scopes, created_by, created_at, last_used_at, expires_at, revoked_at)
  on public.api_tokens to authenticated;
grant select, insert, update, delete on public.api_tokens to service_role;

alter table public.api_tokens enable row level security;
create policy "owners and admins see tokens" on public.api_tokens for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[]));

-- Making and revoking ---------------------------------------------------------------------------

-- 256 random bits behind a prefix by which people and scanners of secrets know it.
create function private.new_api_token() returns text
language sql volatile set search_path = ''
as $$
  select 'patchbay_' || encode(sha256(convert_to(
    gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'
  )), 'hex')
$$;

-- Refuses who may not manage the tokens of a workspace.
create function private.require_token_manager(p_workspace_id uuid) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if p_workspace_id is null or p_workspace_id <> all (private.my_workspace_ids()) then
    raise exception using errcode = 'PT404', message = 'There is no such workspace.';
  end if;
  if p_workspace_id <> all (private.my_workspace_ids(array['owner', 'admin'])) then
    raise exception using errcode = 'PT403', message = 'Only owners and admins manage tokens.';
  end if;
end
$$;

-- Makes a token that acts for the caller and answers {id, token, name, scopes, expires_at}; the token is never told
-- again. p_expires_in_days: 1 to 3650, null for never.
-- PT404: no such workspace. PT403: the caller is neither owner nor admin. PT400: a field is wrong.
create function public.create_api_token(
  p_workspace_id uuid, p_name text, p_scopes text[] default '{}', p_expires_in_days integer default null
) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  v_token text := private.new_api_token();
  v_name text := private.trimmed(p_name);
  v_errors jsonb;
  v_made public.api_tokens;
begin
  perform private.require_token_manager(p_workspace_id);
  select coalesce(jsonb_object_agg(field, problem), '{}') into v_errors
  from (
    values
      ('name', private.text_problem(v_name, 80, 'Give the token a name.')),
      ('scopes', case
        when not coalesce(p_scopes, '{}') <@ array['servers:write', 'servers:test', 'tools:call', 'agents:write']
          then private.problem('unknown_choice', 'Choose among servers:write, servers:test, tools:call, agents:write.')
      end),
      ('expires_in_days', case
        when p_expires_in_days not between 1 and 3650
          then private.problem('out_of_range', 'Between 1 day and 10 years (3650 days).')
      end)
  ) as checks (field, problem)
  where problem is not null;
  if v_errors <> '{}' then
    perform private.refuse_fields(v_errors);
  end if;

  insert into public.api_tokens (workspace_id, name, token_hash, scopes, created_by, expires_at)
  values (
    p_workspace_id, v_name, private.token_hash(v_token),
    array(select distinct s from unnest(p_scopes) as s order by s), auth.uid(),
    now() + make_interval(days => p_expires_in_days)
  )
  returning * into v_made;
  return jsonb_build_object(
    'id', v_made.id, 'token', v_token, 'name', v_made.name, 'scopes', v_made.scopes,
    'expires_at', v_made.expires_at
  );
end
$$;

-- Ends a token for good. PT404: no such token. PT403: the caller is neither owner nor admin.
create function public.revoke_api_token(p_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
declare
  v_workspace_id uuid := (select workspace_id from public.api_tokens where id = p_id);
begin
  if v_workspace_id is null or v_workspace_id <> all (private.my_workspace_ids()) then
    raise exception using errcode = 'PT404', message = 'There is no such token.';
  end if;
  perform private.require_token_manager(v_workspace_id);
  update public.api_tokens set revoked_at = now() where id = p_id and revoked_at is null;
end
$$;

-- Who leaves and comes back finds no token of theirs at work.
create function private.revoke_tokens_of_leaver() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.api_tokens set revoked_at = now()
  where workspace_id = old.workspace_id and created_by = old.user_id and revoked_at is null;
  return null;
end
$$;
create trigger revoke_tokens_of_leaver after delete on public.workspace_members
  for each row execute function private.revoke_tokens_of_leaver();

-- Using -----------------------------------------------------------------------------------------

-- Whose token a request carries, by the hash of the token: {state: "good", token_id, user_id, scopes}, or
-- {state: "unknown" | "revoked" | "expired"}. Counts the request: PT429 when there were too many.
create function public.use_api_token(p_hash text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_token public.api_tokens;
begin
  select * into v_token from public.api_tokens where token_hash = p_hash;
  if not found then
    return '{"state": "unknown"}';
  end if;
  if v_token.revoked_at is not null or not exists (
    select from public.workspace_members m
    where m.workspace_id = v_token.workspace_id and m.user_id = v_token.created_by
  ) then
    return '{"state": "revoked"}';
  end if;
  if v_token.expires_at <= v_now then
    return '{"state": "expired"}';
  end if;
  perform private.count_in_bucket('token_calls_per_minute', v_token.workspace_id, null, v_token.id);
  update public.api_tokens set last_used_at = v_now
  where id = v_token.id and (last_used_at is null or last_used_at < v_now - interval '1 minute');
  return jsonb_build_object(
    'state', 'good', 'token_id', v_token.id, 'user_id', v_token.created_by, 'scopes', v_token.scopes
  );
end
$$;

-- The workspace that the token of this request opens: null when it was revoked, has expired or lacks the scope, or
-- when its maker has none of the roles there any more. So whatever a policy allows, it allows at this moment.
create function private.token_workspace_id(
  p_scope text default null, p_roles text[] default array['owner', 'admin', 'member', 'viewer']
) returns uuid
language plpgsql stable security definer set search_path = ''
as $$
begin
  return (
    select t.workspace_id
    from public.api_tokens t
    join public.workspace_members m on m.workspace_id = t.workspace_id and m.user_id = t.created_by
    where t.id = ((select auth.jwt()) ->> 'token_id')::uuid
      and t.created_by = (select auth.uid())
      and t.revoked_at is null
      and (t.expires_at is null or t.expires_at > now())
      and (p_scope is null or p_scope = any (t.scopes))
      and m.role = any (p_roles)
  );
end
$$;

-- A row that names no workspace goes to that of the token, where there is one.
create or replace function private.personal_workspace_id() returns uuid
language sql stable security definer set search_path = ''
as $$
  select coalesce(private.token_workspace_id(), (
    select w.id from public.workspaces w where w.created_by = (select auth.uid()) and w.is_personal
  ))
$$;

-- What every token reads.
grant select on
  public.workspaces, public.workspace_members, public.mcp_servers, public.mcp_tools, public.mcp_server_checks,
  public.mcp_server_hours, public.mcp_server_incidents, public.notices, public.agent_configs,
  public.agent_config_servers
  to api_token;
grant select (server_id, workspace_id, due_at, certificate_expires_at) on public.mcp_server_health to api_token;
create policy "a token sees its workspace" on public.workspaces for select to api_token
  using (id = (select private.token_workspace_id()));
create policy "a token sees the role of its maker" on public.workspace_members for select to api_token
  using (workspace_id = (select private.token_workspace_id()) and user_id = (select auth.uid()));
create policy "a token sees servers" on public.mcp_servers for select to api_token
  using (workspace_id = (select private.token_workspace_id()));
create policy "a token sees tools" on public.mcp_tools for select to api_token
  using (workspace_id = (select private.token_workspace_id()));
create policy "a token sees checks" on public.mcp_server_checks for select to api_token
  using (workspace_id = (select private.token_workspace_id()));
create policy "a token sees hours" on public.mcp_server_hours for select to api_token
  using (workspace_id = (select private.token_workspace_id()));
create policy "a token sees incidents" on public.mcp_server_incidents for select to api_token
  using (workspace_id = (select private.token_workspace_id()));
create policy "a token sees when a server is looked at" on public.mcp_server_health for select to api_token
  using (workspace_id = (select private.token_workspace_id()));
create policy "a token sees notices" on public.notices for select to api_token
  using (workspace_id = (select private.token_workspace_id()));
create policy "a token sees agents" on public.agent_configs for select to api_token
  using (workspace_id = (select private.token_workspace_id()));
create policy "a token sees the servers of agents" on public.agent_config_servers for select to api_token
  using (workspace_id = (select private.token_workspace_id()));

-- servers:write. A server stays in the workspace of the token.
grant
  insert (
    workspace_id, user_id, name, slug, url, description, transport, auth_method, auth_header, is_active, position,
    tags, call_timeout_ms, max_concurrency, metadata
  ),
  update (
    name, slug, url, description, transport, auth_method, auth_header, is_active, position, tags, call_timeout_ms,
    max_concurrency, metadata
  ),
  delete
  on public.mcp_servers to api_token;
grant update (is_enabled, cache_ttl_seconds) on public.mcp_tools to api_token;
create policy "a token adds servers as its maker's" on public.mcp_servers for insert to api_token
  with check (
    workspace_id = (select private.token_workspace_id('servers:write', array['owner', 'admin', 'member']))
    and user_id = (select auth.uid())
  );
create policy "a token edits servers as its maker may" on public.mcp_servers for update to api_token
  using (
    workspace_id = (select private.token_workspace_id('servers:write', array['owner', 'admin']))
    or (
      user_id = (select auth.uid())
      and workspace_id = (select private.token_workspace_id('servers:write', array['member']))
    )
  );
create policy "a token deletes servers as its maker may" on public.mcp_servers for delete to api_token
  using (
    workspace_id = (select private.token_workspace_id('servers:write', array['owner', 'admin']))
    or (
      user_id = (select auth.uid())
      and workspace_id = (select private.token_workspace_id('servers:write', array['member']))
    )
  );
create policy "a token switches tools as its maker may" on public.mcp_tools for update to api_token
  using (
    workspace_id = (select private.token_workspace_id('servers:write', array['owner', 'admin']))
    or (
      workspace_id = (select private.token_workspace_id('servers:write', array['member']))
      and server_id in (select s.id from public.mcp_servers s where s.user_id = (select auth.uid()))
    )
  );

-- agents:write
grant
  insert (
    workspace_id, user_id, name, system_prompt, voice_model, temperature, greeting, is_default, all_servers
  ),
  update (name, system_prompt, voice_model, temperature, greeting, is_default, all_servers),
  delete
  on public.agent_configs to api_token;
grant insert (agent_config_id, server_id), delete on public.agent_config_servers to api_token;
create policy "a token adds agents as its maker's" on public.agent_configs for insert to api_token
  with check (
    workspace_id = (select private.token_workspace_id('agents:write', array['owner', 'admin', 'member']))
    and user_id = (select auth.uid())
  );
create policy "a token edits agents as its maker may" on public.agent_configs for update to api_token
  using (
    workspace_id = (select private.token_workspace_id('agents:write', array['owner', 'admin']))
    or (
      user_id = (select auth.uid())
      and workspace_id = (select private.token_workspace_id('agents:write', array['member']))
    )
  );
create policy "a token deletes agents as its maker may" on public.agent_configs for delete to api_token
  using (
    workspace_id = (select private.token_workspace_id('agents:write', array['owner', 'admin']))
    or (
      user_id = (select auth.uid())
      and workspace_id = (select private.token_workspace_id('agents:write', array['member']))
    )
  );
create policy "a token gives agents servers as its maker may" on public.agent_config_servers for insert to api_token
  with check (
    workspace_id = (select private.token_workspace_id('agents:write', array['owner', 'admin']))
    or (
      workspace_id = (select private.token_workspace_id('agents:write', array['member']))
      and agent_config_id in (select c.id from public.agent_configs c where c.user_id = (select auth.uid()))
    )
  );
create policy "a token takes servers from agents as its maker may" on public.agent_config_servers
  for delete to api_token
  using (
    workspace_id = (select private.token_workspace_id('agents:write', array['owner', 'admin']))
    or (
      workspace_id = (select private.token_workspace_id('agents:write', array['member']))
      and agent_config_id in (select c.id from public.agent_configs c where c.user_id = (select auth.uid()))
    )
  );

revoke all on function
  private.new_api_token(), private.require_token_manager(uuid), private.revoke_tokens_of_leaver(),
  private.token_workspace_id(text, text[])
  from public;
revoke all on function
  public.create_api_token(uuid, text, text[], integer), public.revoke_api_token(uuid), public.use_api_token(text)
  from public, anon, authenticated;
grant execute on function public.create_api_token(uuid, text, text[], integer), public.revoke_api_token(uuid)
  to authenticated;
grant execute on function public.use_api_token(text) to service_role;
-- The functions that tokens call, and what defaults, constraints and triggers run as whoever writes.
grant execute on function
  public.rename_tag(uuid, text, text), public.remove_tag(uuid, text), public.server_history(uuid),
  private.latency_percentile(uuid, timestamptz, numeric), private.servers_left_with_tag(uuid, text, integer),
  private.tag_problem(text), private.token_workspace_id(text, text[]), private.personal_workspace_id(),
  private.is_address(text), private.is_reserved_header(text), private.url_origin(text), private.trimmed(text),
  private.problem(private.field_code, text), private.text_problem(text, integer, text),
  private.refuse_fields(jsonb)
  to api_token;
