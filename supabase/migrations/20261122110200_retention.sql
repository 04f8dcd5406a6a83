-- How long history is kept, and the one function that ends it. pg_cron runs it every night where the database
-- has pg_cron (a hosted project); the embedded one runs it by a timer of its own (local/supabase).

-- A row of a table is history when its time is older than `keep` and the condition holds. A later domain with
-- history of its own adds a row here. What the health monitor writes has its times in public.prune_health, which
-- the monitor runs as it goes; it is called from here for installations without one.
create table private.retention (
  table_name text primary key,
  time_column text not null,
  keep interval not null,
  condition text not null default 'true'
);
alter table private.retention enable row level security;
grant select, insert, update, delete on private.retention to service_role;

insert into private.retention (table_name, time_column, keep, condition) values
  ('public.tool_calls', 'started_at', '90 days', 'true'),
  ('public.voice_sessions', 'ended_at', '90 days', 'true'),
  ('public.audit_events', 'created_at', '1 year', 'true'),
  ('public.api_tokens', 'revoked_at', '30 days', 'true'),
  ('public.workspace_invitations', 'expires_at', '30 days', 'true'),
  ('private.call_rates', 'counted_at', '1 day', 'true');

-- Sessions of which nobody said that they ended: a token nobody joined with, a worker that died.
create function private.end_lost_sessions() returns integer
language plpgsql set search_path = ''
as $$
declare
  v_ended integer;
begin
  update public.voice_sessions
  set state = 'ended', ended_at = now(),
    end_reason = case state when 'starting' then 'nobody joined' else 'lost' end
  where state <> 'ended'
    and started_at < now() - case state when 'starting' then interval '1 hour' else interval '1 day' end;
  get diagnostics v_ended = row_count;
  return v_ended;
end
$$;

-- Ends lost sessions and deletes what is older than private.retention and prune_health say. Answers how many rows of each table.
create function private.prune_history() returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
  v_rule private.retention;
  v_rows integer;
  v_answer jsonb := jsonb_build_object(
    'lost sessions', private.end_lost_sessions(), 'health', public.prune_health()
  );
begin
  for v_rule in select * from private.retention order by table_name loop
    execute format(
      'delete from %s where %I < now() - $1 and (%s)',
      v_rule.table_name::regclass, v_rule.time_column, v_rule.condition
    ) using v_rule.keep;
    get diagnostics v_rows = row_count;
    v_answer := v_answer || jsonb_build_object(v_rule.table_name, v_rows);
  end loop;
  return v_answer;
end
$$;

revoke all on function private.end_lost_sessions(), private.prune_history() from public;

-- Where the extension is there and the server was started with it.
do $$
begin
  if current_setting('shared_preload_libraries') like '%pg_cron%'
    and exists (select from pg_available_extensions where name = 'pg_cron')
  then
    create extension if not exists pg_cron;
    perform cron.schedule('patchbay-prune-history', '17 3 * * *', 'select private.prune_history()');
  end if;
end
$$;
