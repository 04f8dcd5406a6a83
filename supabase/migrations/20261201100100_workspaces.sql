-- Workspaces and their members. Everything a user creates belongs to a workspace; each user starts with a personal
-- one.

-- The workspaces in which the caller has one of these roles. An array, so that a policy computes it once per
-- statement and uses it with an index. In PL/pgSQL, which caches the plan, the call is three times as fast as in SQL.
create function private.my_workspace_ids(p_roles text[] default array['owner', 'admin', 'member', 'viewer'])
returns uuid[]
language plpgsql stable security definer set search_path = ''
as $$
begin
  return (
    select coalesce(array_agg(m.workspace_id), '{}')
    from public.workspace_members m
    where m.user_id = (select auth.uid()) and m.role = any (p_roles)
  );
end
$$;

-- Triggers, in firing order:
--   before statement: a_count_write
--   before row: a_stop_large_change, a_stop_large_insert, check_workspace
--   after row: add_default_agent, add_owner, audit, audit_transcripts
--   after statement: count_deleted_rows, count_inserted_rows, count_updated_rows, count_workspaces, limit_workspaces
create table public.workspaces (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  created_by uuid default auth.uid() references auth.users (id) on delete set null,
  is_personal boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  keep_transcripts boolean not null default true,
  constraint workspaces_name_length check (char_length(name) between 1 and 80)
);
create unique index workspaces_one_personal_each on public.workspaces (created_by) where is_personal;
create index workspaces_created_by on public.workspaces (created_by);

alter table public.workspaces enable row level security;
revoke all on public.workspaces from anon, authenticated;
grant select, insert (name), update (name, keep_transcripts), delete on public.workspaces to authenticated;
grant select, insert, update, delete on public.workspaces to service_role;
-- The second half lets INSERT ... RETURNING show the row before its trigger has made the creator a member.
create policy "members see their workspaces" on public.workspaces for select to authenticated
  using (
    id = any ((select private.my_workspace_ids())::uuid[])
    or (created_by = (select auth.uid()) and created_at = now())
  );
create policy "users create workspaces" on public.workspaces for insert to authenticated
  with check (created_by = (select auth.uid()));
create policy "owners and admins edit workspaces" on public.workspaces for update to authenticated
  using (id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[]))
  with check (id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[]));
create policy "owners delete shared workspaces" on public.workspaces for delete to authenticated
  using (not is_personal and id = any ((select private.my_workspace_ids(array['owner']))::uuid[]));

-- Triggers, in firing order:
--   before statement: a_count_write, a_refuse_ended_session
--   before row: a_refuse_closed_account, a_stop_large_change, a_stop_large_insert, require_owner
--   after row: audit, delete_member_grants, delete_member_keys, hint_members, limit_new_owner,
--     revoke_invitations_on_demotion, revoke_invitations_on_leaving, revoke_member_tokens, z_delete_empty_workspace
--   after statement: count_deleted_rows, count_inserted_rows, count_updated_rows, limit_members
create table public.workspace_members (
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  role text not null,
  created_at timestamptz not null default now(),
  primary key (workspace_id, user_id),
  constraint workspace_members_role check (role in ('owner', 'admin', 'member', 'viewer'))
);

-- Covers the query that every policy makes.
create index workspace_members_of_user on public.workspace_members (user_id) include (workspace_id, role);

alter table public.workspace_members enable row level security;
revoke all on public.workspace_members from anon, authenticated;
grant select, update (role), delete on public.workspace_members to authenticated;
grant select, insert, update, delete on public.workspace_members to service_role;
create policy "members see other members" on public.workspace_members for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids())::uuid[]));
create policy "owners set roles" on public.workspace_members for update to authenticated
  using (workspace_id = any ((select private.my_workspace_ids(array['owner']))::uuid[]))
  with check (workspace_id = any ((select private.my_workspace_ids(array['owner']))::uuid[]));
create policy "owners remove members, everyone can leave" on public.workspace_members
  for delete to authenticated
  using (
    user_id = (select auth.uid())
    or workspace_id = any ((select private.my_workspace_ids(array['owner']))::uuid[])
  );

create function private.check_workspace() returns trigger
language plpgsql set search_path = ''
as $$
declare
  v_problem jsonb;
begin
  new.name := private.trimmed(new.name);
  v_problem := private.text_error(new.name, 80, 'Give the workspace a name.');
  if v_problem is not null then
    perform private.refuse_fields(jsonb_build_object('name', v_problem));
  end if;
  new.updated_at := now();
  return new;
