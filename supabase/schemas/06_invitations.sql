-- Invitations: a link that makes its holder a member, once. The token is shown once; the database keeps its SHA-256.
-- A link with an email address works for that address only; one without works for anyone who has it.

-- Triggers, in firing order:
--   before statement: a_count_write, a_refuse_ended_session
--   before row: a_stop_large_change, a_stop_large_insert
--   after row: audit
--   after statement: count_deleted_rows, count_inserted_rows, count_invitations, count_updated_rows,
--     limit_invitations
create table public.workspace_invitations (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  email text,
  role text not null,
  token_hash text not null unique,
  invited_by uuid not null references auth.users (id) on delete cascade,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid references auth.users (id) on delete cascade,
  created_at timestamptz not null default now(),
  constraint workspace_invitations_email_form check (
    char_length(email) <= 320
    and private.is_email(email)
  ),
  constraint workspace_invitations_role check (role in ('admin', 'member', 'viewer')),
  constraint workspace_invitations_token_hash check (token_hash ~ '^[0-9a-f]{64}$'),
  constraint workspace_invitations_accepted check ((accepted_at is null) = (accepted_by is null))
);
create index workspace_invitations_workspace on public.workspace_invitations (workspace_id);
create index workspace_invitations_invited_by on public.workspace_invitations (invited_by);
create index workspace_invitations_accepted_by on public.workspace_invitations (accepted_by);

alter table public.workspace_invitations enable row level security;
revoke all on public.workspace_invitations from anon, authenticated;
grant
  select (id, workspace_id, email, role, invited_by, expires_at, accepted_at, accepted_by, created_at),
  delete
  on public.workspace_invitations to authenticated;
grant select, insert, update, delete on public.workspace_invitations to service_role;
create policy "owners see invitations" on public.workspace_invitations for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids(array['owner']))::uuid[]));
create policy "owners revoke invitations" on public.workspace_invitations for delete to authenticated
  using (workspace_id = any ((select private.my_workspace_ids(array['owner']))::uuid[]));

select private.limit_writes('public.workspace_invitations');

create trigger limit_invitations after insert on public.workspace_invitations
  referencing new table as new_rows for each statement
  execute function private.enforce_limit(
    'open_invitations', 'workspace_id', 'accepted_at is null and expires_at > now()'
  );

create trigger count_invitations after insert on public.workspace_invitations
  referencing new table as new_rows for each statement
  execute function private.count_uses('invitations_per_day_per_user', 'invited_by');

-- Email addresses of people who never joined are not recorded.
create trigger audit after insert or delete or update of accepted_at on public.workspace_invitations
  for each row execute function private.audit('id', 'role expires_at accepted_at', 'email');

-- A former owner must not come back through a link of their own.
create function private.revoke_invitations() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  delete from public.workspace_invitations
  where workspace_id = old.workspace_id and invited_by = old.user_id and accepted_at is null;
  return null;
end
$$;
create trigger revoke_invitations_on_leaving after delete on public.workspace_members
  for each row when (old.role = 'owner') execute function private.revoke_invitations();
create trigger revoke_invitations_on_demotion after update of role on public.workspace_members
  for each row when (old.role = 'owner' and new.role <> 'owner')
  execute function private.revoke_invitations();

-- Creates an invitation and returns {id, token, role, email, expires_at}; the token is shown only here. p_email: null
-- for anyone who has the link. p_expires_in_hours: 1 to 720. PT404: no such workspace. PT403: the caller is not an
-- owner. PT400: a field is invalid.
create function public.create_invitation(
  p_workspace_id uuid, p_role text, p_email text default null, p_expires_in_hours integer default 168
) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  v_token text := private.new_token();
  v_email text := nullif(lower(private.trimmed(p_email)), '');
  v_errors jsonb;
  v_made public.workspace_invitations;
