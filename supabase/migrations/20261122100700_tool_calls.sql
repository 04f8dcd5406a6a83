-- Tool calls: what the agent did, and what members tried by hand, with redacted arguments and without results.

create table public.tool_calls (
  id uuid primary key,
  -- Null: made by hand through the function call-tool.
  session_id uuid references public.voice_sessions (id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  user_id uuid not null references auth.users (id) on delete cascade,
  server_id uuid references public.mcp_servers (id) on delete set null,
  tool_name text not null,
  arguments jsonb,
  outcome text not null,
  error_code text,
  started_at timestamptz not null,
  queue_ms integer,
  duration_ms integer,
  result_bytes integer,
  constraint tool_calls_tool_name_length check (char_length(tool_name) between 1 and 256),
  constraint tool_calls_outcome check (
    outcome in ('ok', 'tool_error', 'timeout', 'cancelled', 'unavailable', 'refused')
  ),
  constraint tool_calls_arguments_size check (octet_length(arguments::text) <= 16384)
);

create index tool_calls_by_session on public.tool_calls (session_id, started_at);
create index tool_calls_by_server on public.tool_calls (server_id, started_at desc);
create index tool_calls_by_workspace on public.tool_calls (workspace_id, started_at desc);
create index tool_calls_by_user on public.tool_calls (user_id, started_at desc);

revoke all on public.tool_calls from anon, authenticated;
grant select on public.tool_calls to authenticated;
grant select, insert, update, delete on public.tool_calls to service_role;

alter table public.tool_calls enable row level security;

create policy "members see their own calls, admins all" on public.tool_calls for select to authenticated
  using (
    workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[])
    or (user_id = (select auth.uid()) and workspace_id = any ((select private.my_workspace_ids())::uuid[]))
  );

-- Records finished calls and answers how many were new. The caller makes the ids, so that a repeated report
-- counts once; calls of a session that is gone are left out, and a server that is gone becomes null.
create function public.record_tool_calls(p_calls jsonb) returns integer
language plpgsql set search_path = ''
as $$
declare
  v_recorded integer;
begin
  insert into public.tool_calls (
    id, session_id, workspace_id, user_id, server_id, tool_name, arguments, outcome, error_code, started_at,
    queue_ms, duration_ms, result_bytes
  )
  select
    c.id, v.id, v.workspace_id, v.user_id, s.id, left(c.tool_name, 256),
    case when octet_length(c.arguments::text) <= 16384 then nullif(c.arguments, 'null')
      else '{"truncated": true}' end,
    c.outcome, c.error_code, c.started_at, round(c.queue_ms), round(c.duration_ms), c.result_bytes
  from jsonb_to_recordset(p_calls) as c (
    id uuid, session_id uuid, server_id uuid, tool_name text, arguments jsonb, outcome text, error_code text,
    started_at timestamptz, queue_ms numeric, duration_ms numeric, result_bytes integer
  )
  join public.voice_sessions v on v.id = c.session_id
  left join public.mcp_servers s on s.id = c.server_id and s.workspace_id = v.workspace_id
  on conflict (id) do nothing;
  get diagnostics v_recorded = row_count;
  return v_recorded;
end
$$;

-- How long the last answers of each tool took that the session may use, the oldest first: what to expect of the next.
-- An answer from the cache was never queued, and says nothing.
create function public.recent_call_times(p_session_id uuid)
returns table (server_id uuid, tool_name text, durations_ms integer[])
language sql stable set search_path = ''
as $$
  select s.id, recent.tool_name, array_agg(recent.duration_ms order by recent.started_at)
  from public.voice_sessions v
  join public.mcp_servers s on s.workspace_id = v.workspace_id and s.is_active
  cross join lateral (
    select c.tool_name, c.duration_ms, c.started_at
    from public.tool_calls c
    where c.server_id = s.id and c.outcome in ('ok', 'timeout') and c.queue_ms is not null and c.duration_ms is not null
    order by c.started_at desc
    limit 50
  ) recent
  where v.id = p_session_id
  group by s.id, recent.tool_name
$$;

revoke all on function public.record_tool_calls(jsonb), public.recent_call_times(uuid) from public, anon, authenticated;
grant execute on function public.record_tool_calls(jsonb), public.recent_call_times(uuid) to service_role;
