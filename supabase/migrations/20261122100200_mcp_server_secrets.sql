-- Credentials of servers, sealed by the edge functions with a key that is not in the database.
-- No client role can touch them; a page learns only mcp_servers.has_credential.

-- One row a holder: a member, or (user_id null) the workspace. What is stored anew has a new id, so that a conversation
-- sees that its connection is one of before; sealing it with another key leaves the id.
create table public.mcp_server_secrets (
  id uuid primary key default gen_random_uuid(),
  server_id uuid not null references public.mcp_servers (id) on delete cascade,
  user_id uuid references auth.users (id) on delete cascade,
  ciphertext text not null,
  nonce text not null,
  key_id text not null,
  updated_at timestamptz not null default now(),
  constraint mcp_server_secrets_one_a_holder unique nulls not distinct (server_id, user_id)
);
create index mcp_server_secrets_user on public.mcp_server_secrets (user_id);

revoke all on public.mcp_server_secrets from anon, authenticated;
grant select, insert, update, delete on public.mcp_server_secrets to service_role;
-- No policy: with row level security on, only the service role passes.
alter table public.mcp_server_secrets enable row level security;

-- Whether each member has a key of their own. The secret of a client that signs in is the workspace's in any case.
create function private.has_keys_of_members(s public.mcp_servers) returns boolean
language sql immutable set search_path = ''
as $$
  select s.credential_scope = 'member' and s.auth_method in ('api_key', 'bearer_token')
$$;

-- The credential that p_user_id uses at a server: the member's own, or the workspace's. One row or none.
create function private.key_of(s public.mcp_servers, p_user_id uuid) returns setof public.mcp_server_secrets
language sql stable set search_path = ''
as $$
  select x.* from public.mcp_server_secrets x
  where x.server_id = s.id
    and case when private.has_keys_of_members(s) then x.user_id = p_user_id else x.user_id is null end
$$;

-- A key must not travel to another host, nor be used in another way than it was entered for. A move drops
-- it too, because the workspace is part of what was sealed.
create function private.drop_stale_credential() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.mcp_server_secrets where server_id = old.id;
  new.has_credential := false;
  return new;
end
$$;
create trigger c_drop_stale_credential before update of url, auth_method, workspace_id, credential_scope
  on public.mcp_servers
  for each row
  when (
    private.url_origin(new.url) is distinct from private.url_origin(old.url)
    or new.auth_method <> old.auth_method
    or new.workspace_id <> old.workspace_id
    or (new.credential_scope <> old.credential_scope and new.auth_method <> 'oauth')
  )
  execute function private.drop_stale_credential();

-- Who leaves a workspace leaves no key behind.
create function private.drop_keys_of_member() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.mcp_server_secrets x using public.mcp_servers s
  where s.id = x.server_id and s.workspace_id = old.workspace_id and x.user_id = old.user_id;
  return null;
end
$$;
create trigger drop_keys_of_member after delete on public.workspace_members
  for each row execute function private.drop_keys_of_member();

revoke all on function
  private.has_keys_of_members(public.mcp_servers), private.key_of(public.mcp_servers, uuid),
  private.drop_stale_credential(), private.drop_keys_of_member()
  from public;
grant execute on function private.has_keys_of_members(public.mcp_servers), private.key_of(public.mcp_servers, uuid)
  to service_role;
-- A trigger's condition runs as the caller.
grant execute on function private.url_origin(text) to authenticated, service_role;

-- Lets connections and the status heed that a credential was set or dropped.
create function private.heed_key(s public.mcp_servers, p_holder_id uuid, p_is_set boolean) returns void
language plpgsql security definer set search_path = ''
as $$
begin
  if p_holder_id is null then
    update public.mcp_servers
    set has_credential = p_is_set, config_version = config_version + 1
    where id = s.id;
  else
    perform private.heed_credential(s.id, p_holder_id, true);
  end if;
end
$$;
revoke all on function private.heed_key(public.mcp_servers, uuid, boolean) from public;
grant execute on function private.heed_key(public.mcp_servers, uuid, boolean) to service_role;

