-- Signing in to servers with OAuth: pending sign-ins, grants, and the clients registered with authorization servers.
-- Their secrets are sealed by the edge functions and the worker; no client role can read them.

-- One OAuth grant per holder: a member, or (user_id null) the workspace. A new sign-in has a new id, so that
-- conversations see that their connection uses an old grant; a refresh only raises `revision`. No policies: only the
-- service role has access.
-- Triggers, in firing order:
--   before row: a_set_entered_by, b_require_rights
--   after row: audit, on_grant_change, on_grant_refused, revoke_later
create table public.mcp_server_grants (
  id uuid primary key,
  server_id uuid not null,
  workspace_id uuid not null,
  user_id uuid references auth.users (id) on delete cascade,
  issuer text not null,
  -- Tokens, client and authorization server, bound to server and holder.
  ciphertext text not null,
  nonce text not null,
  key_id text not null,
  -- When the access token expires; null: unknown.
  expires_at timestamptz,
  revision integer not null default 1,
  -- Rejected by the server or its authorization server: a new sign-in is needed.
  refused_at timestamptz,
  -- Scope that the server wants beyond the granted one, for the next sign-in. Blank: it named none.
  wanted_scope text,
  -- The holder of the lease refreshes; everyone else waits for the next revision.
  lease_id uuid,
  leased_until timestamptz,
  failures integer not null default 0,
  retry_at timestamptz,
  created_at timestamptz not null default now(),
  -- Null: not refreshed since sign-in.
  renewed_at timestamptz,
  -- Consecutive refreshed tokens that the server refused; each doubles the pause before the next refresh.
  vain_renewals integer not null default 0,
  -- Who signed in; null: unknown, or the account was deleted.
  entered_by uuid references auth.users (id) on delete set null,
  constraint mcp_server_grants_one_a_holder unique nulls not distinct (server_id, user_id),
  foreign key (server_id, workspace_id) references public.mcp_servers (id, workspace_id) on delete cascade
);
create index mcp_server_grants_server on public.mcp_server_grants (server_id, workspace_id);
create index mcp_server_grants_user on public.mcp_server_grants (user_id);
create index mcp_server_grants_entered_by on public.mcp_server_grants (entered_by);

alter table public.mcp_server_grants enable row level security;
revoke all on public.mcp_server_grants from anon, authenticated;
grant select, insert, update, delete on public.mcp_server_grants to service_role;

-- A refresh is not a change by a user.
create trigger audit after insert or delete on public.mcp_server_grants
  for each row execute function private.audit_secret();

create trigger a_set_entered_by before insert on public.mcp_server_grants
  for each row execute function private.set_entered_by();

-- A client registered with an authorization server, for one MCP server.
create table public.mcp_server_clients (
  id uuid primary key,
  server_id uuid not null references public.mcp_servers (id) on delete cascade,
  issuer text not null,
  ciphertext text not null,
  nonce text not null,
  key_id text not null,
  created_at timestamptz not null default now(),
  -- Since when sign-ins with this client were started and none has finished.
  unfinished_since timestamptz,
  constraint mcp_server_clients_one_an_issuer unique (server_id, issuer)
);

alter table public.mcp_server_clients enable row level security;
revoke all on public.mcp_server_clients from anon, authenticated;
grant select, insert, update, delete on public.mcp_server_clients to service_role;

