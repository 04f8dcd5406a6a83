-- Credentials of servers, sealed by the edge functions with a key that is not in the database. A credential is bound
-- to the URL at which it was entered, because another path of the same host can belong to another tenant. No client
-- role can read them; the page only sees mcp_servers.has_credential.

-- One row per holder: a member, or (user_id null) the workspace. A new credential gets a new id, so that
-- conversations see that their connection uses an old one; re-sealing it with another key keeps the id. No policies:
-- only the service role has access.
-- Triggers, in firing order:
--   before row: a_set_entered_by
--   after row: audit, audit_replaced
create table public.mcp_server_secrets (
  id uuid primary key default gen_random_uuid(),
  server_id uuid not null references public.mcp_servers (id) on delete cascade,
  user_id uuid references auth.users (id) on delete cascade,
  ciphertext text not null,
  nonce text not null,
  key_id text not null,
  updated_at timestamptz not null default now(),
  -- Who entered it; null: unknown, or the account was deleted.
  entered_by uuid references auth.users (id) on delete set null,
  -- The URL it was sealed for, as bound_address writes it.
  address text not null,
  -- For a client secret in use: the authorization server it is sealed for.
  issuer text,
  constraint mcp_server_secrets_one_a_holder unique nulls not distinct (server_id, user_id)
);
create index mcp_server_secrets_user on public.mcp_server_secrets (user_id);
create index mcp_server_secrets_entered_by on public.mcp_server_secrets (entered_by);

alter table public.mcp_server_secrets enable row level security;
revoke all on public.mcp_server_secrets from anon, authenticated;
grant select, insert, update, delete on public.mcp_server_secrets to service_role;

-- Re-sealing a credential is not a change by a user.
create trigger audit after insert or delete on public.mcp_server_secrets
  for each row execute function private.audit_secret();

create trigger audit_replaced after update on public.mcp_server_secrets
  for each row when (new.id <> old.id) execute function private.audit_secret();

-- Whether each member enters their own key. With OAuth, the client secret always belongs to the workspace.
create function private.uses_member_keys(s public.mcp_servers) returns boolean
language sql immutable set search_path = ''
as $$
  select s.credential_scope = 'member' and s.auth_method in ('api_key', 'bearer_token')
$$;

-- Whose OAuth grant p_user_id uses: the member's own, or (null) the workspace's.
create function private.grant_holder(s public.mcp_servers, p_user_id uuid) returns uuid
language sql immutable set search_path = ''
as $$
  select case when s.credential_scope = 'member' then p_user_id end
$$;

-- The credential that p_user_id uses at a server: the member's own, or the workspace's. No row if it was entered for
-- another URL.
create function private.credential_for(s public.mcp_servers, p_user_id uuid) returns setof public.mcp_server_secrets
language sql stable set search_path = ''
as $$
  select x.* from public.mcp_server_secrets x
  where x.server_id = s.id and x.address = private.bound_address(s.url)
    and case when private.uses_member_keys(s) then x.user_id = p_user_id else x.user_id is null end
$$;

-- A credential must not go to another host or be used in another way than it was entered for. Moving the server
-- deletes it too, because the workspace is part of the seal.
create function private.delete_stale_credential() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.notify_credential_holders(old, new, false);
  delete from public.mcp_server_secrets where server_id = old.id;
  new.has_credential := false;
  new.credential_holder_id := null;
  new.credential_held_since := null;
  return new;
end
$$;
-- A client secret belongs to its client id.
create trigger c_delete_stale_credential
  before update of url, auth_method, workspace_id, credential_scope, oauth_client_id on public.mcp_servers
  for each row
  when (
    private.url_origin(private.bound_address(new.url))
      is distinct from private.url_origin(private.bound_address(old.url))
    or new.auth_method <> old.auth_method
    or new.workspace_id <> old.workspace_id
    or (new.credential_scope <> old.credential_scope and new.auth_method <> 'oauth')
    or (new.oauth_client_id is distinct from old.oauth_client_id and new.auth_method = 'oauth')
  )
  execute function private.delete_stale_credential();

-- Members who leave leave no keys behind.
create function private.delete_member_keys() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.mcp_server_secrets x using public.mcp_servers s
  where s.id = x.server_id and s.workspace_id = old.workspace_id and x.user_id = old.user_id;
  return null;
