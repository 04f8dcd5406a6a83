-- A conversation whose process takes too much memory ends with a reason of its own.
alter table public.voice_sessions
  drop constraint voice_sessions_end_reason,
  add constraint voice_sessions_end_reason check (end_reason in (
    'user_left', 'room_closed', 'idle', 'time_limit', 'out_of_memory', 'ended_elsewhere', 'error', 'lost',
    'nobody_joined', 'worker_drained', 'model_not_found', 'model_rejected_settings', 'model_key_rejected',
    'model_quota', 'model_unavailable'
  ));