-- An authorization server's metadata must name the address it was found at as its issuer (RFC 8414, section 3.3). A
-- row is an exception for one server, made by an owner or admin.
-- Triggers, in firing order:
--   before statement: a_count_write
--   before row: a_stop_large_change, a_stop_large_insert
--   after row: audit
--   after statement: count_deleted_rows, count_inserted_rows, count_updated_rows
create table public.mcp_server_accepted_issuers (
  server_id uuid primary key,
  workspace_id uuid not null,
  -- The authorization server that the MCP server names.
  expected_issuer text not null,
  -- The issuer in the metadata found there.
  accepted_issuer text not null,
  accepted_by uuid default auth.uid() references auth.users (id) on delete set null,
  accepted_at timestamptz not null default now(),
  constraint mcp_server_accepted_issuers_lengths check (
    char_length(expected_issuer) between 1 and 2000 and char_length(accepted_issuer) between 1 and 2000
  ),
  foreign key (server_id, workspace_id) references public.mcp_servers (id, workspace_id) on delete cascade
);
create index mcp_server_accepted_issuers_server on public.mcp_server_accepted_issuers (server_id, workspace_id);
create index mcp_server_accepted_issuers_by_workspace on public.mcp_server_accepted_issuers (workspace_id);
create index mcp_server_accepted_issuers_accepted_by on public.mcp_server_accepted_issuers (accepted_by);

alter table public.mcp_server_accepted_issuers enable row level security;
revoke all on public.mcp_server_accepted_issuers from anon, authenticated;
grant
  select,
  insert (server_id, workspace_id, expected_issuer, accepted_issuer),
  delete
  on public.mcp_server_accepted_issuers to authenticated;
grant select, insert, update, delete on public.mcp_server_accepted_issuers to service_role;
create policy "members see accepted issuers" on public.mcp_server_accepted_issuers for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));
create policy "owners and admins accept issuers" on public.mcp_server_accepted_issuers for insert to authenticated
  with check (
    workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[])
    and accepted_by = (select auth.uid())
  );
create policy "owners and admins revoke accepted issuers" on public.mcp_server_accepted_issuers
  for delete to authenticated
  using (workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[]));

select private.limit_writes('public.mcp_server_accepted_issuers');

create trigger audit after insert or delete on public.mcp_server_accepted_issuers
  for each row execute function private.audit_accepted_issuer();

