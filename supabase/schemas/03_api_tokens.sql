-- API tokens: long-lived keys that let a program act for the user who created them, in one workspace. The token is
-- shown once; the database keeps its SHA-256. An edge function exchanges it for a short-lived JWT of the role
-- `api_token` (supabase/functions/_shared/api-token.ts), which has only the privileges and policies that name it.

-- Triggers, in firing order:
--   before statement: a_count_write, a_refuse_ended_session
--   before row: a_refuse_closed_account, a_stop_large_change, a_stop_large_insert
--   after row: audit
--   after statement: count_api_tokens, count_deleted_rows, count_inserted_rows, count_updated_rows, limit_api_tokens
create table public.api_tokens (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  name text not null,
  token_hash text not null unique,
  -- Every token can read servers, their health, and agents. Scopes allow more.
  scopes text[] not null,
  created_by uuid not null references auth.users (id) on delete cascade,
  created_at timestamptz not null default now(),
  -- Accurate to the minute.
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz,
  constraint api_tokens_name_length check (char_length(name) between 1 and 80),
  constraint api_tokens_token_hash check (token_hash ~ '^[0-9a-f]{64}$'),
  -- The same list is TOKEN_SCOPES in shared/src/contract/schema/api-token.ts.
  constraint api_tokens_scopes check (
    scopes <@ array['servers:write', 'servers:test', 'tools:call', 'agents:write']
  )
);
create index api_tokens_workspace on public.api_tokens (workspace_id, created_at);
create index api_tokens_created_by on public.api_tokens (created_by);

alter table public.api_tokens enable row level security;
revoke all on public.api_tokens from anon, authenticated;
grant
  select (id, workspace_id, name, scopes, created_by, created_at, last_used_at, expires_at, revoked_at)
  on public.api_tokens to authenticated;
grant select, insert, update, delete on public.api_tokens to service_role;
create policy "owners and admins see tokens" on public.api_tokens for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[]));

-- 256 random bits after a prefix that people and secret scanners recognize.
create function private.new_api_token() returns text
language sql volatile set search_path = ''
as $$
  select 'patchbay_' || encode(sha256(convert_to(
    gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'
  )), 'hex')
$$;

create function private.require_token_manager(p_workspace_id uuid) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if p_workspace_id is null or p_workspace_id <> all (private.my_workspace_ids()) then
    raise exception using errcode = 'PT404', message = 'There is no such workspace.';
  end if;
  if p_workspace_id <> all (private.my_workspace_ids(array['owner', 'admin'])) then
    raise exception using errcode = 'PT403', message = 'Only owners and admins can manage API tokens.';
  end if;
end
$$;

-- Creates a token that acts for the caller and returns {id, token, name, scopes, expires_at}; the token is shown only
-- here. p_expires_in_days: 1 to 3650, or null for no expiry. PT404: no such workspace. PT403: the caller is neither
-- owner nor admin. PT400: a field is invalid.
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
      ('name', private.text_error(v_name, 80, 'Give the token a name.')),
      ('scopes', case
        when not coalesce(p_scopes, '{}') <@ array['servers:write', 'servers:test', 'tools:call', 'agents:write']
          then private.field_error(
            'unknown_choice', 'Choose among servers:write, servers:test, tools:call, agents:write.'
          )
      end),
      ('expires_in_days', case
        when p_expires_in_days not between 1 and 3650
          then private.field_error('out_of_range', 'Enter 1 to 3650 days (10 years).')
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

-- Revokes a token. PT404: no such token. PT403: the caller is neither owner nor admin.
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

-- Members who leave and come back don't get their old tokens back.
create function private.revoke_member_tokens() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.api_tokens set revoked_at = now()
  where workspace_id = old.workspace_id and created_by = old.user_id and revoked_at is null;
  return null;
end
$$;
create trigger revoke_member_tokens after delete on public.workspace_members
  for each row execute function private.revoke_member_tokens();

-- Looks up the token of a request by its hash: {state: "good", token_id, user_id, scopes}, or {state: "unknown" |
-- "revoked" | "expired"}. Counts the request; PT429 when there were too many.
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
  if v_token.revoked_at is not null or not private.is_open_account(v_token.created_by) or not exists (
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

-- The workspace of the request's token: null when the token is revoked, expired or lacks the scope, or when its
-- creator no longer has one of the roles. Policies call it, so a change takes effect at once.
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

-- Lists the API tokens that act for the caller, in every workspace and whatever the caller's role there is now.
create function public.my_api_tokens() returns table (
  id uuid, name text, workspace_name text, scopes text[], created_at timestamptz, last_used_at timestamptz,
  expires_at timestamptz
)
language sql stable security definer set search_path = ''
as $$
  select t.id, t.name, w.name, t.scopes, t.created_at, t.last_used_at, t.expires_at
  from public.api_tokens t join public.workspaces w on w.id = t.workspace_id
  where t.created_by = auth.uid() and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
  order by w.name, t.name, t.id
$$;

-- Revokes these API tokens of the caller and returns how many.
create function public.revoke_my_api_tokens(p_ids uuid[]) returns integer
language plpgsql security definer set search_path = ''
as $$
declare
  v_revoked integer;
begin
  update public.api_tokens set revoked_at = now()
  where id = any (p_ids) and created_by = auth.uid() and revoked_at is null;
  get diagnostics v_revoked = row_count;
  return v_revoked;
end
$$;

-- The default workspace of a new row: the token's if the request has one, else the user's personal one.
create function private.personal_workspace_id() returns uuid
language sql stable security definer set search_path = ''
as $$
  select coalesce(private.token_workspace_id(), (
    select w.id from public.workspaces w where w.created_by = (select auth.uid()) and w.is_personal
  ))
$$;

revoke all on all functions in schema private from public;
revoke all on function
  public.create_api_token, public.revoke_api_token, public.use_api_token, public.my_api_tokens,
  public.revoke_my_api_tokens
  from public, anon, authenticated;
grant execute on function
  public.create_api_token, public.revoke_api_token, public.my_api_tokens, public.revoke_my_api_tokens
  to authenticated;
grant execute on function public.use_api_token to service_role;
grant execute on function private.token_workspace_id to api_token;
grant execute on function private.personal_workspace_id to authenticated, api_token, service_role;

grant select on public.workspaces to api_token;
create policy "a token sees its workspace" on public.workspaces for select to api_token
  using (id = (select private.token_workspace_id()));

grant select on public.workspace_members to api_token;
create policy "a token sees the role of its creator" on public.workspace_members for select to api_token
  using (workspace_id = (select private.token_workspace_id()) and user_id = (select auth.uid()));
