-- Credentials are for one address: the URL at which they were entered, not only its origin, since a path can belong to
-- another tenant of the same host. At a new address, keys of members and OAuth grants are dropped, and a key of the
-- workspace is held until whoever entered it confirms the address, or somebody enters it anew.

-- A URL as credentials are sealed to it: without fragment and default port, scheme and host in lower case. All else is
-- compared as written. The same rule is boundAddress in shared/src/bound-address.ts.
create function private.bound_address(p_url text) returns text
language sql immutable set search_path = ''
as $$
  select coalesce((
    select scheme || '://'
      || regexp_replace(host, case scheme when 'https' then ':(443)?$' else ':(80)?$' end, '')
      || case when rest like '/%' then '' else '/' end || rest
    from regexp_match(p_url, '^([A-Za-z]+)://([^/?#]*)([^#]*)') as part,
      lateral (
        select translate(part[1], 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'),
          translate(part[2], 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'), part[3]
      ) as parts (scheme, host, rest)
    where part is not null
  ), p_url)
$$;

alter table public.mcp_server_secrets
  -- What it was sealed to, as `bound_address` writes it.
  add column address text,
  -- Of a client secret that was used: the authorization server that it is sealed to.
  add column issuer text;
update public.mcp_server_secrets x set address = private.bound_address(s.url)
from public.mcp_servers s where s.id = x.server_id;
alter table public.mcp_server_secrets alter column address set not null;

alter table public.mcp_servers
  -- Who entered the workspace's credential: the only one who may take it to another address.
  add column credential_holder_id uuid references auth.users (id) on delete set null,
  -- Since when it waits for them to confirm the address; null: it does not.
  add column credential_held_since timestamptz;
create index mcp_servers_credential_holder on public.mcp_servers (credential_holder_id);
update public.mcp_servers s set credential_holder_id = x.entered_by
from public.mcp_server_secrets x where x.server_id = s.id and x.user_id is null;

-- Notices for one person.
alter table public.notices
  -- Null: for all members.
  add column recipient_id uuid references auth.users (id) on delete cascade,
  drop constraint notices_kind,
  add constraint notices_kind check (kind in (
    'down', 'needs_auth', 'back', 'unstable', 'tools_changed', 'certificate', 'credential_dropped', 'credential_held'
  ));
create index notices_recipient on public.notices (recipient_id);

drop policy "members see notices" on public.notices;
create policy "members see notices for all and for themselves" on public.notices for select to authenticated
  using (
    workspace_id = any ((select private.my_workspace_ids())::uuid[])
    and (recipient_id is null or recipient_id = (select auth.uid()))
  );

-- Of an API token, which is of no person: what is for all members.
alter policy "a token sees notices" on public.notices
  using (workspace_id = (select private.token_workspace_id()) and recipient_id is null);

-- A webhook gets what is for all members.
drop trigger deliver_notice on public.notices;
create trigger deliver_notice after insert on public.notices
  for each row when (new.recipient_id is null) execute function private.deliver_notice();

-- The credential that p_user_id uses at a server: the member's own, or the workspace's. One row or none: the credential
-- of another address doesn't count.
create or replace function private.key_of(s public.mcp_servers, p_user_id uuid) returns setof public.mcp_server_secrets
language sql stable set search_path = ''
as $$
  select x.* from public.mcp_server_secrets x
  where x.server_id = s.id and x.address = private.bound_address(s.url)
    and case when private.has_keys_of_members(s) then x.user_id = p_user_id else x.user_id is null end
$$;

-- Notifies those whose credentials a change of a server concerns, but for whoever made it. Comes before the credentials
-- are dropped; with p_is_held, those of the workspace are kept.
create function private.notice_holders(p_old public.mcp_servers, p_new public.mcp_servers, p_is_held boolean)
returns void
language sql set search_path = ''
as $$
  insert into public.notices (workspace_id, server_id, recipient_id, kind, key, details)
  select p_old.workspace_id, p_old.id, m.user_id, holder.kind,
    concat_ws(':', holder.kind, p_new.config_version, m.user_id),
    jsonb_build_object(
      'credential', holder.credential,
      'old_url', private.audit_value('url', to_jsonb(p_old.url)),
      'new_url', private.audit_value('url', to_jsonb(p_new.url))
    )
  from (
    select x.entered_by, case when x.user_id is null and p_is_held then 'credential_held' else 'credential_dropped' end,
      'key'
    from public.mcp_server_secrets x
    where x.server_id = p_old.id
      and (x.user_id is not null or not p_is_held or x.address <> private.bound_address(p_new.url))
    union all
    select g.entered_by, 'credential_dropped', 'sign_in'
    from public.mcp_server_grants g where g.server_id = p_old.id
  ) holder (user_id, kind, credential)
  join public.workspace_members m on m.workspace_id = p_old.workspace_id and m.user_id = holder.user_id
  where m.user_id is distinct from private.actor_id()
  on conflict (server_id, key) do nothing
$$;

create or replace function private.drop_stale_credential() returns trigger
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
drop trigger c_drop_stale_credential on public.mcp_servers;
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

create or replace function private.drop_stale_grants() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.notice_holders(old, new, true);
  delete from public.mcp_server_grants where server_id = old.id;
  delete from public.mcp_server_clients where server_id = old.id;
  delete from private.sign_in_flows where server_id = old.id;
  return new;
end
$$;
drop trigger c_drop_stale_grants on public.mcp_servers;
create trigger c_drop_stale_grants
  before update of url, auth_method, workspace_id, credential_scope, oauth_client_id on public.mcp_servers
  for each row
  when (
    private.bound_address(new.url) <> private.bound_address(old.url)
    or new.auth_method <> old.auth_method
    or new.workspace_id <> old.workspace_id
    or new.credential_scope <> old.credential_scope
    or new.oauth_client_id is distinct from old.oauth_client_id
  )
  execute function private.drop_stale_grants();

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

create or replace function private.heed_key(s public.mcp_servers, p_holder_id uuid, p_is_set boolean) returns void
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

-- Stores a sealed credential of a member or (p_holder_id null) of the workspace, and lets every connection with it take
-- it up. Workspace, address (path included), authentication and holder are those that it was entered and sealed for:
-- when the server has others by now, it is refused (PT409, `details` {"code": "server_changed"}). The lock makes an
-- edit that comes at the same moment wait, and then drop the credential. p_actor: the user for whom this is done, for
-- the audit trail.
create or replace function public.put_server_secret(
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

-- Sealing a credential in another way is no change that somebody made.
drop trigger audit on public.mcp_server_secrets;
create trigger audit after insert or delete on public.mcp_server_secrets
  for each row execute function private.audit_secret();
create trigger audit_replaced after update on public.mcp_server_secrets
  for each row when (new.id <> old.id) execute function private.audit_secret();

create or replace function public.begin_sign_in(
  p_id uuid, p_state_hash text, p_server_id uuid, p_user_id uuid, p_url text, p_return_to text,
  p_secret jsonb, p_expires_in_s integer
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_server public.mcp_servers;
begin
  delete from private.sign_in_flows where expires_at < now();
  select * into v_server from public.mcp_servers where id = p_server_id;
  if not found or v_server.auth_method <> 'oauth'
    or private.bound_address(v_server.url) is distinct from private.bound_address(p_url)
  then
    raise exception using errcode = 'PT409', message = 'This server was changed meanwhile. Try again.';
  end if;
  update public.mcp_server_clients set unfinished_since = coalesce(unfinished_since, now()) where server_id = p_server_id;
  insert into private.sign_in_flows
    (id, state_hash, server_id, user_id, holder_id, url, return_to, ciphertext, nonce, key_id, expires_at)
  values (
    p_id, p_state_hash, p_server_id, p_user_id, private.holder(v_server, p_user_id), p_url, p_return_to,
    p_secret ->> 'ciphertext', p_secret ->> 'nonce', p_secret ->> 'key_id', now() + make_interval(secs => p_expires_in_s)
  );
end
$$;

create or replace function public.put_grant(
  p_id uuid, p_server_id uuid, p_workspace_id uuid, p_url text, p_holder_id uuid, p_issuer text,
  p_secret jsonb, p_expires_at timestamptz, p_actor uuid
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_server public.mcp_servers;
begin
  perform set_config('patchbay.actor', coalesce(p_actor::text, ''), true);
  select * into v_server from public.mcp_servers where id = p_server_id for update;
  if not found
    or (v_server.workspace_id, v_server.auth_method, private.bound_address(v_server.url))
      is distinct from (p_workspace_id, 'oauth', private.bound_address(p_url))
    or private.holder(v_server, p_actor) is distinct from p_holder_id
  then
    raise exception using
      errcode = 'PT409',
      message = 'This server was changed while you signed in. Look at its address, then sign in again.',
      detail = '{"code": "server_changed"}';
  end if;
  -- One of another authorization server is over, and told there.
  delete from public.mcp_server_grants
  where server_id = p_server_id and user_id is not distinct from p_holder_id and issuer <> p_issuer;
  perform set_config('patchbay.replaces_grant', 'yes', true);
  delete from public.mcp_server_grants where server_id = p_server_id and user_id is not distinct from p_holder_id;
  perform set_config('patchbay.replaces_grant', '', true);
  insert into public.mcp_server_grants
    (id, server_id, workspace_id, user_id, issuer, ciphertext, nonce, key_id, expires_at)
  values (
    p_id, p_server_id, p_workspace_id, p_holder_id, p_issuer,
    p_secret ->> 'ciphertext', p_secret ->> 'nonce', p_secret ->> 'key_id', p_expires_at
  );
end
$$;

revoke all on function
  private.bound_address(text), private.notice_holders(public.mcp_servers, public.mcp_servers, boolean),
  private.hold_credential()
  from public;
-- A trigger's condition runs as the caller.
grant execute on function private.bound_address(text) to authenticated, api_token, service_role;
revoke all on function
  public.held_secret(uuid, uuid), public.confirm_secret(uuid, uuid, text, jsonb, uuid),
  public.read_client_secret(uuid), public.bind_client_secret(uuid, text, jsonb)
  from public, anon, authenticated;
grant execute on function
  public.held_secret(uuid, uuid), public.confirm_secret(uuid, uuid, text, jsonb, uuid),
  public.read_client_secret(uuid), public.bind_client_secret(uuid, text, jsonb)
  to service_role;
