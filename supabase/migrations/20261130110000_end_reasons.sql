-- Why a conversation ended: a closed list of codes, which pages and the REST API put in words (shared/src/end-reason.ts).

update public.voice_sessions set end_reason = case
  when end_reason = 'nobody joined' then 'nobody_joined'
  when end_reason not in ('user_left', 'room_closed', 'error', 'lost', 'worker_drained') then 'error'
  else end_reason
end
where end_reason is not null;

alter table public.voice_sessions
  drop constraint voice_sessions_end_reason_length,
  add constraint voice_sessions_end_reason check (end_reason in (
    'user_left', 'room_closed', 'idle', 'error', 'lost', 'nobody_joined', 'worker_drained',
    'model_not_found', 'model_rejected_settings', 'model_key_rejected', 'model_quota', 'model_unavailable'
  ));

create or replace function public.set_session_state(p_session_id uuid, p_state text, p_end_reason text default null)
returns boolean
language plpgsql set search_path = ''
as $$
begin
  update public.voice_sessions
  set
    state = p_state,
    ended_at = case when p_state = 'ended' then now() end,
    end_reason = case when p_state <> 'active' then p_end_reason end
  where id = p_session_id and state <> 'ended' and state <> p_state;
  return found;
end
$$;

create or replace function private.end_lost_sessions() returns integer
language plpgsql set search_path = ''
as $$
declare
  v_ended integer;
begin
  update public.voice_sessions
  set state = 'ended', ended_at = now(),
    end_reason = case state when 'starting' then 'nobody_joined' else 'lost' end
  where state <> 'ended'
    and started_at < now() - case state when 'starting' then interval '1 hour' else interval '1 day' end;
  get diagnostics v_ended = row_count;
  return v_ended;
end
$$;
