-- The end of an account: what is deleted with it, who owns a shared workspace afterwards, and whose credentials are
-- removed. The same rules hold for a user who deletes the account, for an administrator who deletes the user (a row of
-- auth.users), and for Auth's soft deletion, which keeps the row and sets `deleted_at`.

-- Who entered what the workspace shares ---------------------------------------------------------

alter table public.mcp_server_secrets
  add column entered_by uuid references auth.users (id) on delete set null;
alter table public.mcp_server_grants
  add column entered_by uuid references auth.users (id) on delete set null;
alter table public.notice_webhooks
  add column entered_by uuid references auth.users (id) on delete set null;
create index mcp_server_secrets_entered_by on public.mcp_server_secrets (entered_by);
create index mcp_server_grants_entered_by on public.mcp_server_grants (entered_by);
create index notice_webhooks_entered_by on public.notice_webhooks (entered_by);
comment on column public.mcp_server_secrets.entered_by is
  'Who entered the credential. Null: unknown, or the account is gone.';
comment on column public.mcp_server_grants.entered_by is 'Who signed in. Null: unknown, or the account is gone.';
comment on column public.notice_webhooks.entered_by is
  'Who entered the address or asked for a new key last. Null: unknown, or the account is gone.';

-- Credentials of before: a member's own are theirs; of a shared one the audit trail knows who entered it. Otherwise it
-- counts as that of whoever added the server, and a webhook as that of whoever opened the workspace.
create function pg_temp.enterer(p_table text, p_server_id uuid) returns uuid
language sql as $$
  select coalesce(
    (
      select e.actor_id from public.audit_events e
      where e.table_name = p_table and e.row_id = p_server_id and e.action in ('insert', 'update')
        and e.actor_id is not null
      order by e.created_at desc limit 1
    ),
    (select s.user_id from public.mcp_servers s where s.id = p_server_id)
  )
$$;
update public.mcp_server_secrets
set entered_by = coalesce(user_id, pg_temp.enterer('mcp_server_secrets', server_id));
update public.mcp_server_grants
set entered_by = coalesce(user_id, pg_temp.enterer('mcp_server_grants', server_id));
update public.notice_webhooks x set entered_by = w.created_by
from public.workspaces w where w.id = x.workspace_id;