-- A sign-in in progress, for some minutes. Only the hash of its `state` is stored.
create table private.sign_in_flows (
  id uuid primary key,
  state_hash text not null unique,
  server_id uuid not null references public.mcp_servers (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  -- The member who will hold the grant; null: the workspace.
  holder_id uuid,
  url text not null,
  return_to text not null,
  ciphertext text not null,
  nonce text not null,
  key_id text not null,
  expires_at timestamptz not null
);
create index sign_in_flows_server on private.sign_in_flows (server_id);
create index sign_in_flows_user on private.sign_in_flows (user_id);

alter table private.sign_in_flows enable row level security;
revoke all on private.sign_in_flows from anon, authenticated;
grant select, insert, update, delete on private.sign_in_flows to service_role;

-- Valid grants that were deleted and still have to be revoked at their authorization server. Whose they were is not
-- stored.
create table private.grant_revocations (
  id uuid primary key,
  -- The workspace it was sealed for, which may be deleted.
  sealed_for uuid not null,
  ciphertext text not null,
  nonce text not null,
  key_id text not null,
  attempts integer not null default 0,
  -- A sign-out revokes it at once; this is for when that fails.
  due_at timestamptz not null default now() + interval '3 seconds'
);
create index grant_revocations_due on private.grant_revocations (due_at);

alter table private.grant_revocations enable row level security;
revoke all on private.grant_revocations from anon, authenticated;
grant select, insert, update, delete on private.grant_revocations to service_role;

create function private.grant_id(s public.mcp_servers, p_user_id uuid) returns uuid
language sql stable set search_path = ''
as $$
  select g.id from public.mcp_server_grants g
  where g.server_id = s.id and g.user_id is not distinct from private.grant_holder(s, p_user_id)
    and (s.credential_scope = 'workspace' or p_user_id is not null)
$$;

-- Like a key, a grant must not go to another host or workspace, and neither must clients and sign-ins in progress.
create function private.delete_stale_grants() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.notify_credential_holders(old, new, true);
  delete from public.mcp_server_grants where server_id = old.id;
  delete from public.mcp_server_clients where server_id = old.id;
  delete from private.sign_in_flows where server_id = old.id;
  return new;
end
$$;
create trigger c_delete_stale_grants
  before update of url, auth_method, workspace_id, credential_scope, oauth_client_id on public.mcp_servers
  for each row
  when (
    private.bound_address(new.url) <> private.bound_address(old.url)
    or new.auth_method <> old.auth_method
    or new.workspace_id <> old.workspace_id
    or new.credential_scope <> old.credential_scope
    or new.oauth_client_id is distinct from old.oauth_client_id
  )
  execute function private.delete_stale_grants();

-- A shared sign-in acts in a person's name, so it ends when that person leaves. A shared key stays.
create function private.delete_member_grants() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.mcp_server_grants g using public.mcp_servers s
  where s.id = g.server_id and s.workspace_id = old.workspace_id and old.user_id in (g.user_id, g.entered_by);
  return null;
end
$$;
create trigger delete_member_grants after delete on public.workspace_members
  for each row execute function private.delete_member_grants();

-- Another URL is another server, so the exception doesn't apply to it.
create function private.delete_accepted_issuer() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.mcp_server_accepted_issuers where server_id = old.id;
  return new;
end
$$;
create trigger c_delete_accepted_issuer before update of url, auth_method, workspace_id on public.mcp_servers
  for each row
  when (
    new.url <> old.url or new.auth_method <> old.auth_method or new.workspace_id <> old.workspace_id
  )
  execute function private.delete_accepted_issuer();

-- If the monitor uses this credential, a new one resets the status. Conversations and pages are notified in any case,
-- even of a refused grant (not p_is_other).
create function private.on_credential_change(p_server_id uuid, p_holder_id uuid, p_is_other boolean) returns void
language plpgsql security definer set search_path = ''
as $$
declare
  v_server public.mcp_servers;
begin
  if p_is_other then
    update public.mcp_servers set config_version = config_version + 1
    where id = p_server_id and p_holder_id is not distinct from private.grant_holder(mcp_servers, user_id);
    if found then
      return;
    end if;
  end if;
  select * into v_server from public.mcp_servers where id = p_server_id;
  if found then
    perform private.send_server_hint(v_server.workspace_id, 'server.changed', jsonb_build_object(
      'server_id', v_server.id, 'op', 'update', 'config_version', v_server.config_version
    ));
  end if;
end
$$;

create function private.on_grant_change() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_grant public.mcp_server_grants := case when tg_op = 'DELETE' then old else new end;
begin
  perform private.on_credential_change(v_grant.server_id, v_grant.user_id, tg_op <> 'UPDATE');
  return null;
end
$$;
create trigger on_grant_change after insert or delete on public.mcp_server_grants
  for each row when (pg_trigger_depth() = 0) execute function private.on_grant_change();
create trigger on_grant_refused after update of refused_at on public.mcp_server_grants
  for each row when (new.refused_at is distinct from old.refused_at) execute function private.on_grant_change();

create function private.revoke_later() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into private.grant_revocations (id, sealed_for, ciphertext, nonce, key_id)
  values (old.id, old.workspace_id, old.ciphertext, old.nonce, old.key_id);
  return null;
end
$$;
-- A replaced grant is not revoked: that could make the authorization server revoke the new one as well.
create trigger revoke_later after delete on public.mcp_server_grants
  for each row
  when (old.refused_at is null and coalesce(current_setting('patchbay.replaces_grant', true), '') <> 'yes')
  execute function private.revoke_later();

-- A member can leave or get another role while signing in; the grant must not become the workspace's then. The same
-- rule is mayEdit and mayTest in the edge functions.
create function private.require_sign_in_rights() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if new.entered_by is not null and not exists (
    select from public.workspace_members m join public.mcp_servers s on s.workspace_id = m.workspace_id
    where s.id = new.server_id and m.user_id = new.entered_by and (
      m.role in ('owner', 'admin')
      or (m.role = 'member' and (new.user_id is not null or s.user_id = new.entered_by))
    )
  ) then
    raise exception using errcode = 'PT403', message = 'Your role in this workspace does not allow this.';
  end if;
  return new;
end
$$;
-- Runs after a_set_entered_by.
create trigger b_require_rights before insert on public.mcp_server_grants
  for each row execute function private.require_sign_in_rights();

-- Stores a sign-in that is about to start. PT409: the server changed in the meantime.
create function public.begin_sign_in(
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
    raise exception using errcode = 'PT409', message = 'This server changed in the meantime. Try again.';
  end if;
  update public.mcp_server_clients set unfinished_since = coalesce(unfinished_since, now())
  where server_id = p_server_id;
  insert into private.sign_in_flows
    (id, state_hash, server_id, user_id, holder_id, url, return_to, ciphertext, nonce, key_id, expires_at)
  values (
    p_id, p_state_hash, p_server_id, p_user_id, private.grant_holder(v_server, p_user_id), p_url, p_return_to,
    p_secret ->> 'ciphertext', p_secret ->> 'nonce', p_secret ->> 'key_id',
    now() + make_interval(secs => p_expires_in_s)
  );
end
$$;

-- Returns a sign-in in progress, once, and only to the user who started it; for anyone else it does not exist. The
-- user came back, so the authorization server knows the client.
create function public.take_sign_in(p_state_hash text, p_user_id uuid) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_flow private.sign_in_flows;
begin
  delete from private.sign_in_flows
  where state_hash = p_state_hash and user_id = p_user_id
  returning * into v_flow;
  if not found then
    return null;
  end if;
  update public.mcp_server_clients set unfinished_since = null where server_id = v_flow.server_id;
  if v_flow.expires_at < now() then
    return null;
  end if;
  return (
    select jsonb_build_object(
      'id', v_flow.id, 'server_id', v_flow.server_id, 'holder_id', v_flow.holder_id, 'url', v_flow.url,
      'return_to', v_flow.return_to, 'workspace_id', s.workspace_id, 'server_name', s.name,
      'secret', jsonb_build_object('ciphertext', v_flow.ciphertext, 'nonce', v_flow.nonce, 'key_id', v_flow.key_id)
    )
    from public.mcp_servers s where s.id = v_flow.server_id
  );
end
$$;

-- Stores a grant in place of the holder's previous one. PT409: the server's URL or workspace is no longer the one it
-- was given for.
create function public.put_grant(
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
    or private.grant_holder(v_server, p_actor) is distinct from p_holder_id
  then
    raise exception using
      errcode = 'PT409',
      message = 'This server changed while you were signing in. Check its URL, then sign in again.',
      detail = '{"code": "server_changed"}';
  end if;
  -- A grant of another authorization server is revoked there.
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

create function private.grant_row(g public.mcp_server_grants) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', g.id, 'server_id', g.server_id, 'user_id', g.user_id, 'issuer', g.issuer, 'revision', g.revision,
    'expires_at', g.expires_at, 'is_refused', g.refused_at is not null, 'wanted_scope', g.wanted_scope,
    'failures', g.failures, 'vain_renewals', g.vain_renewals,
    -- Durations, because clocks differ.
    'renewed_ms_ago', case when g.renewed_at is not null
      then round(greatest(extract(epoch from clock_timestamp() - g.renewed_at) * 1000, 0)) end,
    'retry_in_ms', round(greatest(extract(epoch from g.retry_at - clock_timestamp()) * 1000, 0)),
    'lease_left_ms', round(greatest(extract(epoch from g.leased_until - clock_timestamp()) * 1000, 0)),
    'secret', jsonb_build_object('ciphertext', g.ciphertext, 'nonce', g.nonce, 'key_id', g.key_id)
  )
$$;

-- Deletes a grant and returns it so that it can be revoked, or null if there was none. Deletes the client
-- registration as well.
create function public.drop_grant(p_server_id uuid, p_holder_id uuid, p_actor uuid) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_grant public.mcp_server_grants;
begin
  perform set_config('patchbay.actor', coalesce(p_actor::text, ''), true);
  perform public.drop_registration(p_server_id);
  delete from public.mcp_server_grants
  where server_id = p_server_id and user_id is not distinct from p_holder_id
  returning * into v_grant;
  return case when v_grant.id is not null then private.grant_row(v_grant) end;
end
$$;

-- Stores a client registration.
create function public.put_client(p_id uuid, p_server_id uuid, p_issuer text, p_secret jsonb) returns void
language sql set search_path = ''
as $$
  insert into public.mcp_server_clients (id, server_id, issuer, ciphertext, nonce, key_id)
  values (p_id, p_server_id, p_issuer, p_secret ->> 'ciphertext', p_secret ->> 'nonce', p_secret ->> 'key_id')
  on conflict (server_id, issuer) do update
    set id = excluded.id, ciphertext = excluded.ciphertext, nonce = excluded.nonce, key_id = excluded.key_id,
      unfinished_since = null
$$;

-- Returns the grant of a holder, or null.
create function public.read_grant(p_server_id uuid, p_holder_id uuid) returns jsonb
language sql stable set search_path = ''
as $$
  select private.grant_row(g) from public.mcp_server_grants g
  where g.server_id = p_server_id and g.user_id is not distinct from p_holder_id
$$;

-- Lets one of several callers refresh a grant. Returns null to the others, while the grant waits after a failure, and
-- for an earlier revision.
create function public.lease_grant(p_id uuid, p_revision integer, p_lease_ms integer) returns uuid
language sql set search_path = ''
as $$
  update public.mcp_server_grants
  set lease_id = gen_random_uuid(), leased_until = clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0)
  where id = p_id and revision = p_revision and refused_at is null
    and coalesce(leased_until, '-infinity') <= clock_timestamp()
    and coalesce(retry_at, '-infinity') <= clock_timestamp()
  returning lease_id
$$;

-- Stores a refreshed grant. Returns false if the lease is lost. Refused refreshes are forgotten five minutes after
-- the last one.
create function public.renew_grant(p_id uuid, p_lease_id uuid, p_secret jsonb, p_expires_at timestamptz)
returns boolean
language plpgsql set search_path = ''
as $$
begin
  update public.mcp_server_grants
  set ciphertext = p_secret ->> 'ciphertext', nonce = p_secret ->> 'nonce', key_id = p_secret ->> 'key_id',
    expires_at = p_expires_at, revision = revision + 1,
    lease_id = null, leased_until = null, failures = 0, retry_at = null,
    renewed_at = clock_timestamp(),
    vain_renewals = case when renewed_at > clock_timestamp() - interval '5 minutes' then vain_renewals else 0 end
  where id = p_id and lease_id = p_lease_id;
  return found;
end
$$;

-- Records a failed refresh; the next one may follow after p_retry_ms.
create function public.delay_grant(p_id uuid, p_lease_id uuid, p_retry_ms integer) returns void
language sql set search_path = ''
as $$
  update public.mcp_server_grants
  set lease_id = null, leased_until = null, failures = failures + 1,
    retry_at = clock_timestamp() + make_interval(secs => p_retry_ms / 1000.0)
  where id = p_id and lease_id = p_lease_id
$$;

-- Marks a grant as refused. Ignored for a later revision.
create function public.refuse_grant(p_id uuid, p_revision integer) returns void
language sql set search_path = ''
as $$
  update public.mcp_server_grants
  set refused_at = now(), lease_id = null, leased_until = null
  where id = p_id and revision = p_revision and refused_at is null
$$;

-- Records that the server refused the token of this refresh. Ignored for a later revision.
create function public.note_vain_renewal(p_id uuid, p_revision integer) returns void
language sql set search_path = ''
as $$
  update public.mcp_server_grants set vain_renewals = least(vain_renewals + 1, 10)
  where id = p_id and revision = p_revision
$$;

-- Records a scope that the server asks for beyond the granted ones.
create function public.want_scope(p_id uuid, p_scope text) returns void
language sql set search_path = ''
as $$
  update public.mcp_server_grants set wanted_scope = left(p_scope, 2000) where id = p_id
$$;

-- Returns the client registration with an authorization server, or without p_issuer the latest one.
create function public.read_client(p_server_id uuid, p_issuer text) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', c.id, 'issuer', c.issuer, 'is_unfinished', c.unfinished_since is not null,
    'secret', jsonb_build_object('ciphertext', c.ciphertext, 'nonce', c.nonce, 'key_id', c.key_id)
  )
  from public.mcp_server_clients c where c.server_id = p_server_id and (p_issuer is null or c.issuer = p_issuer)
  order by c.created_at desc limit 1