-- Stores a sealed credential of a member or (p_holder_id null) of the workspace, and lets every connection with it take
-- it up. Workspace, address, authentication and holder are those that it was entered and sealed for: when the server
-- has others by now, the key would travel elsewhere, so it is refused (PT409, `details` {"code": "server_changed"}).
-- The lock makes an edit that comes at the same moment wait, and then drop the credential. p_actor: the user for whom
-- this is done, for the audit trail.
create function public.put_server_secret(
  p_server_id uuid, p_workspace_id uuid, p_url text, p_auth_method text,
  p_ciphertext text, p_nonce text, p_key_id text, p_actor uuid default null, p_holder_id uuid default null
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_server public.mcp_servers;
begin
  perform set_config('patchbay.actor', coalesce(p_actor::text, ''), true);
  select * into v_server from public.mcp_servers where id = p_server_id for update;
  if not found then
    raise exception using errcode = 'PT404', message = 'There is no such server.';
  end if;
  if (v_server.workspace_id, v_server.auth_method, private.url_origin(v_server.url))
      is distinct from (p_workspace_id, p_auth_method, private.url_origin(p_url))
    or private.has_keys_of_members(v_server) <> (p_holder_id is not null)
  then
    raise exception using
      errcode = 'PT409',
      message = 'This server was changed meanwhile, and the credential was not stored: look at its address and '
        || 'authentication, then enter the credential again.',
      detail = '{"code": "server_changed"}';
  end if;
  if v_server.auth_method = 'none' then
    raise exception using errcode = 'PT409', message = 'This server is set to use no credential.';
  end if;
  -- Whoever is leaving at this moment is waited for.
  perform from public.workspace_members
  where workspace_id = p_workspace_id and user_id = p_holder_id for key share;
  if p_holder_id is not null and not found then
    raise exception using errcode = 'PT404', message = 'There is no such server.';
  end if;
  insert into public.mcp_server_secrets (server_id, user_id, ciphertext, nonce, key_id)
  values (p_server_id, p_holder_id, p_ciphertext, p_nonce, p_key_id)
  on conflict (server_id, user_id) do update
    set id = excluded.id, ciphertext = excluded.ciphertext, nonce = excluded.nonce, key_id = excluded.key_id,
      updated_at = now();
  perform private.heed_key(v_server, p_holder_id, true);
end
$$;

-- Removes the credential of a member or (p_holder_id null) of the workspace, when there is one.
create function public.drop_server_secret(p_server_id uuid, p_actor uuid default null, p_holder_id uuid default null)
returns void
language plpgsql set search_path = ''
as $$
declare
  v_server public.mcp_servers;
begin
  perform set_config('patchbay.actor', coalesce(p_actor::text, ''), true);
  select * into v_server from public.mcp_servers where id = p_server_id for update;
  delete from public.mcp_server_secrets where server_id = p_server_id and user_id is not distinct from p_holder_id;
  if found then
    perform private.heed_key(v_server, p_holder_id, false);
  end if;
end
$$;

-- For the page: of each server of a workspace that takes a key of each member, whether the caller's is set.
create function public.my_credentials(p_workspace_id uuid)
returns table (server_id uuid, has_credential boolean, set_at timestamptz)
language sql stable security definer set search_path = ''
as $$
  select s.id, x.id is not null, x.updated_at
  from public.mcp_servers s left join lateral private.key_of(s, (select auth.uid())) x on true
  where s.workspace_id = p_workspace_id and private.has_keys_of_members(s)
    and p_workspace_id = any (private.my_workspace_ids())
$$;

revoke all on function
  public.put_server_secret(uuid, uuid, text, text, text, text, text, uuid, uuid),
  public.drop_server_secret(uuid, uuid, uuid), public.my_credentials(uuid)
  from public, anon, authenticated;
grant execute on function
  public.put_server_secret(uuid, uuid, text, text, text, text, text, uuid, uuid),
  public.drop_server_secret(uuid, uuid, uuid)
  to service_role;
grant execute on function public.my_credentials(uuid) to authenticated;