end
$$;
create trigger check_workspace before insert or update of name on public.workspaces
  for each row execute function private.check_workspace();

create function private.add_owner() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  if new.created_by is not null then
    insert into public.workspace_members (workspace_id, user_id, role) values (new.id, new.created_by, 'owner');
  end if;
  return null;
end
$$;
create trigger add_owner after insert on public.workspaces
  for each row execute function private.add_owner();

-- A workspace always has an owner, and a personal one keeps the user it was created for. The lock serializes owners
-- who leave at the same time. Deleting the workspace or the user is allowed.
create function private.require_owner() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_workspace public.workspaces;
begin
  if tg_op = 'UPDATE' and new.role = 'owner' then
    return new;
  end if;
  select * into v_workspace from public.workspaces where id = old.workspace_id for update;
  if found and old.role = 'owner' and exists (select from auth.users where id = old.user_id) then
    if v_workspace.is_personal and v_workspace.created_by = old.user_id then
      raise exception using
        errcode = 'PT409', message = 'The owner of a personal workspace can''t leave it or get another role.';
    end if;
    if not exists (
      select from public.workspace_members
      where workspace_id = old.workspace_id and role = 'owner' and user_id <> old.user_id
    ) then
      raise exception using
        errcode = 'PT409', message = 'A workspace needs an owner. Make someone else an owner first.';
    end if;
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end
$$;
create trigger require_owner before update of role or delete on public.workspace_members
  for each row execute function private.require_owner();

-- private.end_account has chosen a new owner before, so this only deletes workspaces without members.
create function private.delete_empty_workspace() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.workspaces w
  where w.id = old.workspace_id
    and not exists (select from public.workspace_members m where m.workspace_id = w.id);
  return null;
end
$$;
create trigger z_delete_empty_workspace after delete on public.workspace_members
  for each row execute function private.delete_empty_workspace();

create function private.create_personal_workspace() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.workspaces (name, created_by, is_personal)
  values (left(coalesce(nullif(split_part(new.email, '@', 1), ''), 'Personal'), 80), new.id, true);
  return null;
end
$$;
create trigger patchbay_create_personal_workspace after insert on auth.users
  for each row execute function private.create_personal_workspace();

-- Lists the members of a workspace with their email addresses. Returns no rows to non-members.
create function public.list_members(p_workspace_id uuid)
returns table (user_id uuid, email text, role text, created_at timestamptz)
language sql stable security definer set search_path = ''
as $$
  select m.user_id, u.email::text, m.role, m.created_at
  from public.workspace_members m
  join auth.users u on u.id = m.user_id
  where m.workspace_id = p_workspace_id and p_workspace_id = any (private.my_workspace_ids())
  order by array_position(array['owner', 'admin', 'member', 'viewer'], m.role), m.created_at, m.user_id
$$;

-- Transfers the caller's ownership to another member; the caller becomes an admin. Runs with the caller's rights.
-- PT404: no such workspace or member. PT403: the caller is not an owner. PT409: the workspace is personal.
create function public.transfer_ownership(p_workspace_id uuid, p_user_id uuid) returns void
language plpgsql set search_path = ''
as $$
begin
  if p_workspace_id is null or p_workspace_id <> all (private.my_workspace_ids()) then
    raise exception using errcode = 'PT404', message = 'There is no such workspace.';
  end if;
  if p_workspace_id <> all (private.my_workspace_ids(array['owner'])) then
    raise exception using errcode = 'PT403', message = 'Only owners can transfer ownership.';
  end if;
  update public.workspace_members set role = 'owner'
  where workspace_id = p_workspace_id and user_id = p_user_id and user_id <> auth.uid();
  if not found then
    raise exception using errcode = 'PT404', message = 'This person isn''t another member of the workspace.';
  end if;
  update public.workspace_members set role = 'admin'
  where workspace_id = p_workspace_id and user_id = auth.uid();
end
$$;

-- Users who existed before this migration.
insert into public.workspaces (name, created_by, is_personal)
select left(coalesce(nullif(split_part(u.email, '@', 1), ''), 'Personal'), 80), u.id, true
from auth.users u where u.deleted_at is null;

revoke all on all functions in schema private from public;
revoke all on function public.list_members, public.transfer_ownership from public, anon, authenticated;
grant execute on function private.my_workspace_ids to authenticated, service_role;
grant execute on function public.list_members, public.transfer_ownership to authenticated;
