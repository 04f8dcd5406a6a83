-- The audit log: who changed what in a workspace, for its owners and admins. It never holds secrets or long texts: for
-- those, only the field's name is recorded.

-- Triggers, in firing order:
--   before row: note_token
create table public.audit_events (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  -- Null: the system, or somebody whose account is gone.
  actor_id uuid references auth.users (id) on delete set null,
  action text not null,
  table_name text not null,
  -- What was changed: a row's id; of a member the user's, of a tool or credential the server's.
  row_id uuid,
  row_name text,
  -- field → {"from", "to"}, or null where the values are not kept.
  changes jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  -- The API token with which the actor did it; no foreign key, since it stays when the token is deleted.
  token_id uuid,
  token_name text,
  constraint audit_events_action check (
    action in ('insert', 'update', 'delete', 'move_in', 'move_out', 'export', 'import', 'sign_out')
  )
);
create index audit_events_by_workspace on public.audit_events (workspace_id, created_at desc);
create index audit_events_by_row on public.audit_events (row_id, created_at desc);
create index audit_events_actor on public.audit_events (actor_id);

alter table public.audit_events enable row level security;
revoke all on public.audit_events from anon, authenticated;
grant select on public.audit_events to authenticated;
grant select, insert, update, delete on public.audit_events to service_role;
create policy "owners and admins read the trail" on public.audit_events for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[]));

-- The token of this request: of its JWT, or what an edge function names as the actor.
create function private.acting_token() returns public.api_tokens
language sql stable set search_path = ''
as $$
  select t from public.api_tokens t
  where t.id = coalesce(
    (auth.jwt() ->> 'token_id')::uuid, nullif(current_setting('patchbay.actor', true), '')::uuid
  )
$$;

-- Who is acting: the signed-in user, or the one for whom an edge function acts with the service role, which may also
-- name an API token: it acts for whoever created it. Null for an account that is being deleted.
create function private.actor_id() returns uuid
language sql stable set search_path = ''
as $$
  select u.id from auth.users u
  where u.id = coalesce(
    auth.uid(), (select t.created_by from private.acting_token() t),
    nullif(current_setting('patchbay.actor', true), '')::uuid
  )
$$;

create function private.note_token() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  select t.id, t.name into new.token_id, new.token_name from private.acting_token() t;
  return new;
end
$$;
create trigger note_token before insert on public.audit_events
  for each row execute function private.note_token();

