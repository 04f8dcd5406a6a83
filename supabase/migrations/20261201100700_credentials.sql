-- Credentials of servers, sealed by the edge functions with a key that is not in the database. A credential is bound to
-- the URL at which it was entered, because another path of the same host can belong to another tenant. No client role
-- can read them; the page only sees mcp_servers.has_credential.

-- One row a holder: a member, or (user_id null) the workspace. What is stored anew has a new id, so that a conversation
-- sees that its connection is one of before; sealing it with another key leaves the id.
-- Triggers, in firing order:
--   before row: note_enterer
--   after row: audit, audit_replaced
create table public.mcp_server_secrets (
  id uuid primary key default gen_random_uuid(),
  server_id uuid not null references public.mcp_servers (id) on delete cascade,
  user_id uuid references auth.users (id) on delete cascade,
  ciphertext text not null,
  nonce text not null,
  key_id text not null,
  updated_at timestamptz not null default now(),
  -- Who entered it; null: unknown, or the account is gone.
  entered_by uuid references auth.users (id) on delete set null,
  -- What it was sealed to, as `bound_address` writes it.
  address text not null,
  -- Of a client secret that was used: the authorization server that it is sealed to.
  issuer text,
  constraint mcp_server_secrets_one_a_holder unique nulls not distinct (server_id, user_id)
);
create index mcp_server_secrets_user on public.mcp_server_secrets (user_id);
create index mcp_server_secrets_entered_by on public.mcp_server_secrets (entered_by);

alter table public.mcp_server_secrets enable row level security;
revoke all on public.mcp_server_secrets from anon, authenticated;
grant select, insert, update, delete on public.mcp_server_secrets to service_role;

-- Sealing a credential in another way is no change that somebody made.
create trigger audit after insert or delete on public.mcp_server_secrets
  for each row execute function private.audit_secret();

create trigger audit_replaced after update on public.mcp_server_secrets
  for each row when (new.id <> old.id) execute function private.audit_secret();

-- Whether each member has a key of their own. The secret of a client that signs in is the workspace's in any case.
create function private.has_keys_of_members(s public.mcp_servers) returns boolean
language sql immutable set search_path = ''
as $$
  select s.credential_scope = 'member' and s.auth_method in ('api_key', 'bearer_token')
$$;

-- Whose credential p_user_id uses at a server: the member's own, or the workspace's.
create function private.holder(s public.mcp_servers, p_user_id uuid) returns uuid
language sql immutable set search_path = ''
as $$
  select case when s.credential_scope = 'member' then p_user_id end
$$;

-- The credential that p_user_id uses at a server: the member's own, or the workspace's. One row or none: the credential
-- of another address doesn't count.
create function private.key_of(s public.mcp_servers, p_user_id uuid) returns setof public.mcp_server_secrets
language sql stable set search_path = ''
as $$
  select x.* from public.mcp_server_secrets x
  where x.server_id = s.id and x.address = private.bound_address(s.url)
    and case when private.has_keys_of_members(s) then x.user_id = p_user_id else x.user_id is null end
$$;

-- A key must not travel to another host, nor be used in another way than it was entered for. A move drops
-- it too, because the workspace is part of what was sealed.
create function private.drop_stale_credential() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.notice_holders(old, new, false);
  delete from public.mcp_server_secrets where server_id = old.id;
  new.has_credential := false;
  new.credential_holder_id := null;
  new.credential_held_since := null;
  return new;
end
$$;
-- The secret of a client goes with its id.
create trigger c_drop_stale_credential
  before update of url, auth_method, workspace_id, credential_scope, oauth_client_id on public.mcp_servers
  for each row
  when (
    private.url_origin(private.bound_address(new.url)) is distinct from private.url_origin(private.bound_address(old.url))
    or new.auth_method <> old.auth_method
    or new.workspace_id <> old.workspace_id
    or (new.credential_scope <> old.credential_scope and new.auth_method <> 'oauth')
    or (new.oauth_client_id is distinct from old.oauth_client_id and new.auth_method = 'oauth')
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

-- Lets connections and the status heed that a credential was set or dropped.
create function private.heed_key(s public.mcp_servers, p_holder_id uuid, p_is_set boolean) returns void
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
    perform private.heed_credential(s.id, p_holder_id, true);
  end if;
end
$$;

create function private.note_enterer() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  new.entered_by := coalesce(new.user_id, private.actor_id());
  perform private.require_open_account(new.entered_by);
  return new;
end
$$;
-- What is stored anew has another id. A rotation of the sealing keys and a renewal leave it, and the enterer.
create trigger note_enterer before insert or update of id on public.mcp_server_secrets
  for each row execute function private.note_enterer();

-- Stores a sealed credential of a member or (p_holder_id null) of the workspace, and lets every connection with it take
-- it up. Workspace, address (path included), authentication and holder are those that it was entered and sealed for:
-- when the server has others by now, it is refused (PT409, `details` {"code": "server_changed"}). The lock makes an
-- edit that comes at the same moment wait, and then drop the credential. p_actor: the user for whom this is done, for
-- the audit trail.
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
  insert into public.mcp_server_secrets (server_id, user_id, ciphertext, nonce, key_id, address)
  values (p_server_id, p_holder_id, p_ciphertext, p_nonce, p_key_id, private.bound_address(p_url))
  on conflict (server_id, user_id) do update
    set id = excluded.id, ciphertext = excluded.ciphertext, nonce = excluded.nonce, key_id = excluded.key_id,
      address = excluded.address, issuer = null, updated_at = now();
  -- A client secret that is entered anew may be for another authorization server.
  if v_server.auth_method = 'oauth' then
    delete from public.mcp_server_clients where server_id = p_server_id;
  end if;
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

-- Another address of the same origin. Back at the address that it was entered for, the workspace's key is in use again.
create function private.hold_credential() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.notice_holders(old, new, true);
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

-- The workspace's credential of a server, when it waits for p_actor to confirm the address; else null.
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

-- Stores it for the address that its holder confirmed. PT409: the server has another one by now, or the key is gone.
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
      message = 'This server was changed meanwhile, and nothing was confirmed: look at its address again.',
      detail = '{"code": "server_changed"}';
  end if;
  perform private.heed_key(v_server, null, true);
end
$$;

-- The client secret that was entered for the address of a server, and the authorization server that it is sealed to.
create function public.read_client_secret(p_server_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', x.id, 'issuer', x.issuer,
    'secret', jsonb_build_object('ciphertext', x.ciphertext, 'nonce', x.nonce, 'key_id', x.key_id)
  )
  from public.mcp_servers s, lateral private.key_of(s, null) x
  where s.id = p_server_id and s.auth_method = 'oauth'
$$;

-- Binds it to the authorization server that is to get it. False: it was bound or replaced meanwhile.
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

-- Removes the shared keys that a user entered, the shared sign-ins and the webhooks, in whichever workspace. What is
-- the user's own goes with the memberships.
create function private.drop_credentials_of(p_user_id uuid) returns void
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
    perform private.heed_key(v_server, null, false);
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
  private.has_keys_of_members, private.holder, private.key_of, private.heed_key, public.put_server_secret,
  public.drop_server_secret, public.held_secret, public.confirm_secret, public.read_client_secret,
  public.bind_client_secret
  to service_role;
grant execute on function public.my_credentials to authenticated;
