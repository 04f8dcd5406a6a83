-- The audit log: who changed what in a workspace, for its owners and admins. It never holds secrets or long texts:
-- for those, only the field's name is recorded.

-- Triggers, in firing order:
--   before row: set_acting_token
create table public.audit_events (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  -- Null: the system, or a deleted account.
  actor_id uuid references auth.users (id) on delete set null,
  action text not null,
  table_name text not null,
  -- The id of the changed row; for a member the user's, for a tool or credential the server's.
  row_id uuid,
  row_name text,
  -- field → {"from", "to"}, or null where the values are not kept.
  changes jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  -- The API token that was used. No foreign key: it stays when the token is deleted.
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
create policy "owners and admins read the audit log" on public.audit_events for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[]));

-- The API token of this request: from its JWT, or named as the actor by an edge function.
create function private.acting_token() returns public.api_tokens
language sql stable set search_path = ''
as $$
  select t from public.api_tokens t
  where t.id = coalesce(
    (auth.jwt() ->> 'token_id')::uuid, nullif(current_setting('patchbay.actor', true), '')::uuid
  )
$$;

-- The user who is acting: the signed-in user, or the user or API token that an edge function acts for with the
-- service role. Null for an account that is being deleted.
create function private.actor_id() returns uuid
language sql stable set search_path = ''
as $$
  select u.id from auth.users u
  where u.id = coalesce(
    auth.uid(), (select t.created_by from private.acting_token() t),
    nullif(current_setting('patchbay.actor', true), '')::uuid
  )
$$;

create function private.set_acting_token() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  select t.id, t.name into new.token_id, new.token_name from private.acting_token() t;
  return new;
end
$$;
create trigger set_acting_token before insert on public.audit_events
  for each row execute function private.set_acting_token();

-- Removes the query from URLs, since it may contain a key.
create function private.audit_value(p_field text, p_value jsonb) returns jsonb
language sql immutable set search_path = ''
as $$
  select case when p_field = 'url' then to_jsonb(regexp_replace(p_value #>> '{}', '\?.*$', '?…')) else p_value end
$$;

-- The fields that differ between two rows, as {field: {from, to}}. Values of closed fields and texts longer than 200
-- characters are null.
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

-- Arguments: the column with the row's id, the fields whose values are recorded, and the fields whose names only are.
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
  -- No event if the workspace is being deleted, and no id of a deleted user.
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
-- Limits of one workspace, which an operator changes.
create trigger audit after insert or delete or update of allowed on public.limits
  for each row execute function private.audit('id', 'allowed', '');

-- Records an event for which no table has a trigger.
create function private.record_event(
  p_workspace_id uuid, p_action text, p_subject text, p_changes jsonb, p_row_id uuid default null
) returns void
language sql security definer set search_path = ''
as $$
  insert into public.audit_events (workspace_id, actor_id, action, table_name, row_id, changes)
  values (p_workspace_id, private.actor_id(), p_action, p_subject, p_row_id, p_changes)
$$;

-- Records that a credential was set, changed or deleted, and nothing else about it.
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

-- Recorded as an event of the server, like its credentials.
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

-- Records a new signing key of an existing webhook.
create function private.audit_webhook_key() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.record_event(w.workspace_id, 'update', 'notice_webhooks', '{"signing_key": null}', w.id)
  from public.notice_webhooks w where w.id = new.webhook_id;
  return null;
end
$$;

-- Records a new password or email address in the personal workspace.
create function private.audit_account() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  -- No actor: Auth does not say whether the user or an administrator changed it.
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

-- Records in each workspace of the user why the membership ended.
create function private.record_end_of_account(p_user_id uuid) returns void
language sql security definer set search_path = ''
as $$
  insert into public.audit_events (workspace_id, action, table_name, changes)
  select m.workspace_id, 'delete', 'accounts', jsonb_build_object('role', jsonb_build_object('from', m.role))
  from public.workspace_members m join public.workspaces w on w.id = m.workspace_id
  where m.user_id = p_user_id and not (w.is_personal and w.created_by = p_user_id)
$$;

-- Records in the caller's personal workspace how many sessions were ended.
create function private.record_sign_out(p_count integer) returns void
language sql security definer set search_path = ''
as $$
  select private.record_event(
    w.id, 'sign_out', 'sessions', jsonb_build_object('sessions', jsonb_build_object('from', p_count))
  )
  from public.workspaces w where w.created_by = auth.uid() and w.is_personal and p_count > 0
$$;

-- row_id can be a user id, which must not outlive the account.
create function private.forget_user_in_audit_log() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  update public.audit_events set row_id = null where row_id = old.id;
  return null;
end
$$;
create trigger patchbay_forget_user_in_audit_log after delete on auth.users
  for each row execute function private.forget_user_in_audit_log();

-- Values can contain a user id as well.
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
