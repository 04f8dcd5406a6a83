-- Names of further limits. What each one holds for, and its default, is set where it is enforced.
alter table public.limits drop constraint limits_name;
alter table public.limits add constraint limits_name check (name in (
  'workspaces_per_user', 'members', 'open_invitations', 'api_tokens', 'servers', 'servers_per_user',
  'tools_per_server', 'tool_settings_per_server', 'agents',
  'sessions_per_day', 'sessions_per_day_per_user', 'sessions_at_once', 'sessions_at_once_per_user',
  'session_minutes', 'session_idle_minutes',
  'probes_per_minute', 'probes_per_minute_per_user', 'voice_tokens_per_minute', 'voice_tokens_per_minute_per_user',
  'function_calls_per_minute', 'function_calls_per_minute_per_user', 'token_calls_per_minute',
  'writes_per_minute', 'writes_per_minute_per_user', 'host_requests_per_minute', 'host_requests_at_once'
));
