-- Accounts: deletion, successors of owners, and sign-in sessions. The same rules apply whether the user deletes the
-- account, an administrator deletes the row of auth.users, or Auth soft-deletes it (keeps the row, sets
-- `deleted_at`).

-- Refuses an account that was deleted or banned, whose access token may be valid for another hour. The lock
-- serializes this with a deletion in progress.
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

create function private.refuse_closed_account() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_open_account((to_jsonb(new) ->> tg_argv[0])::uuid);
  return new;
end
$$;
-- Also covers new workspaces and accepted invitations, which both add a member.
create trigger a_refuse_closed_account before insert on public.workspace_members
  for each row execute function private.refuse_closed_account('user_id');
create trigger a_refuse_closed_account before insert on public.voice_sessions
  for each row execute function private.refuse_closed_account('user_id');
create trigger a_refuse_closed_account before insert on public.api_tokens
  for each row execute function private.refuse_closed_account('created_by');

-- Who may own a workspace next, best first: admins, then members, by the time they joined. Never viewers or banned
-- accounts.
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

-- Workspaces, other than the personal one, that would have no owner without this user, and whether anyone else is a
-- member. A banned owner counts only if nobody else could succeed.
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
      where o.workspace_id = m.workspace_id and o.user_id <> p_user_id and o.role = 'owner' and (
        private.is_open_account(o.user_id)
        or not exists (select from private.successors(m.workspace_id, p_user_id))
      )
    )
  order by m.workspace_id
$$;

-- Serializes people who leave the same workspaces, so that the last owner knows it.
create function private.lock_workspaces_of(p_user_id uuid) returns void
language sql security definer set search_path = ''
as $$
  select from public.workspaces w
  where w.created_by = p_user_id and w.is_personal or exists (
    select from public.workspace_members m where m.workspace_id = w.id and m.user_id = p_user_id
  )
  order by w.id for update
$$;

-- Gives a workspace another owner, or deletes it (p_successor_id null).
create function private.assign_successor(p_workspace_id uuid, p_successor_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
begin
  if p_successor_id is null then
    delete from public.workspaces where id = p_workspace_id;
  else
    update public.workspace_members set role = 'owner'
    where workspace_id = p_workspace_id and user_id = p_successor_id;
    perform private.record_event(
      p_workspace_id, 'update', 'workspaces',
      jsonb_build_object('owner', jsonb_build_object('from', 'a deleted account', 'to', p_successor_id))
    );
  end if;
end
$$;

-- Ends an account: deletes its personal workspace, gives workspaces that only this user owns to the first of
-- private.successors or deletes them, and deletes the credentials the user entered. Then deletes or clears all
-- references to the user, as deleting the row in auth.users would.
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
    perform private.assign_successor(
      v_workspace_id, (select s.user_id from private.successors(v_workspace_id, p_user_id) s limit 1)
    );
  end loop;
  perform private.delete_credentials_of(p_user_id);
  for v_reference in
    select c.conrelid::regclass as table_name, a.attname as column_name, c.confdeltype = 'c' as is_deleted
    from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    where c.contype = 'f' and c.confrelid = 'auth.users'::regclass
      and c.connamespace in ('public'::regnamespace, 'private'::regnamespace)
    -- The audit log last, because deletions write to it.
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

create function private.end_deleted_account() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.record_end_of_account(old.id);
  perform private.end_account(old.id);
  return case when tg_op = 'DELETE' then old end;
end
$$;
create trigger patchbay_end_deleted_account before delete on auth.users
  for each row execute function private.end_deleted_account();
create trigger patchbay_end_soft_deleted_account after update on auth.users
  for each row when (old.deleted_at is null and new.deleted_at is not null)
  execute function private.end_deleted_account();

-- Ends running conversations. API tokens stop while the ban lasts (use_api_token), and pages when Auth refuses to
-- refresh their session.
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

-- Returns what deleting the caller's account would do: {personal: {name, members}, shared: [{id, name, successors:
-- [{user_id, email}]}], alone: [name], credentials: [{workspace, name, kind}]}. `shared` are the workspaces that need
-- a choice; `alone` and `personal` are deleted.
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

-- Deletes the caller's account. p_successors maps the id of each shared workspace that only the caller owns to the
-- user id of the admin or member who becomes its owner, or to null to delete it; others are ignored. PT409: a
-- workspace is missing; `details` has {"code": "successor_needed", "workspaces": [{id, name}]}. PT400: a chosen
-- successor is not an admin or member; `details` has {"<workspace id>": [...]}.
create function public.delete_account(p_successors jsonb default '{}') returns void
language plpgsql security definer set search_path = ''
as $$
declare
  v_missing jsonb;
  v_errors jsonb;