-- Refuses an account that was deleted or is banned: its access token may be good for up to an hour. The lock makes an
-- account that is being deleted at this moment wait, or be waited for.
create function private.require_open_account(p_user_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
begin
  if p_user_id is null then
    return;
  end if;
  perform from auth.users
  where id = p_user_id and deleted_at is null and (banned_until is null or banned_until <= now())
  for share;
  if not found then
    raise exception using errcode = 'PT403', message = 'This account was deleted or is banned.';
  end if;
end
$$;

create function private.is_open_account(p_user_id uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
  select exists (
    select from auth.users
    where id = p_user_id and deleted_at is null and (banned_until is null or banned_until <= now())
  )
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
create trigger note_enterer before insert on public.mcp_server_grants
  for each row execute function private.note_enterer();

create function private.refuse_closed_account() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_open_account((to_jsonb(new) ->> tg_argv[0])::uuid);
  return new;
end
$$;
-- Covers new workspaces and accepted invitations: both make a member.
create trigger a_refuse_closed_account before insert on public.workspace_members
  for each row execute function private.refuse_closed_account('user_id');
create trigger a_refuse_closed_account before insert on public.voice_sessions
  for each row execute function private.refuse_closed_account('user_id');
create trigger a_refuse_closed_account before insert on public.api_tokens
  for each row execute function private.refuse_closed_account('created_by');

-- A sign-in acts in the name of the person, so a shared one ends when that person leaves. A shared key was handed to
-- the workspace and stays.
create or replace function private.drop_grants_of_member() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.mcp_server_grants g using public.mcp_servers s
  where s.id = g.server_id and s.workspace_id = old.workspace_id and old.user_id in (g.user_id, g.entered_by);
  return null;
end
$$;

-- Sets the webhook of a workspace: its address, and its sealed key when there is a new one. p_actor: who does it.
drop function public.put_notice_webhook(uuid, uuid, text, jsonb);
create function public.put_notice_webhook(
  p_id uuid, p_workspace_id uuid, p_url text, p_secret jsonb, p_actor uuid default null
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_url text := private.trimmed(p_url);
  v_problem jsonb := private.address_problem(v_url, 'Enter the address that notices are sent to.');
  v_id uuid;
begin
  if v_problem is not null then
    perform private.refuse_fields(jsonb_build_object('url', v_problem));
  end if;
  perform set_config('patchbay.actor', coalesce(p_actor::text, ''), true);
  perform private.require_open_account(p_actor);
  insert into public.notice_webhooks as w (id, workspace_id, url, entered_by)
  values (p_id, p_workspace_id, v_url, p_actor)
  on conflict (workspace_id) do update
    set url = excluded.url, is_active = true, updated_at = now(), entered_by = excluded.entered_by
  returning w.id into v_id;
  if p_secret is not null then
    -- The key is sealed for this id.
    if v_id <> p_id then
      raise exception using errcode = 'PT409', message = 'The webhook was changed by somebody else. Try again.';
    end if;
    insert into public.notice_webhook_secrets (webhook_id, ciphertext, nonce, key_id)
    values (v_id, p_secret ->> 'ciphertext', p_secret ->> 'nonce', p_secret ->> 'key_id')
    on conflict (webhook_id) do update
      set ciphertext = excluded.ciphertext, nonce = excluded.nonce, key_id = excluded.key_id;
  end if;
end
$$;
revoke all on function public.put_notice_webhook(uuid, uuid, text, jsonb, uuid) from public, anon, authenticated;
grant execute on function public.put_notice_webhook(uuid, uuid, text, jsonb, uuid) to service_role;

-- Succession ------------------------------------------------------------------------------------

-- Workspaces that would have no owner without this user: each with whether anybody else is a member. The personal
-- workspace is not among them, for it goes with its person.
create function private.sole_ownerships(p_user_id uuid) returns table (workspace_id uuid, is_shared boolean)
language sql stable security definer set search_path = ''
as $$
  select m.workspace_id, exists (
    select from public.workspace_members o where o.workspace_id = m.workspace_id and o.user_id <> p_user_id
  )
  from public.workspace_members m join public.workspaces w on w.id = m.workspace_id
  where m.user_id = p_user_id and m.role = 'owner' and not w.is_personal
    and not exists (
      select from public.workspace_members o
      where o.workspace_id = m.workspace_id and o.user_id <> p_user_id and o.role = 'owner'
    )
  order by m.workspace_id
$$;

-- Who may own a workspace after somebody, best first: admins, then members, each by the time they have been there.
-- Never a viewer, who was not to change anything, nor a banned account.
create function private.successors(p_workspace_id uuid, p_leaver_id uuid)
returns table (user_id uuid, email text, role text)
language sql stable security definer set search_path = ''
as $$
  select m.user_id, u.email::text, m.role
  from public.workspace_members m join auth.users u on u.id = m.user_id
  where m.workspace_id = p_workspace_id and m.user_id <> p_leaver_id and m.role in ('admin', 'member')
    and private.is_open_account(m.user_id)
  order by m.role, m.created_at, m.user_id
$$;

-- Makes somebody who is leaving wait for others who leave the same workspaces, so that the last owner knows it.
create function private.lock_workspaces_of(p_user_id uuid) returns void
language sql security definer set search_path = ''
as $$
  select from public.workspaces w
  where w.created_by = p_user_id and w.is_personal or exists (
    select from public.workspace_members m where m.workspace_id = w.id and m.user_id = p_user_id
  )
  order by w.id for update
$$;

-- Gives a workspace another owner (p_successor_id), or deletes it (null).
create function private.hand_over(p_workspace_id uuid, p_successor_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
begin
  if p_successor_id is null then
    delete from public.workspaces where id = p_workspace_id;
  else
    update public.workspace_members set role = 'owner'
    where workspace_id = p_workspace_id and user_id = p_successor_id;
  end if;
end
$$;

-- The end ---------------------------------------------------------------------------------------

-- Ends an account: deletes its personal workspace, gives the workspaces that it alone owns to the first of
-- private.successors or else deletes them, and removes the credentials that it entered. Then whatever refers to the
-- user is deleted or forgotten, as the deletion of the row in auth.users would do it.
create function private.end_account(p_user_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
declare
  v_workspace_id uuid;
  v_reference record;
begin
  perform private.lock_workspaces_of(p_user_id);
  delete from public.workspaces where created_by = p_user_id and is_personal;
  for v_workspace_id in select s.workspace_id from private.sole_ownerships(p_user_id) s loop
    perform private.hand_over(
      v_workspace_id, (select s.user_id from private.successors(v_workspace_id, p_user_id) s limit 1)
    );
  end loop;
  perform private.drop_credentials_of(p_user_id);
  for v_reference in
    select c.conrelid::regclass as table_name, a.attname as column_name, c.confdeltype = 'c' as is_deleted
    from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    where c.contype = 'f' and c.confrelid = 'auth.users'::regclass
      and c.connamespace in ('public'::regnamespace, 'private'::regnamespace)
    -- The trail last: what goes writes into it.
    order by c.conrelid = 'public.audit_events'::regclass, c.conrelid
  loop
    execute case when v_reference.is_deleted
      then format('delete from %s where %I = $1', v_reference.table_name, v_reference.column_name)
      else format('update %1$s set %2$I = null where %2$I = $1', v_reference.table_name, v_reference.column_name)
    end using p_user_id;
  end loop;
  update public.audit_events set row_id = null where row_id = p_user_id;
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

create function private.end_deleted_account() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.end_account(old.id);
  return case when tg_op = 'DELETE' then old end;
end
$$;
create trigger patchbay_end_deleted_account before delete on auth.users
  for each row execute function private.end_deleted_account();
create trigger patchbay_end_soft_deleted_account after update on auth.users
  for each row when (old.deleted_at is null and new.deleted_at is not null)
  execute function private.end_deleted_account();

-- A ban ends what runs at this moment. API tokens stop while it lasts (use_api_token), pages with the next refresh of
-- their session, which Auth refuses.
create function private.on_ban() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.voice_sessions set state = 'ended', ended_at = now(), end_reason = 'room_closed'
  where user_id = new.id and state <> 'ended';
  return null;
end
$$;
create trigger patchbay_on_ban after update on auth.users
  for each row when (new.banned_until is distinct from old.banned_until and new.banned_until > now())
  execute function private.on_ban();

-- Nobody inherits by a deletion any more (private.end_account decides that before): only a workspace that nobody is
-- in goes.
create or replace function private.settle_workspace() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.workspaces w
  where w.id = old.workspace_id
    and not exists (select from public.workspace_members m where m.workspace_id = w.id);
  return null;
end
$$;

create or replace function public.use_api_token(p_hash text) returns jsonb
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

-- By the user -----------------------------------------------------------------------------------

-- What the deletion of the caller's account does, for the page that asks for it: {personal: {name, members}, shared:
-- [{id, name, successors: [{user_id, email}], viewers}], alone: [name], credentials: [{workspace, name, kind}],
-- api_tokens}. `shared` are the workspaces that need a choice; `alone` and `personal` are deleted.
create function public.preview_account_deletion() returns jsonb
language sql stable security definer set search_path = ''
as $$
  select jsonb_build_object(
    'personal', (
      select jsonb_build_object('name', w.name, 'members', coalesce((
        select jsonb_agg(u.email order by u.email)
        from public.workspace_members m join auth.users u on u.id = m.user_id
        where m.workspace_id = w.id and m.user_id <> auth.uid()
      ), '[]'))
      from public.workspaces w where w.created_by = auth.uid() and w.is_personal
    ),
    'shared', coalesce((
      select jsonb_agg(jsonb_build_object(
        'id', w.id, 'name', w.name,
        'successors', coalesce((
          select jsonb_agg(jsonb_build_object('user_id', x.user_id, 'email', x.email))
          from private.successors(w.id, auth.uid()) x
        ), '[]')
      ) order by w.name, w.id)
      from private.sole_ownerships(auth.uid()) s join public.workspaces w on w.id = s.workspace_id
      where s.is_shared
    ), '[]'),
    'alone', coalesce((
      select jsonb_agg(w.name order by w.name)
      from private.sole_ownerships(auth.uid()) s join public.workspaces w on w.id = s.workspace_id
      where not s.is_shared
    ), '[]'),
    'credentials', coalesce((
      select jsonb_agg(jsonb_build_object('workspace', w.name, 'name', c.name, 'kind', c.kind)
        order by w.name, c.kind, c.name)
      from (
        select s.workspace_id, s.name, 'key' as kind
        from public.mcp_server_secrets x join public.mcp_servers s on s.id = x.server_id
        where x.entered_by = auth.uid() and x.user_id is null
        union all
        select s.workspace_id, s.name, 'sign_in'
        from public.mcp_server_grants g join public.mcp_servers s on s.id = g.server_id
        where g.entered_by = auth.uid() and g.user_id is null
        union all
        select n.workspace_id, 'webhook', 'webhook' from public.notice_webhooks n where n.entered_by = auth.uid()
      ) c
      join public.workspaces w on w.id = c.workspace_id
      where not (w.is_personal and w.created_by = auth.uid())
    ), '[]')
  )
$$;

-- Deletes the caller's account. p_successors: for each shared workspace that the caller alone owns its id, with the
-- id of an admin or member who owns it from then on, or null to delete it; others are ignored.
-- PT409: a workspace is missing; `details` has {"code": "successor_needed", "workspaces": [{id, name}]}.
-- PT400: somebody chosen is not among the admins and members; `details` has {"<workspace id>": [...]}.
drop function public.delete_account();
create function public.delete_account(p_successors jsonb default '{}') returns void
language plpgsql security definer set search_path = ''
as $$
declare
  v_missing jsonb;
  v_errors jsonb;
begin
  perform private.lock_workspaces_of(auth.uid());
  select jsonb_agg(jsonb_build_object('id', w.id, 'name', w.name) order by w.name, w.id) into v_missing
  from private.sole_ownerships(auth.uid()) s join public.workspaces w on w.id = s.workspace_id
  where s.is_shared and not coalesce(p_successors, '{}') ? s.workspace_id::text;
  if v_missing is not null then
    raise exception using
      errcode = 'PT409',
      message = 'Choose who owns each shared workspace after you, or that it is deleted.',
      detail = jsonb_build_object('code', 'successor_needed', 'workspaces', v_missing)::text;
  end if;
  select jsonb_object_agg(s.workspace_id, private.problem(
    'unknown_choice', 'Choose an admin or a member of this workspace.'
  )) into v_errors
  from private.sole_ownerships(auth.uid()) s
  where s.is_shared and p_successors ->> s.workspace_id::text is not null and not exists (
    select from private.successors(s.workspace_id, auth.uid()) x
    where x.user_id::text = p_successors ->> s.workspace_id::text
  );
  if v_errors is not null then
    perform private.refuse_fields(v_errors);
  end if;
  perform private.hand_over(s.workspace_id, (p_successors ->> s.workspace_id::text)::uuid)
  from private.sole_ownerships(auth.uid()) s where s.is_shared;
  delete from auth.users where id = auth.uid();
end
$$;

revoke all on function
  private.require_open_account(uuid), private.is_open_account(uuid), private.note_enterer(),
  private.refuse_closed_account(), private.sole_ownerships(uuid), private.successors(uuid, uuid),
  private.lock_workspaces_of(uuid), private.hand_over(uuid, uuid), private.end_account(uuid),
  private.drop_credentials_of(uuid), private.end_deleted_account(), private.on_ban()
  from public;
grant execute on function private.is_open_account(uuid), private.require_open_account(uuid) to service_role;
revoke all on function public.preview_account_deletion(), public.delete_account(jsonb)
  from public, anon, authenticated;
grant execute on function public.preview_account_deletion(), public.delete_account(jsonb) to authenticated;

-- Accounts that were soft-deleted before.
select private.end_account(id) from auth.users where deleted_at is not null;