begin
  if p_workspace_id is null or p_workspace_id <> all (private.my_workspace_ids()) then
    raise exception using errcode = 'PT404', message = 'There is no such workspace.';
  end if;
  if p_workspace_id <> all (private.my_workspace_ids(array['owner'])) then
    raise exception using errcode = 'PT403', message = 'Only owners can invite people.';
  end if;
  select coalesce(jsonb_object_agg(field, problem), '{}') into v_errors
  from (
    values
      ('role', case
        when p_role is null then private.field_error('required', 'Choose admin, member or viewer.')
        when p_role not in ('admin', 'member', 'viewer')
          then private.field_error('unknown_choice', 'Choose admin, member or viewer.')
      end),
      ('email', coalesce(private.text_error(v_email, 320), case
        when not private.is_email(v_email)
          then private.field_error('bad_format', 'Enter a valid email address.')
      end)),
      ('expires_in_hours', case
        when p_expires_in_hours is null
          then private.field_error('required', 'Enter 1 to 720 hours (30 days).')
        when p_expires_in_hours not between 1 and 720
          then private.field_error('out_of_range', 'Enter 1 to 720 hours (30 days).')
      end)
  ) as checks (field, problem)
  where problem is not null;
  if v_errors <> '{}' then
    perform private.refuse_fields(v_errors);
  end if;

  insert into public.workspace_invitations (workspace_id, email, role, token_hash, invited_by, expires_at)
  values (
    p_workspace_id, v_email, p_role, private.token_hash(v_token), auth.uid(),
    now() + make_interval(hours => p_expires_in_hours)
  )
  returning * into v_made;
  return jsonb_build_object(
    'id', v_made.id, 'token', v_token, 'role', v_made.role, 'email', v_made.email,
    'expires_at', v_made.expires_at
  );
end
$$;

-- Locks and returns the invitation of a token if the caller may use it or has used it. Unknown and revoked tokens get
-- the same answer, so that guessing reveals nothing.
create function private.invitation_for_me(p_token text) returns public.workspace_invitations
language plpgsql security definer set search_path = ''
as $$
declare
  v_found public.workspace_invitations;
begin
  select * into v_found from public.workspace_invitations
  where token_hash = private.token_hash(p_token) for update;
  if not found then
    raise exception using errcode = 'PT404',
      message = 'This invitation isn''t valid or was revoked. Ask for a new link.';
  end if;
  if v_found.email is not null and not exists (
    select from auth.users u where u.id = auth.uid() and lower(u.email) = v_found.email
  ) then
    raise exception using errcode = 'PT403',
      message = 'This invitation is for another email address. Sign in with the address it was sent to.';
  end if;
  -- An invitation works once, even for a person who left or was removed since.
  if v_found.accepted_by <> auth.uid()
    or (v_found.accepted_by is not null and v_found.workspace_id <> all (private.my_workspace_ids()))
  then
    raise exception using errcode = 'PT410', message = 'This invitation was already used. Ask for a new link.';
  end if;
  if v_found.accepted_by is null and v_found.expires_at <= now() then
    raise exception using errcode = 'PT410', message = 'This invitation has expired. Ask for a new link.';
  end if;
  return v_found;
end
$$;

-- Returns what an invitation is for: {workspace_id, workspace_name, role, expires_at, is_member}. Errors as in
-- accept_invitation.
create function public.preview_invitation(p_token text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  v_invitation public.workspace_invitations := private.invitation_for_me(p_token);
begin
  return (
    select jsonb_build_object(
      'workspace_id', w.id, 'workspace_name', w.name, 'role', v_invitation.role,
      'expires_at', v_invitation.expires_at,
      'is_member', w.id = any (private.my_workspace_ids())
    )
    from public.workspaces w where w.id = v_invitation.workspace_id
  );
end
$$;

-- Makes the caller a member and returns {workspace_id, workspace_name, role, joined}. An existing member keeps their
-- role and leaves the link unused (joined: false); the same person may click twice. PT404: unknown or revoked. PT410:
-- expired, or used by someone else. PT403: for another email address.
create function public.accept_invitation(p_token text) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  v_invitation public.workspace_invitations := private.invitation_for_me(p_token);
  v_is_member boolean := v_invitation.workspace_id = any (private.my_workspace_ids());
begin
  if not v_is_member then
    insert into public.workspace_members (workspace_id, user_id, role)
    values (v_invitation.workspace_id, auth.uid(), v_invitation.role);
    update public.workspace_invitations set accepted_at = now(), accepted_by = auth.uid()
    where id = v_invitation.id;
  end if;
  return (
    select jsonb_build_object(
      'workspace_id', w.id, 'workspace_name', w.name, 'role', m.role, 'joined', not v_is_member
    )
    from public.workspaces w
    join public.workspace_members m on m.workspace_id = w.id and m.user_id = auth.uid()
    where w.id = v_invitation.workspace_id
  );
end
$$;

revoke all on all functions in schema private from public;
revoke all on function
  public.create_invitation, public.preview_invitation, public.accept_invitation
  from public, anon, authenticated;
grant execute on function
  public.create_invitation, public.preview_invitation, public.accept_invitation
  to authenticated;
