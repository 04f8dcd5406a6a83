-- A conversation that connects to a server gets the time to do so before a monitor connects beside it.

create or replace function private.heed_observation(
  p_server_id uuid, p_source text, p_status text, p_at timestamptz, p_is_change boolean
) returns void
language plpgsql set search_path = ''
as $$
begin
  if p_source = 'session' and p_status = 'connecting' then
    -- Not while it is down: it is tried again and again then, and a monitor has to decide.
    update public.mcp_server_health h
    set due_at = greatest(h.due_at, clock_timestamp() + interval '15 seconds')
    where h.server_id = p_server_id
      and (h.leased_until is null or h.leased_until <= clock_timestamp())
      and not exists (
        select from public.mcp_server_incidents i where i.server_id = p_server_id and i.ended_at is null
      )
      and h.due_at is not null;
    return;
  end if;
  if p_source = 'monitor' or p_status not in ('connected', 'error', 'needs_auth') then
    return;
  end if;
  update public.mcp_server_health
  set
    confirmed_until = case when p_status = 'connected' then p_at + interval '50 seconds' end,
    due_at = case
      -- Switched off, or in the hands of a monitor that lives.
      when due_at is null or leased_until > clock_timestamp() then due_at
      when p_is_change then clock_timestamp() + interval '2 seconds'
      else p_at + interval '75 seconds'
    end
  where server_id = p_server_id;
end
$$;
