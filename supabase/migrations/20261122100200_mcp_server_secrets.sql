-- Credentials of servers, sealed by the edge functions with a key that is not in the database.
-- No client role can touch them; a page learns only mcp_servers.has_credential.

create table public.mcp_server_secrets (
  server_id uuid primary key references public.mcp_servers (id) on delete cascade,
  ciphertext text not null,
  nonce text not null,
  key_id text not null,
  updated_at timestamptz not null default now()
);

revoke all on public.mcp_server_secrets from anon, authenticated;
grant select, insert, update, delete on public.mcp_server_secrets to service_role;
-- No policy: with row level security on, only the service role passes.
alter table public.mcp_server_secrets enable row level security;

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
create trigger c_drop_stale_credential before update of url, auth_method, workspace_id on public.mcp_servers
  for each row
  when (
    private.url_origin(new.url) is distinct from private.url_origin(old.url)
    or new.auth_method <> old.auth_method
    or new.workspace_id <> old.workspace_id
  )
  execute function private.drop_stale_credential();
revoke all on function private.drop_stale_credential() from public;
-- A trigger's condition runs as the caller.
grant execute on function private.url_origin(text) to authenticated, service_role;

-- Stores a sealed credential and raises config_version, so that every connection takes it up. Workspace, address
-- and authentication are those that it was entered and sealed for: when the server has others by now, the key
-- would travel elsewhere, so it is refused (PT409, `details` {"code": "server_changed"}). The lock makes an edit
-- that comes at the same moment wait, and then drop the credential. p_actor: the user for whom this is done, for
-- the audit trail.
create function public.put_server_secret(
  p_server_id uuid, p_workspace_id uuid, p_url text, p_auth_method text,
  p_ciphertext text, p_nonce text, p_key_id text, p_actor uuid default null
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
  insert into public.mcp_server_secrets (server_id, ciphertext, nonce, key_id)
  values (p_server_id, p_ciphertext, p_nonce, p_key_id)
  on conflict (server_id) do update
    set ciphertext = excluded.ciphertext, nonce = excluded.nonce, key_id = excluded.key_id, updated_at = now();
  update public.mcp_servers
  set has_credential = true, config_version = config_version + 1
  where id = p_server_id;
end
$$;

-- Removes the credential, when there is one, and raises config_version.
create function public.drop_server_secret(p_server_id uuid, p_actor uuid default null) returns void
language plpgsql set search_path = ''
as $$
begin
  perform set_config('patchbay.actor', coalesce(p_actor::text, ''), true);
  perform from public.mcp_servers where id = p_server_id for update;
  delete from public.mcp_server_secrets where server_id = p_server_id;
  if found then
    update public.mcp_servers
    set has_credential = false, config_version = config_version + 1
    where id = p_server_id;
  end if;
end
$$;

revoke all on function
  public.put_server_secret(uuid, uuid, text, text, text, text, text, uuid), public.drop_server_secret(uuid, uuid)
  from public, anon, authenticated;
grant execute on function
  public.put_server_secret(uuid, uuid, text, text, text, text, text, uuid), public.drop_server_secret(uuid, uuid)
  to service_role;