-- What is told of a value: addresses without what may be a key in them, long texts not at all.
create function private.audit_value(p_field text, p_value jsonb) returns jsonb
language sql immutable set search_path = ''
as $$
  select case when p_field = 'url' then to_jsonb(regexp_replace(p_value #>> '{}', '\?.*$', '?…')) else p_value end
$$;

-- The fields that differ between two rows, each with both values: only fields that are listed, without values
-- those that are listed as closed or are longer than 200 characters.
create function private.audit_changes(p_old jsonb, p_new jsonb, p_fields text[], p_closed text[]) returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(f.name, case
    when f.name = any (p_closed) or length(p_old ->> f.name) > 200 or length(p_new ->> f.name) > 200 then null
    else jsonb_strip_nulls(jsonb_build_object(
      'from', private.audit_value(f.name, p_old -> f.name), 'to', private.audit_value(f.name, p_new -> f.name)
    ))
  end), '{}')
  from unnest(p_fields || p_closed) as f (name)
  where coalesce(p_old -> f.name, 'null') <> coalesce(p_new -> f.name, 'null')
$$;

-- Arguments: the column of the row's id, the fields whose values are kept, the fields whose names only are.
create function private.audit() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_old jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  v_new jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  v_row jsonb := coalesce(v_new, v_old);
  v_changes jsonb := private.audit_changes(
    v_old, v_new, string_to_array(tg_argv[1], ' '), string_to_array(tg_argv[2], ' ')
  );
  v_row_id uuid := v_row ->> tg_argv[0];
  v_workspace_id uuid := v_row ->> case when tg_table_name = 'workspaces' then 'id' else 'workspace_id' end;
  v_was_in uuid := v_old ->> 'workspace_id';
begin
  if tg_op = 'UPDATE' and v_was_in <> v_workspace_id then
    insert into public.audit_events (workspace_id, actor_id, action, table_name, row_id, row_name, changes) values
      (v_was_in, private.actor_id(), 'move_out', tg_table_name, v_row_id, v_row ->> 'name', '{}'),
      (v_workspace_id, private.actor_id(), 'move_in', tg_table_name, v_row_id, v_row ->> 'name', '{}');
  end if;
  if tg_op = 'UPDATE' and v_changes = '{}' then
    return null;
  end if;
  -- A workspace that is being deleted takes its trail along, and of a user who is, no id stays.
  insert into public.audit_events (workspace_id, actor_id, action, table_name, row_id, row_name, changes)
  select w.id, private.actor_id(), lower(tg_op), tg_table_name,
    case when tg_table_name <> 'workspace_members' or exists (select from auth.users u where u.id = v_row_id)
      then v_row_id end,
    v_row ->> 'name', v_changes
  from public.workspaces w where w.id = v_workspace_id;
  return null;
end
$$;
create trigger audit after insert or update of name on public.workspaces
  for each row execute function private.audit('id', 'name', '');
create trigger audit after insert or delete or update of role on public.workspace_members
  for each row execute function private.audit('user_id', 'role', '');
create trigger audit after insert or delete or update of revoked_at on public.api_tokens
  for each row execute function private.audit('id', 'name scopes expires_at revoked_at', '');
create trigger audit_transcripts after update of keep_transcripts on public.workspaces
  for each row execute function private.audit('id', 'keep_transcripts', '');
-- Limits of a workspace, which an operator changes.
create trigger audit after insert or delete or update of allowed on public.limits
  for each row execute function private.audit('id', 'allowed', '');

-- Writes an event that no trigger of a table writes.
create function private.record_event(
  p_workspace_id uuid, p_action text, p_subject text, p_changes jsonb, p_row_id uuid default null
) returns void
language sql security definer set search_path = ''
as $$
  insert into public.audit_events (workspace_id, actor_id, action, table_name, row_id, changes)
  values (p_workspace_id, private.actor_id(), p_action, p_subject, p_row_id, p_changes)
$$;

-- Credentials carry no workspace, and nothing of them is told but that they were set, changed or dropped.
create function private.audit_secret() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.audit_events (workspace_id, actor_id, action, table_name, row_id, row_name, changes)
  select s.workspace_id, private.actor_id(), lower(tg_op), tg_table_name, s.id, s.name, '{"credential": null}'
  from public.mcp_servers s
  where s.id = case when tg_op = 'DELETE' then old.server_id else new.server_id end;
  return null;
end
$$;

-- Filed under the server, as its credentials are.
create function private.audit_accepted_issuer() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_old jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  v_new jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
begin
  insert into public.audit_events (workspace_id, actor_id, action, table_name, row_id, row_name, changes)
  select s.workspace_id, private.actor_id(), lower(tg_op), tg_table_name, s.id, s.name,
    private.audit_changes(v_old, v_new, array['expected_issuer', 'accepted_issuer'], array[]::text[])
  from public.mcp_servers s
  where s.id = (coalesce(v_new, v_old) ->> 'server_id')::uuid;
  return null;
end
$$;

-- A webhook that is paused or resumed is in the audit trail, too.
create function private.audit_webhook() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  v_old jsonb := case when tg_op <> 'INSERT'
    then to_jsonb(old) || jsonb_build_object('url', private.url_origin(old.url)) end;
  v_new jsonb := case when tg_op <> 'DELETE'
    then to_jsonb(new) || jsonb_build_object('url', private.url_origin(new.url)) end;
  v_changes jsonb := private.audit_changes(v_old, v_new, array['url', 'is_active', 'paused_at'], '{}');
begin
  if tg_op = 'UPDATE' and new.url <> old.url and not v_changes ? 'url' then
    v_changes := v_changes || '{"url": null}';
  end if;
  if tg_op = 'UPDATE' and v_changes = '{}' then
    return null;
  end if;
  insert into public.audit_events (workspace_id, actor_id, action, table_name, row_id, changes)
  select w.id, private.actor_id(), lower(tg_op), tg_table_name, (coalesce(v_new, v_old) ->> 'id')::uuid, v_changes
  from public.workspaces w where w.id = (coalesce(v_new, v_old) ->> 'workspace_id')::uuid;
  return null;
end
$$;

-- A new key for a webhook that was there before.
create function private.audit_webhook_key() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.record_event(w.workspace_id, 'update', 'notice_webhooks', '{"signing_key": null}', w.id)
  from public.notice_webhooks w where w.id = new.webhook_id;
  return null;
end
$$;

-- A new password or address, in the trail of the personal workspace.
create function private.audit_account() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  -- Auth does not say whether the user or an administrator changed it.
  insert into public.audit_events (workspace_id, action, table_name, changes)
  select w.id, 'update', 'accounts', case
    when new.email is distinct from old.email then '{"email": null}'::jsonb else '{}' end || case
    when new.encrypted_password is distinct from old.encrypted_password then '{"password": null}'::jsonb else '{}' end
  from public.workspaces w where w.created_by = new.id and w.is_personal;
  return null;
end
$$;
create trigger patchbay_audit_account after update on auth.users
  for each row when (
    new.deleted_at is null
    and (new.email, new.encrypted_password) is distinct from (old.email, old.encrypted_password)
  )
  execute function private.audit_account();

-- Says in each workspace of a user why the membership ends.
create function private.record_end_of_account(p_user_id uuid) returns void
language sql security definer set search_path = ''
as $$
  insert into public.audit_events (workspace_id, action, table_name, changes)
  select m.workspace_id, 'delete', 'accounts', jsonb_build_object('role', jsonb_build_object('from', m.role))
  from public.workspace_members m join public.workspaces w on w.id = m.workspace_id
  where m.user_id = p_user_id and not (w.is_personal and w.created_by = p_user_id)
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

-- The trail names users by id in row_id as well; it is not theirs to keep when they go.
create function private.forget_user_in_trail() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.audit_events set row_id = null where row_id = old.id;
  return null;
end
$$;
create trigger patchbay_forget_user_in_trail after delete on auth.users
  for each row execute function private.forget_user_in_trail();

-- The trail names users by id in values as well.
create function private.forget_successor() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.audit_events set changes = changes - 'owner'
  where table_name = 'workspaces' and changes #>> '{owner,to}' = old.id::text;
  return null;
end
$$;
create trigger patchbay_forget_successor after delete on auth.users
  for each row execute function private.forget_successor();
create trigger patchbay_forget_soft_deleted_successor after update on auth.users
  for each row when (old.deleted_at is null and new.deleted_at is not null)
  execute function private.forget_successor();

revoke all on all functions in schema private from public;
grant execute on function private.record_event to authenticated;
