-- Voice workers that run. Each one reports while it is registered with LiveKit, so that `npm run doctor` can tell how
-- many take conversations. No client may read or write any of it.

create table private.workers (
  id uuid primary key,
  agent_name text not null check (length(agent_name) between 1 and 200),
  version text not null check (length(version) between 1 and 100),
  started_at timestamptz not null,
  seen_at timestamptz not null,
  -- Conversations that it can hold at once, and those that it holds.
  capacity integer not null check (capacity >= 1),
  conversations integer not null check (conversations >= 0)
);
alter table private.workers enable row level security;
grant select, insert, update, delete on private.workers to service_role;

-- Workers that ended without a word.
insert into private.retention (table_name, time_column, keep) values ('private.workers', 'seen_at', '1 day');

-- A worker reports that it is alive, every 20 seconds. The id is new at each start of the process.
create function public.report_worker(
  p_id uuid, p_agent_name text, p_version text, p_capacity integer, p_conversations integer
) returns void
language sql set search_path = ''
as $$
  insert into private.workers as w (id, agent_name, version, started_at, seen_at, capacity, conversations)
  values (
    p_id, p_agent_name, p_version, clock_timestamp(), clock_timestamp(), p_capacity, p_conversations
  )
  on conflict (id) do update set
    seen_at = excluded.seen_at, capacity = excluded.capacity, conversations = excluded.conversations
$$;

-- A worker takes no more conversations: it drains, and then ends.
create function public.retire_worker(p_id uuid) returns void
language sql set search_path = ''
as $$
  delete from private.workers where id = p_id
$$;

-- The workers that reported within the last minute, the oldest first.
create function public.live_workers()
returns table (
  agent_name text, version text, started_at timestamptz, capacity integer, conversations integer
)
language sql stable set search_path = ''
as $$
  select w.agent_name, w.version, w.started_at, w.capacity, w.conversations
  from private.workers w
  where w.seen_at > clock_timestamp() - interval '60 seconds'
  order by w.started_at, w.id
$$;

revoke all on function
  public.report_worker(uuid, text, text, integer, integer), public.retire_worker(uuid), public.live_workers()
  from public, anon, authenticated;
grant execute on function
  public.report_worker(uuid, text, text, integer, integer), public.retire_worker(uuid), public.live_workers()
  to service_role;