end
$$;
create trigger delete_member_keys after delete on public.workspace_members
  for each row execute function private.delete_member_keys();

-- Updates the server after a credential was set or deleted, so that connections and status follow.
create function private.on_key_change(s public.mcp_servers, p_holder_id uuid, p_is_set boolean) returns void
language plpgsql security definer set search_path = ''
as $$
begin
  if p_holder_id is null then
    update public.mcp_servers
    set has_credential = p_is_set, config_version = config_version + 1, credential_held_since = null,
      credential_holder_id = (
        select x.entered_by from public.mcp_server_secrets x where x.server_id = s.id and x.user_id is null
      )
    where id = s.id;
  else
    perform private.on_credential_change(s.id, p_holder_id, true);
  end if;
end
$$;

create function private.set_entered_by() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  new.entered_by := coalesce(new.user_id, private.actor_id());
  perform private.require_open_account(new.entered_by);
  return new;
end
$$;
-- A new credential has a new id. Re-sealing and renewals keep id and entered_by.
create trigger a_set_entered_by before insert or update of id on public.mcp_server_secrets
  for each row execute function private.set_entered_by();

-- Stores a sealed credential of a member or (p_holder_id null) of the workspace; all connections with it reconnect.
-- Workspace, URL (with its path), authentication and holder are those it was sealed for: if the server has others
-- now, it is refused (PT409, `details` {"code": "server_changed"}). The lock makes a concurrent edit wait, and the
-- edit then deletes the credential. p_actor: the user for whom this is done, for the audit log.
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
  if (v_server.workspace_id, v_server.auth_method, private.bound_address(v_server.url))
      is distinct from (p_workspace_id, p_auth_method, private.bound_address(p_url))
    or private.uses_member_keys(v_server) <> (p_holder_id is not null)
  then
    raise exception using
      errcode = 'PT409',
      message = 'This server changed in the meantime, so the credential was not saved. Check its URL and '
        || 'authentication, then enter the credential again.',
      detail = '{"code": "server_changed"}';
  end if;
  if v_server.auth_method = 'none' then
    raise exception using errcode = 'PT409', message = 'This server doesn''t use a credential.';
  end if;
  -- Wait for a member who is leaving right now.
  perform from public.workspace_members
  where workspace_id = p_workspace_id and user_id = p_holder_id for key share;
  if p_holder_id is not null and not found then
    raise exception using errcode = 'PT404', message = 'There is no such server.';
  end if;
  insert into public.mcp_server_secrets (server_id, user_id, ciphertext, nonce, key_id, address)
  values (p_server_id, p_holder_id, p_ciphertext, p_nonce, p_key_id, private.bound_address(p_url))
  on conflict (server_id, user_id) do update
    set id = excluded.id, ciphertext = excluded.ciphertext, nonce = excluded.nonce, key_id = excluded.key_id,
      address = excluded.address, issuer = null, updated_at = now();
  -- A new client secret may be for another authorization server.
  if v_server.auth_method = 'oauth' then
    delete from public.mcp_server_clients where server_id = p_server_id;
  end if;
  perform private.on_key_change(v_server, p_holder_id, true);
end
$$;

-- Deletes the credential of a member or (p_holder_id null) of the workspace, if there is one.
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
    perform private.on_key_change(v_server, p_holder_id, false);
  end if;
end
$$;

-- Returns whether the caller's key is set, for each server of a workspace that takes a key from each member.
create function public.my_credentials(p_workspace_id uuid)
returns table (server_id uuid, has_credential boolean, set_at timestamptz)
language sql stable security definer set search_path = ''
as $$
  select s.id, x.id is not null, x.updated_at
  from public.mcp_servers s left join lateral private.credential_for(s, (select auth.uid())) x on true
  where s.workspace_id = p_workspace_id and private.uses_member_keys(s)
    and p_workspace_id = any (private.my_workspace_ids())
$$;

-- At another path of the same origin, the workspace's key is held until whoever entered it confirms the URL. Back at
-- the URL it was entered for, it is used again. Members' keys are deleted.
create function private.hold_credential() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.notify_credential_holders(old, new, true);
  delete from public.mcp_server_secrets where server_id = old.id and user_id is not null;
  new.credential_held_since := (
    select coalesce(old.credential_held_since, now()) from public.mcp_server_secrets x
    where x.server_id = old.id and x.user_id is null and x.address <> private.bound_address(new.url)
  );
  return new;
