-- A sign-in that was begun with a right is finished only with it, and a workspace is left to somebody who can use it.

-- Between the two steps of a sign-in a member may leave or get another role: no sign-in of theirs becomes the
-- workspace's then. The same rule is mayEdit and mayTest of the edge functions.
create function private.require_right_to_sign_in() returns trigger
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
-- After note_enterer, in the order of names.
create trigger require_right before insert on public.mcp_server_grants
  for each row execute function private.require_right_to_sign_in();
revoke all on function private.require_right_to_sign_in() from public;

-- Workspaces that would have no owner without this user: each with whether anybody else is a member. The personal
-- workspace is not among them, for it goes with its person. A banned owner counts only where nobody else could follow.
create or replace function private.sole_ownerships(p_user_id uuid) returns table (workspace_id uuid, is_shared boolean)
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