$$;

-- Deletes the client registration, because the authorization server no longer knows it; the next sign-in registers
-- again. A client id that the user entered stays.
create function public.drop_registration(p_server_id uuid) returns void
language sql set search_path = ''
as $$
  delete from public.mcp_server_clients c using public.mcp_servers s
  where c.server_id = p_server_id and s.id = p_server_id and s.oauth_client_id is null
$$;

-- Leases revocations that are due. Workspaces take turns, so authorization servers that hang delay only their own
-- workspace.
create function public.claim_revocations(p_limit integer) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_claimed jsonb;
begin
  delete from private.grant_revocations where attempts >= 5 and due_at <= v_now;
  with waiting as (
    select r.id, r.due_at, row_number() over (partition by r.sealed_for order by r.due_at) as turn
    from private.grant_revocations r where r.due_at <= v_now
  ), due as (
    select r.id from private.grant_revocations r join waiting w using (id)
    where r.due_at <= v_now
    order by w.turn, w.due_at limit p_limit for update of r skip locked
  ), claimed as (
    update private.grant_revocations r
    set attempts = r.attempts + 1, due_at = clock_timestamp() + interval '1 minute' * power(6, r.attempts)
    from due where r.id = due.id
    returning r.*
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', c.id, 'workspace_id', c.sealed_for,
    'secret', jsonb_build_object('ciphertext', c.ciphertext, 'nonce', c.nonce, 'key_id', c.key_id)
  )), '[]')
  into v_claimed
  from claimed c;
  return v_claimed;