end
$$;
create trigger c_hold_credential before update of url on public.mcp_servers
  for each row when (private.bound_address(new.url) <> private.bound_address(old.url))
  execute function private.hold_credential();

-- Returns the workspace's credential of a server if it waits for p_actor to confirm the URL, else null.
create function public.held_secret(p_server_id uuid, p_actor uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', x.id, 'address', x.address, 'issuer', x.issuer,
    'secret', jsonb_build_object('ciphertext', x.ciphertext, 'nonce', x.nonce, 'key_id', x.key_id)
  )
  from public.mcp_server_secrets x join public.mcp_servers s on s.id = x.server_id
  where x.server_id = p_server_id and x.user_id is null and x.entered_by = p_actor
    and x.address <> private.bound_address(s.url)
$$;

-- Stores the credential for the URL that its holder confirmed. PT409: the server has another URL by now, or the key
-- is gone.
create function public.confirm_secret(p_server_id uuid, p_id uuid, p_url text, p_secret jsonb, p_actor uuid)
returns void
language plpgsql set search_path = ''
as $$
declare
  v_server public.mcp_servers;
begin
  perform set_config('patchbay.actor', coalesce(p_actor::text, ''), true);
  select * into v_server from public.mcp_servers where id = p_server_id for update;
  update public.mcp_server_secrets
  set id = gen_random_uuid(), ciphertext = p_secret ->> 'ciphertext', nonce = p_secret ->> 'nonce',
    key_id = p_secret ->> 'key_id', address = private.bound_address(p_url), updated_at = now()
  where id = p_id and server_id = p_server_id and user_id is null and entered_by = p_actor
    and private.bound_address(v_server.url) = private.bound_address(p_url);
  if not found then
    raise exception using
      errcode = 'PT409',
      message = 'This server changed in the meantime, so nothing was confirmed. Check its URL again.',
      detail = '{"code": "server_changed"}';
  end if;
  perform private.on_key_change(v_server, null, true);
end
$$;

-- Returns the client secret that was entered for the server's URL, and the authorization server it is bound to.
create function public.read_client_secret(p_server_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', x.id, 'issuer', x.issuer,
    'secret', jsonb_build_object('ciphertext', x.ciphertext, 'nonce', x.nonce, 'key_id', x.key_id)
  )
  from public.mcp_servers s, lateral private.credential_for(s, null) x
  where s.id = p_server_id and s.auth_method = 'oauth'
$$;

-- Binds the client secret to the authorization server that will receive it. Returns false if it was bound or replaced
-- in the meantime.
create function public.bind_client_secret(p_id uuid, p_issuer text, p_secret jsonb) returns boolean
language plpgsql set search_path = ''
as $$
begin
  update public.mcp_server_secrets
  set issuer = p_issuer, ciphertext = p_secret ->> 'ciphertext', nonce = p_secret ->> 'nonce',
    key_id = p_secret ->> 'key_id'
  where id = p_id and issuer is null;
  return found;
end
$$;

-- Deletes the shared keys and sign-ins of a user in all workspaces, and the webhooks the user set up. The user's own
-- keys go with the memberships.
create function private.delete_credentials_of(p_user_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
declare
  v_server public.mcp_servers;
begin
  for v_server in
    select s.* from public.mcp_servers s
    where s.id in (
      select x.server_id from public.mcp_server_secrets x where x.entered_by = p_user_id and x.user_id is null
    )
    order by s.id for update
  loop
    delete from public.mcp_server_secrets where server_id = v_server.id and user_id is null;
    perform private.on_key_change(v_server, null, false);
  end loop;
  delete from public.mcp_server_grants where entered_by = p_user_id;
  delete from public.notice_webhooks where entered_by = p_user_id;
end
$$;

revoke all on all functions in schema private from public;
revoke all on function
  public.put_server_secret, public.drop_server_secret, public.my_credentials, public.held_secret,
  public.confirm_secret, public.read_client_secret, public.bind_client_secret
  from public, anon, authenticated;
grant execute on function
  private.uses_member_keys, private.grant_holder, private.credential_for, private.on_key_change,
  public.put_server_secret, public.drop_server_secret, public.held_secret, public.confirm_secret,
  public.read_client_secret, public.bind_client_secret
  to service_role;
grant execute on function public.my_credentials to authenticated;
