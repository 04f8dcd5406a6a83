-- Where a user is signed in, and which API tokens act for the user: read and ended by the user alone. An API token
-- can call none of this, since its role has no rights to it.

-- The caller's sessions, the latest used first. Auth refuses to refresh a session that was deleted; an access token that
-- was issued before stays valid until it expires (an hour at most).
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

-- Notes in the trail of the caller's personal workspace how many sessions were ended.
create function private.record_sign_out(p_count integer) returns void
language sql security definer set search_path = ''
as $$
  select private.record_event(
    w.id, 'sign_out', 'sessions', jsonb_build_object('sessions', jsonb_build_object('from', p_count))
  )
  from public.workspaces w where w.created_by = auth.uid() and w.is_personal and p_count > 0
$$;

-- Ends one of the caller's sessions. PT404: there is no such session.
create function public.end_session(p_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
begin
  delete from auth.sessions where id = p_id and user_id = auth.uid();
  if not found then
    raise exception using errcode = 'PT404', message = 'This session has ended already.';
  end if;
  perform private.record_sign_out(1);
end
$$;

-- Ends all sessions of the caller but the one that asks, and answers how many.
create function public.end_other_sessions() returns integer
language plpgsql security definer set search_path = ''
as $$
declare
  v_ended integer;
begin
  delete from auth.sessions where user_id = auth.uid() and id::text <> auth.jwt() ->> 'session_id';
  get diagnostics v_ended = row_count;
  perform private.record_sign_out(v_ended);
  return v_ended;
end
$$;

-- The API tokens that act for the caller, in every workspace and whatever the caller's role there is now.
create function public.my_api_tokens() returns table (
  id uuid, name text, workspace_name text, scopes text[], created_at timestamptz, last_used_at timestamptz,
  expires_at timestamptz
)
language sql stable security definer set search_path = ''
as $$
  select t.id, t.name, w.name, t.scopes, t.created_at, t.last_used_at, t.expires_at
  from public.api_tokens t join public.workspaces w on w.id = t.workspace_id
  where t.created_by = auth.uid() and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
  order by w.name, t.name, t.id
$$;

-- Revokes those of the caller's API tokens, and answers how many.
create function public.revoke_my_api_tokens(p_ids uuid[]) returns integer
language plpgsql security definer set search_path = ''
as $$
declare
  v_revoked integer;
begin
  update public.api_tokens set revoked_at = now()
  where id = any (p_ids) and created_by = auth.uid() and revoked_at is null;
  get diagnostics v_revoked = row_count;
  return v_revoked;
end
$$;

revoke all on function private.record_sign_out(integer) from public;
revoke all on function
  public.my_sessions(), public.end_session(uuid), public.end_other_sessions(), public.my_api_tokens(),
  public.revoke_my_api_tokens(uuid[])
  from public, anon, authenticated;
grant execute on function
  public.my_sessions(), public.end_session(uuid), public.end_other_sessions(), public.my_api_tokens(),
  public.revoke_my_api_tokens(uuid[])
  to authenticated;
