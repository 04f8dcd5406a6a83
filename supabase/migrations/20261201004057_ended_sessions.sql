-- An access token outlives its session by up to an hour. In that hour it makes nothing that lasts longer (API tokens,
-- invitations, roles), and it ends neither other sessions nor the account.

-- Refuses a request of a session that was signed out. Without a session (an API token, the service role) there is none
-- to look for.
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

create or replace function public.end_session(p_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.require_live_session();
  delete from auth.sessions where id = p_id and user_id = auth.uid();
  if not found then
    raise exception using errcode = 'PT404', message = 'This session has ended already.';
  end if;
  perform private.record_sign_out(1);
end
$$;

create or replace function public.end_other_sessions() returns integer
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

revoke all on function private.require_live_session(), private.refuse_ended_session() from public;
