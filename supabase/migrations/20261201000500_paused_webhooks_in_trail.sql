-- A webhook that is paused or resumed is in the audit trail, too.
create or replace function private.audit_webhook() returns trigger
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
drop trigger audit on public.notice_webhooks;
create trigger audit after insert or delete or update of url, is_active, paused_at on public.notice_webhooks
  for each row execute function private.audit_webhook();