begin
  if p_successors is not null and jsonb_typeof(p_successors) <> 'object' then
    perform private.refuse_fields(jsonb_build_object('successors', private.field_error(
      'wrong_type', 'Send an object that maps each workspace id to a user id or null.'
    )));
  end if;
  perform private.lock_workspaces_of(auth.uid());
  select jsonb_agg(jsonb_build_object('id', w.id, 'name', w.name) order by w.name, w.id) into v_missing
  from private.sole_ownerships(auth.uid()) s join public.workspaces w on w.id = s.workspace_id
  where s.is_shared and not coalesce(p_successors, '{}') ? s.workspace_id::text;
  if v_missing is not null then
    raise exception using
      errcode = 'PT409',
      message = 'Choose a new owner for each shared workspace, or delete it.',
      detail = jsonb_build_object('code', 'successor_needed', 'workspaces', v_missing)::text;
  end if;
  select jsonb_object_agg(s.workspace_id, private.field_error(
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
  perform private.assign_successor(s.workspace_id, (p_successors ->> s.workspace_id::text)::uuid)
  from private.sole_ownerships(auth.uid()) s where s.is_shared;
  delete from auth.users where id = auth.uid();
end
$$;

-- Lists the caller's sign-in sessions, the current one first, then by last use. Auth refuses to refresh a deleted
-- session; its access token stays valid until it expires (an hour at most).
create function public.my_sessions() returns table (
  id uuid, created_at timestamptz, last_used_at timestamptz, user_agent text, ip text, is_current boolean
)
language sql stable security definer set search_path = ''
as $$
  select s.id, s.created_at, coalesce(s.refreshed_at at time zone 'UTC', s.created_at), s.user_agent, host(s.ip),
    s.id::text is not distinct from auth.jwt() ->> 'session_id'
  from auth.sessions s
  where s.user_id = auth.uid() and (s.not_after is null or s.not_after > now())
  order by 6 desc, 3 desc, 1
$$;

-- Ends one of the caller's sign-in sessions. PT404: no such session.
create function public.end_session(p_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_live_session();
  delete from auth.sessions where id = p_id and user_id = auth.uid();
  if not found then
    raise exception using errcode = 'PT404', message = 'This session has already ended.';
  end if;
  perform private.record_sign_out(1);
end
$$;

-- Ends all sign-in sessions of the caller but the current one and returns how many.
create function public.end_other_sessions() returns integer
language plpgsql security definer set search_path = ''
as $$
declare
  v_ended integer;
begin
  perform private.require_live_session();
  delete from auth.sessions where user_id = auth.uid() and id::text <> auth.jwt() ->> 'session_id';
  get diagnostics v_ended = row_count;
  perform private.record_sign_out(v_ended);
  return v_ended;
end
$$;

-- Refuses a request of a session that was signed out. API tokens and the service role have no session to check.
create function private.require_live_session() returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
  if auth.jwt() ->> 'session_id' is not null and not exists (
    select from auth.sessions where id::text = auth.jwt() ->> 'session_id' and user_id = auth.uid()
  ) then
    raise exception using errcode = 'PT403', message = 'This browser was signed out. Sign in again.';
  end if;
end
$$;

create function private.refuse_ended_session() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_live_session();
  return null;
end
$$;
create trigger a_refuse_ended_session before insert on public.api_tokens
  for each statement execute function private.refuse_ended_session();
create trigger a_refuse_ended_session before insert on public.workspace_invitations
  for each statement execute function private.refuse_ended_session();
create trigger a_refuse_ended_session before update of role on public.workspace_members
  for each statement execute function private.refuse_ended_session();
create trigger patchbay_a_refuse_ended_session before delete on auth.users
  for each statement execute function private.refuse_ended_session();

revoke all on all functions in schema private from public;
revoke all on function
  public.preview_account_deletion, public.delete_account, public.my_sessions, public.end_session,
  public.end_other_sessions
  from public, anon, authenticated;
grant execute on function private.require_open_account, private.is_open_account to service_role;
grant execute on function
  public.preview_account_deletion, public.delete_account, public.my_sessions, public.end_session,
  public.end_other_sessions
  to authenticated;