end
$$;

-- Deletes a finished revocation.
create function public.finish_revocation(p_id uuid) returns void
language sql set search_path = ''
as $$
  delete from private.grant_revocations where id = p_id
$$;

-- Returns whether the caller is signed in, by the workspace's grant or their own, for each OAuth server of a
-- workspace.
create function public.my_sign_ins(p_workspace_id uuid)
returns table (
  server_id uuid, is_signed_in boolean, is_refused boolean, wants_more boolean, issuer text, signed_in_at timestamptz
)
language sql stable security definer set search_path = ''
as $$
  select s.id, g.id is not null and g.refused_at is null, g.refused_at is not null,
    g.wanted_scope is not null, g.issuer, g.created_at
  from public.mcp_servers s
  left join public.mcp_server_grants g
    on g.server_id = s.id and g.user_id is not distinct from private.grant_holder(s, (select auth.uid()))
  where s.workspace_id = p_workspace_id and s.auth_method = 'oauth'
    and p_workspace_id = any (private.my_workspace_ids())
$$;

revoke all on all functions in schema private from public;
revoke all on function
  public.begin_sign_in, public.take_sign_in, public.put_grant, public.drop_grant, public.put_client,
  public.read_grant, public.lease_grant, public.renew_grant, public.delay_grant, public.refuse_grant,
  public.note_vain_renewal, public.want_scope, public.read_client, public.drop_registration,
  public.claim_revocations, public.finish_revocation, public.my_sign_ins
  from public, anon, authenticated;
grant execute on function
  private.grant_id, public.begin_sign_in, public.take_sign_in, public.put_grant, private.grant_row,
  public.drop_grant, public.put_client, public.read_grant, public.lease_grant, public.renew_grant,
  public.delay_grant, public.refuse_grant, public.note_vain_renewal, public.want_scope, public.read_client,
  public.drop_registration, public.claim_revocations, public.finish_revocation
  to service_role;
grant execute on function public.my_sign_ins to authenticated;
