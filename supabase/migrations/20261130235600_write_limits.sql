-- Rates of writes: what one user may write in a minute, by REST, by API token and by functions of the database. What the
-- system itself writes (the service role) counts for nothing.

alter table public.limits drop constraint limits_name;
alter table public.limits add constraint limits_name check (name in (
  'workspaces_per_user', 'members', 'open_invitations', 'api_tokens', 'servers', 'servers_per_user',
  'tools_per_server', 'tool_settings_per_server', 'agents',
  'sessions_per_day', 'sessions_per_day_per_user', 'sessions_at_once', 'sessions_at_once_per_user',
  'session_minutes', 'session_idle_minutes',
  'probes_per_minute', 'probes_per_minute_per_user', 'voice_tokens_per_minute', 'voice_tokens_per_minute_per_user',
  'function_calls_per_minute', 'function_calls_per_minute_per_user', 'token_calls_per_minute',
  'writes_per_minute_per_user', 'host_requests_per_minute', 'host_requests_at_once'
));
-- Each statement counts one, and one more for every ten rows after the first.
insert into public.limits (name, allowed) values ('writes_per_minute_per_user', 600);

-- Counts a call, as p_cost of them, in a bucket that empties at the rate of the limit; PT429 when it overflows. Without
-- `retry_after_s` for a call that counts more than a minute allows: waiting doesn't help.
drop function private.count_in_bucket(text, uuid, uuid, uuid);
create function private.count_in_bucket(
  p_limit text, p_workspace_id uuid, p_user_id uuid, p_token_id uuid default null, p_cost bigint default 1
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_allowed integer := private.allowed(p_limit, p_workspace_id, p_user_id);
  v_level double precision;
begin
  if v_allowed is null then
    return;
  end if;
  insert into private.call_rates as b (limit_name, workspace_id, user_id, token_id, level, counted_at)
  values (p_limit, p_workspace_id, p_user_id, p_token_id, p_cost, v_now)
  on conflict on constraint call_rates_unique do update set
    level = p_cost + greatest(0, b.level - v_allowed / 60.0 * extract(epoch from v_now - b.counted_at)),
    counted_at = v_now
  returning level into v_level;
  -- Raising undoes what was just added: a call that is refused counts for nothing.
  if v_level > v_allowed then
    perform private.refuse_limit(
      p_limit, v_allowed, ceil(v_level - p_cost)::bigint, p_cost,
      case when p_cost <= v_allowed then ceil((v_level - v_allowed) * 60 / v_allowed)::integer end
    );
  end if;
end
$$;

-- Counts writes of the signed-in user of this request; of nobody else. A user's writes wait for each other for two
-- seconds at most, so that a slow one can't take all connections.
create function private.count_writes(p_cost bigint) returns void
language plpgsql security definer set search_path = '' set lock_timeout = '2s'
as $$
begin
  if auth.uid() is null or coalesce(current_setting('role', true), '') not in ('authenticated', 'api_token')
    or coalesce(current_setting('patchbay.writes_counted', true), '') = 'on'
  then
    return;
  end if;
  perform private.count_in_bucket('writes_per_minute_per_user', null, auth.uid(), null, p_cost);
exception
  when lock_not_available or deadlock_detected then
    raise exception using
      errcode = 'PT429', message = 'Another change of yours takes long. Try again in a few seconds.',
      detail = '{"limit": "writes_per_minute_per_user", "retry_after_s": 3}';
  when foreign_key_violation then
    -- The account was deleted in this transaction, or before.
    null;
end
$$;

-- Before a statement, so that a request takes this lock first. What triggers write counts for nothing: a deletion
-- takes along what hangs on it.
create function private.count_write() returns trigger
language plpgsql set search_path = ''
as $$
begin
  if pg_trigger_depth() = 1 then
    perform private.count_writes(1);
    perform set_config('patchbay.written_table', tg_relid::text, true);
  end if;
  return null;
end
$$;

-- After a statement. Those of cascades run at the end of the one that caused them, and not below it.
create function private.count_written_rows() returns trigger
language plpgsql set search_path = ''
as $$
declare
  v_more bigint;
begin
  if pg_trigger_depth() = 1 and current_setting('patchbay.written_table', true) = tg_relid::text then
    v_more := ((select count(*) from written_rows) - 1) / 10;
    if v_more > 0 then
      perform private.count_writes(v_more);
    end if;
  end if;
  return null;
end
$$;

-- An insert of very many rows ends early, instead of after all of them were checked.
create function private.stop_large_insert() returns trigger
language plpgsql set search_path = ''
as $$
declare
  v_rows integer := coalesce(nullif(current_setting('patchbay.rows_inserted', true), ''), '0')::integer + 1;
begin
  if pg_trigger_depth() = 1 and current_setting('role', true) in ('authenticated', 'api_token')
    and coalesce(current_setting('patchbay.writes_counted', true), '') <> 'on'
  then
    if v_rows > 1000 then
      raise exception using
        errcode = 'PT413', message = 'A request adds at most 1,000 rows. Send fewer at a time.';
    end if;
    perform set_config('patchbay.rows_inserted', v_rows::text, true);
  end if;
  return new;
end
$$;

-- Counts the writes to a table. Every table that a client may write, by itself or by a function, is to be named here.
create function private.limit_writes(p_table regclass) returns void
language plpgsql set search_path = ''
as $$
begin
  execute format(
    'create trigger a_count_write before insert or update or delete on %1$s
       for each statement execute function private.count_write();
     create trigger a_stop_large_insert before insert on %1$s
       for each row execute function private.stop_large_insert();
     create trigger count_inserted_rows after insert on %1$s referencing new table as written_rows
       for each statement execute function private.count_written_rows();
     create trigger count_updated_rows after update on %1$s referencing new table as written_rows
       for each statement execute function private.count_written_rows();
     create trigger count_deleted_rows after delete on %1$s referencing old table as written_rows
       for each statement execute function private.count_written_rows();',
    p_table
  );
end
$$;
select private.limit_writes(t::regclass)
from unnest(array[
  'public.workspaces', 'public.workspace_members', 'public.workspace_invitations', 'public.api_tokens',
  'public.mcp_servers', 'public.mcp_server_accepted_issuers', 'public.mcp_tools', 'public.agent_configs',
  'public.agent_config_servers', 'public.voice_sessions', 'public.notice_reads', 'public.notice_webhooks'
]) as t;

-- An export leaves an event behind.
create function private.count_export() returns trigger
language plpgsql set search_path = ''
as $$
begin
  perform private.count_writes(1);
  return new;
end
$$;
create trigger a_count_export before insert on public.audit_events
  for each row when (new.action = 'export') execute function private.count_export();

-- Import ----------------------------------------------------------------------------------------

create function private.list_length(p_list jsonb) returns integer
language sql immutable set search_path = ''
as $$
  select case when jsonb_typeof(p_list) = 'array' then jsonb_array_length(p_list) else 0 end
$$;

-- How many servers, agents and settings of tools of a document an import takes.
create function private.import_size(p_workspace_id uuid, p_document jsonb) returns bigint
language sql stable set search_path = ''
as $$
  select private.list_length(p_document -> 'servers') + private.list_length(p_document -> 'agents') + (
    select coalesce(sum(least(
      private.list_length(s.item -> 'tools'), (select private.most_tool_settings(p_workspace_id))
    )), 0)
    from jsonb_array_elements(
      case when jsonb_typeof(p_document -> 'servers') = 'array' then p_document -> 'servers' else '[]' end
    ) as s (item)
  )
$$;

-- Refuses a document with more than can be imported, before anything of it is; and counts it, a dry
-- run too: one write for every hundred of what it takes. PT400, with the list that is too long. PT429: too many writes.
create function private.admit_import(p_workspace_id uuid, p_document jsonb) returns void
language plpgsql security definer set search_path = ''
as $$
declare
  v_most integer;
  v_has integer;
  v_kind text;
  v_size bigint;
begin
  foreach v_kind in array array['servers', 'agents'] loop
    v_most := least(private.allowed(v_kind, p_workspace_id, null), 10000);
    v_has := private.list_length(p_document -> v_kind);
    if v_has > v_most then
      perform private.refuse_fields(jsonb_build_object(v_kind, private.problem('too_many', format(
        'The document has %s %s, and a workspace may have %s.', v_has, v_kind, v_most
      ))));
    end if;
  end loop;
  v_size := private.import_size(p_workspace_id, p_document);
  if v_size > 20000 then
    perform private.refuse_fields(jsonb_build_object('servers', private.problem(
      'too_many', 'The document has too many settings of tools: 20,000 at most. Import the servers in parts.'
    )));
  end if;
  perform private.count_writes(1 + v_size / 100);
end
$$;

-- The wanted slug, or one with a number behind it that no other server of the workspace has. Other names are only tried
-- where the wanted one is taken: that was most of the time of an import.
create or replace function private.free_slug(p_workspace_id uuid, p_wanted text, p_server_id uuid) returns text
language sql stable set search_path = ''
as $$
  select case
    when not exists (
      select from public.mcp_servers s
      where s.workspace_id = p_workspace_id and s.slug = p_wanted and s.id <> p_server_id
    ) then p_wanted
    else (
      select candidate
      from (
        select n, btrim(left(p_wanted, 31 - char_length(n::text)), '-') || '-' || n as candidate
        -- One of so many is free.
        from generate_series(2, 2 + (select count(*) from public.mcp_servers where workspace_id = p_workspace_id)) n
      ) candidates
      where not exists (
        select from public.mcp_servers s
        where s.workspace_id = p_workspace_id and s.slug = candidate and s.id <> p_server_id
      )
      order by n
      limit 1
    )
  end
$$;

-- Imports a list with import_server or import_agent: {added, changed, left, refused}, each a list of slugs or names,
-- and `errors`, the field errors by place in the list ("servers[2].url"). Stops after 100 errors.
create or replace function private.import_list(p_workspace_id uuid, p_document jsonb, p_kind text, p_mode text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_answer jsonb := '{"added": [], "changed": [], "left": [], "refused": [], "errors": {}}';
  v_list jsonb := coalesce(nullif(p_document -> p_kind, 'null'), '[]');
  v_item record;
  v_outcome text[];
  v_detail text;
begin
  if jsonb_typeof(v_list) <> 'array' then
    return jsonb_set(v_answer, array['errors', p_kind], private.problem('wrong_type', 'This is not a list.'));
  end if;
  for v_item in
    select item, n - 1 as place, row_number() over (partition by item ->> 'name' order by n) as nth
    from jsonb_array_elements(v_list) with ordinality as l (item, n) order by n
  loop
    begin
      v_outcome := case p_kind
        when 'servers' then private.import_server(p_workspace_id, v_item.item, p_mode)
        else private.import_agent(p_workspace_id, v_item.item, v_item.nth::integer, p_mode)
      end;
      v_answer := jsonb_set(v_answer, v_outcome[2:2], v_answer -> v_outcome[2] || to_jsonb(v_outcome[1]));
    exception
      when sqlstate 'PT400' then
        get stacked diagnostics v_detail = pg_exception_detail;
        v_answer := jsonb_set(v_answer, '{errors}', v_answer -> 'errors' || (
          select jsonb_object_agg(format('%s[%s].%s', p_kind, v_item.place, key), value)
          from jsonb_each(v_detail::jsonb)
        ));
      when data_exception then
        v_answer := jsonb_set(v_answer, '{errors}', v_answer -> 'errors' || jsonb_build_object(
          format('%s[%s]', p_kind, v_item.place), private.problem('wrong_type', 'Some value has a wrong type.')
        ));
    end;
    if (select count(*) from jsonb_object_keys(v_answer -> 'errors')) >= 100 then
      return jsonb_set(v_answer, '{errors}', v_answer -> 'errors' || jsonb_build_object(
        p_kind, private.problem('too_many', 'The import stopped here: fix these 100 errors first.')
      ));
    end if;
  end loop;
  return v_answer;
end
$$;

-- Imports a document into a workspace, all of it or nothing. Answers {servers, agents}, each {added, changed, left,
-- refused}; credentials_needed, the slugs of servers that wait for a key; and changes, every field that the import changes
-- ([{kind, name, is_new, fields: {field: {from, to}}}]). Never removes anything. p_mode: merge (add and change) or add
-- (what is there stays as it is). p_dry_run: tells what would happen.
-- PT404: no such workspace. PT403: a viewer. PT400: `details` has field errors such as "servers[2].url", at most 100, or
-- says which list is too long. PT409: a limit. PT429: too many writes.
create or replace function public.import_workspace(
  p_workspace_id uuid, p_document jsonb, p_mode text default 'merge', p_dry_run boolean default false
) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_servers jsonb;
  v_agents jsonb;
  v_needed jsonb;
  v_before jsonb;
  v_changes jsonb;
begin
  if p_workspace_id is null or p_workspace_id <> all (private.my_workspace_ids()) then
    raise exception using errcode = 'PT404', message = 'There is no such workspace.';
  end if;
  if p_workspace_id <> all (private.my_workspace_ids(array['owner', 'admin', 'member'])) then
    raise exception using errcode = 'PT403', message = 'Your role in this workspace does not allow this.';
  end if;
  if p_mode is null or p_mode not in ('merge', 'add') then
    perform private.refuse_fields(jsonb_build_object('mode', private.problem('unknown_choice', 'Choose merge or add.')));
  end if;
  if p_document ->> 'format' is distinct from 'patchbay.workspace' or p_document ->> 'version' <> '1' then
    perform private.refuse_fields(jsonb_build_object('document', private.problem(
      'bad_format', 'This is no exported workspace that this version can read.'
    )));
  end if;

  perform private.admit_import(p_workspace_id, p_document);
  -- The single writes of the import count for nothing more.
  perform set_config('patchbay.writes_counted', 'on', true);
  select jsonb_agg(to_jsonb(r)) into v_before from private.importable_rows(p_workspace_id) r;
  begin
    v_servers := private.import_list(p_workspace_id, p_document, 'servers', p_mode);
    v_agents := private.import_list(
      p_workspace_id, case when v_servers -> 'errors' -> 'servers' is null then p_document else '{}' end, 'agents',
      p_mode
    );
    if (v_servers -> 'errors') || (v_agents -> 'errors') <> '{}' then
      perform private.refuse_fields((v_servers -> 'errors') || (v_agents -> 'errors'));
    end if;
    select coalesce(jsonb_agg(s.slug order by s.slug), '[]') into v_needed
    from public.mcp_servers s
    where s.workspace_id = p_workspace_id and s.auth_method in ('api_key', 'bearer_token') and not s.has_credential
      and not exists (
        select from public.my_credentials(p_workspace_id) m where m.server_id = s.id and m.has_credential
      )
      and (v_servers -> 'added') || (v_servers -> 'changed') || (v_servers -> 'left') ? s.slug;
    select private.import_changes(coalesce(v_before, '[]'), coalesce(jsonb_agg(to_jsonb(r)), '[]')) into v_changes
    from private.importable_rows(p_workspace_id) r;
    if p_dry_run then
      raise exception using errcode = 'PBDRY';
    end if;
  exception when sqlstate 'PBDRY' then
    -- Everything since the inner `begin` is undone; what was found out stays in the variables.
    null;
  end;
  perform set_config('patchbay.writes_counted', '', true);
  if not p_dry_run then
    perform private.record_event(p_workspace_id, 'import', 'workspaces', (
      select coalesce(jsonb_object_agg(
        format('%s_%s', kind, outcome), jsonb_build_object('to', jsonb_array_length(names))
      ), '{}')
      from (values ('servers', v_servers), ('agents', v_agents)) as l (kind, answer),
        jsonb_each(answer - 'errors') as o (outcome, names)
      where jsonb_array_length(names) > 0
    ));
  end if;
  return jsonb_build_object(
    'servers', v_servers - 'errors', 'agents', v_agents - 'errors', 'credentials_needed', v_needed,
    'changes', v_changes
  );
end
$$;

revoke all on function
  private.count_in_bucket(text, uuid, uuid, uuid, bigint), private.count_writes(bigint), private.count_write(),
  private.count_written_rows(), private.stop_large_insert(), private.limit_writes(regclass), private.count_export(),
  private.list_length(jsonb), private.import_size(uuid, jsonb),
  private.admit_import(uuid, jsonb)
  from public;
grant execute on function private.count_in_bucket(text, uuid, uuid, uuid, bigint) to service_role;
-- The triggers run as whoever writes.
grant execute on function private.count_writes(bigint) to authenticated, api_token, service_role;
grant execute on function private.admit_import(uuid, jsonb) to authenticated;
