-- Records of tool calls: what can't be stored of one costs neither the record nor others.

-- Arguments that are too large are left out; a server that is gone becomes null.
create function private.fit_tool_call() returns trigger
language plpgsql set search_path = ''
as $$
begin
  new.tool_name := coalesce(nullif(left(new.tool_name, 256), ''), '?');
  new.error_code := left(new.error_code, 100);
  if octet_length(new.arguments::text) > 16384 then
    new.arguments := '{"truncated": true}';
  end if;
  if not exists (
    select from public.mcp_servers s where s.id = new.server_id and s.workspace_id = new.workspace_id
  ) then
    new.server_id := null;
  end if;
  return new;
end
$$;
create trigger fit_tool_call before insert on public.tool_calls
  for each row execute function private.fit_tool_call();
revoke all on function private.fit_tool_call() from public;

-- Rounded; what is beyond an integer becomes the largest.
create function private.as_integer(p_number numeric) returns integer
language sql immutable strict parallel safe set search_path = ''
as $$
  select round(least(p_number, 2147483647))::integer
$$;

create function private.insert_tool_calls(p_calls jsonb) returns integer
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
    c.id, v.id, v.workspace_id, v.user_id, c.server_id, c.tool_name, nullif(c.arguments, 'null'),
    c.outcome, c.error_code, c.started_at, private.as_integer(c.queue_ms), private.as_integer(c.duration_ms),
    private.as_integer(c.result_bytes)
  from jsonb_to_recordset(p_calls) as c (
    id uuid, session_id uuid, server_id uuid, tool_name text, arguments jsonb, outcome text, error_code text,
    started_at timestamptz, queue_ms numeric, duration_ms numeric, result_bytes numeric
  )
  join public.voice_sessions v on v.id = c.session_id
  on conflict (id) do nothing;
  get diagnostics v_recorded = row_count;
  return v_recorded;
end
$$;
revoke all on function private.as_integer(numeric), private.insert_tool_calls(jsonb) from public;
grant execute on function private.as_integer(numeric), private.insert_tool_calls(jsonb) to service_role;

-- Records finished calls and returns how many were new. The caller makes the ids, so that a repeated report counts
-- once. Calls of a conversation that is gone are left out. When one of the calls can't be stored, the others are, each
-- by itself.
create or replace function public.record_tool_calls(p_calls jsonb) returns integer
language plpgsql set search_path = ''
as $$
declare
  v_call jsonb;
  v_recorded integer := 0;
begin
  return private.insert_tool_calls(p_calls);
exception when data_exception or integrity_constraint_violation then
  for v_call in select value from jsonb_array_elements(p_calls) loop
    begin
      v_recorded := v_recorded + private.insert_tool_calls(jsonb_build_array(v_call));
    exception when data_exception or integrity_constraint_violation then
      raise warning 'a tool call was not recorded: % %', sqlstate, sqlerrm;
    end;
  end loop;
  return v_recorded;
end
$$;
