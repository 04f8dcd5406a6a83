-- What keeps a sign-in usable: registrations that nobody came back with are replaced, refreshes that don't help are
-- spaced out, and an admin may accept the issuer that an authorization server claims for itself.

-- Null: not refreshed since the sign-in.
alter table public.mcp_server_grants add column renewed_at timestamptz;
-- How many refreshed tokens in a row the server refused; the pause before the next refresh doubles with each.
alter table public.mcp_server_grants add column vain_renewals integer not null default 0;
-- Since when somebody was sent to the authorization server as this client, and nobody has come back.
alter table public.mcp_server_clients add column unfinished_since timestamptz;

-- The metadata of an authorization server must name as issuer the address that it was found by (RFC 8414, section 3.3).
-- A row is the exception for one server: who may make it is an owner's or admin's decision.
create table public.mcp_server_accepted_issuers (
  server_id uuid primary key,
  workspace_id uuid not null,
  -- What the server names as its authorization server.
  expected_issuer text not null,
  -- What the metadata found there claims to be.
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

revoke all on public.mcp_server_accepted_issuers from anon, authenticated;
grant select, insert (server_id, workspace_id, expected_issuer, accepted_issuer), delete
  on public.mcp_server_accepted_issuers to authenticated;
grant select, insert, update, delete on public.mcp_server_accepted_issuers to service_role;

alter table public.mcp_server_accepted_issuers enable row level security;
create policy "members see accepted issuers" on public.mcp_server_accepted_issuers for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));
create policy "owners and admins accept issuers" on public.mcp_server_accepted_issuers for insert to authenticated
  with check (
    workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[])
    and accepted_by = (select auth.uid())
  );
create policy "owners and admins take acceptances back" on public.mcp_server_accepted_issuers for delete to authenticated
  using (workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[]));

-- Accepted for one address: another one is another server, which may claim what it likes.
create function private.drop_accepted_issuer() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.mcp_server_accepted_issuers where server_id = old.id;
  return new;
end
$$;
create trigger c_drop_accepted_issuer before update of url, auth_method, workspace_id on public.mcp_servers
  for each row
  when (
    new.url <> old.url or new.auth_method <> old.auth_method or new.workspace_id <> old.workspace_id
  )
  execute function private.drop_accepted_issuer();

-- Filed under the server, as its credentials are.
create function private.audit_accepted_issuer() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_old jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  v_new jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
begin
  insert into public.audit_events (workspace_id, actor_id, action, table_name, row_id, row_name, changes)
  select s.workspace_id, private.actor_id(), lower(tg_op), tg_table_name, s.id, s.name,
    private.audit_changes(v_old, v_new, array['expected_issuer', 'accepted_issuer'], array[]::text[])
  from public.mcp_servers s
  where s.id = (coalesce(v_new, v_old) ->> 'server_id')::uuid;
  return null;
end
$$;
create trigger audit after insert or delete on public.mcp_server_accepted_issuers
  for each row execute function private.audit_accepted_issuer();

revoke all on function private.drop_accepted_issuer(), private.audit_accepted_issuer() from public;

-- Refreshes --------------------------------------------------------------------------------------

create or replace function private.grant_row(g public.mcp_server_grants) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', g.id, 'server_id', g.server_id, 'user_id', g.user_id, 'issuer', g.issuer, 'revision', g.revision,
    'expires_at', g.expires_at, 'is_refused', g.refused_at is not null, 'wanted_scope', g.wanted_scope,
    'failures', g.failures, 'vain_renewals', g.vain_renewals,
    -- Spans and not times: the clocks of those who ask differ.
    'renewed_ms_ago', case when g.renewed_at is not null
      then round(greatest(extract(epoch from clock_timestamp() - g.renewed_at) * 1000, 0)) end,
    'retry_in_ms', round(greatest(extract(epoch from g.retry_at - clock_timestamp()) * 1000, 0)),
    'lease_left_ms', round(greatest(extract(epoch from g.leased_until - clock_timestamp()) * 1000, 0)),
    'secret', jsonb_build_object('ciphertext', g.ciphertext, 'nonce', g.nonce, 'key_id', g.key_id)
  )
$$;

-- Refreshes that didn't help are forgotten when the last one is five minutes old.
create or replace function public.renew_grant(p_id uuid, p_lease_id uuid, p_secret jsonb, p_expires_at timestamptz)
returns boolean
language plpgsql set search_path = ''
as $$
begin
  update public.mcp_server_grants
  set ciphertext = p_secret ->> 'ciphertext', nonce = p_secret ->> 'nonce', key_id = p_secret ->> 'key_id',
    expires_at = p_expires_at, revision = revision + 1, lease_id = null, leased_until = null, failures = 0, retry_at = null,
    renewed_at = clock_timestamp(),
    vain_renewals = case when renewed_at > clock_timestamp() - interval '5 minutes' then vain_renewals else 0 end
  where id = p_id and lease_id = p_lease_id;
  return found;
end
$$;

-- The server refused the token that this refresh gave. A later revision is another matter.
create function public.note_vain_renewal(p_id uuid, p_revision integer) returns void
language sql set search_path = ''
as $$
  update public.mcp_server_grants set vain_renewals = least(vain_renewals + 1, 10)
  where id = p_id and revision = p_revision
$$;

-- Registrations ----------------------------------------------------------------------------------

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
  if not found or v_server.auth_method <> 'oauth' or private.url_origin(v_server.url) is distinct from private.url_origin(p_url) then
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

-- Hands a flow out, once, and only to the user who began it: for anybody else it is not there, and stays. Whoever comes
-- back was sent back: the authorization server knows the client.
create or replace function public.take_sign_in(p_state_hash text, p_user_id uuid) returns jsonb
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

create or replace function public.put_client(p_id uuid, p_server_id uuid, p_issuer text, p_secret jsonb) returns void
language sql set search_path = ''
as $$
  insert into public.mcp_server_clients (id, server_id, issuer, ciphertext, nonce, key_id)
  values (p_id, p_server_id, p_issuer, p_secret ->> 'ciphertext', p_secret ->> 'nonce', p_secret ->> 'key_id')
  on conflict (server_id, issuer) do update
    set id = excluded.id, ciphertext = excluded.ciphertext, nonce = excluded.nonce, key_id = excluded.key_id,
      unfinished_since = null
$$;

create or replace function public.read_client(p_server_id uuid, p_issuer text) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', c.id, 'issuer', c.issuer, 'is_unfinished', c.unfinished_since is not null,
    'secret', jsonb_build_object('ciphertext', c.ciphertext, 'nonce', c.nonce, 'key_id', c.key_id)
  )
  from public.mcp_server_clients c where c.server_id = p_server_id and (p_issuer is null or c.issuer = p_issuer)
  order by c.created_at desc limit 1
$$;

-- The authorization server doesn't know the client any more: the next sign-in registers again. A client id that the
-- user entered is theirs, and stays bound to its authorization server.
create function public.drop_registration(p_server_id uuid) returns void
language sql set search_path = ''
as $$
  delete from public.mcp_server_clients c using public.mcp_servers s
  where c.server_id = p_server_id and s.id = p_server_id and s.oauth_client_id is null
$$;

-- Takes a grant away and gives what it was, so that it can be revoked. Null: there was none. The registration goes in
-- any case.
create or replace function public.drop_grant(p_server_id uuid, p_holder_id uuid, p_actor uuid) returns jsonb
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

revoke all on function public.note_vain_renewal(uuid, integer), public.drop_registration(uuid)
  from public, anon, authenticated;
grant execute on function public.note_vain_renewal(uuid, integer), public.drop_registration(uuid) to service_role;
