-- Webhooks send the notices of a workspace to a URL of its owners, as Standard Webhooks. A failing webhook delays no
-- other: each has one delivery in flight, owners take turns, and after repeated failures it is paused.

-- Triggers, in firing order:
--   before statement: a_count_write
--   before row: a_stop_large_change, a_stop_large_insert
--   after row: audit, resume_saved_webhook
--   after statement: count_deleted_rows, count_inserted_rows, count_updated_rows
create table public.notice_webhooks (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null unique references public.workspaces (id) on delete cascade,
  url text not null,
  -- False after a 410 response (Gone).
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- Who last set the URL or the key; null: unknown, or the account was deleted.
  entered_by uuid references auth.users (id) on delete set null,
  -- Consecutive failed attempts, and since when.
  failures integer not null default 0,
  failing_since timestamptz,
  -- While paused, messages wait without a due time, and only tests are sent.
  paused_at timestamptz,
  constraint notice_webhooks_url_form check (char_length(url) <= 2000 and private.is_address(url))
);
create index notice_webhooks_entered_by on public.notice_webhooks (entered_by);

alter table public.notice_webhooks enable row level security;
revoke all on public.notice_webhooks from anon, authenticated;
grant select, delete on public.notice_webhooks to authenticated;
grant select, insert, update, delete on public.notice_webhooks to service_role;
create policy "admins see the webhook" on public.notice_webhooks for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[]));
create policy "admins remove the webhook" on public.notice_webhooks for delete to authenticated
  using (workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[]));

select private.limit_writes('public.notice_webhooks');

create trigger audit after insert or delete or update of url, is_active, paused_at on public.notice_webhooks
  for each row execute function private.audit_webhook();

-- The signing key, sealed like credentials of servers. No policies: only the service role has access.
-- Triggers, in firing order:
--   after row: audit
create table public.notice_webhook_secrets (
  webhook_id uuid primary key references public.notice_webhooks (id) on delete cascade,
  ciphertext text not null,
  nonce text not null,
  key_id text not null
);

alter table public.notice_webhook_secrets enable row level security;
revoke all on public.notice_webhook_secrets from anon, authenticated;
grant select, insert, update, delete on public.notice_webhook_secrets to service_role;

create trigger audit after update of ciphertext on public.notice_webhook_secrets
  for each row execute function private.audit_webhook_key();

-- One row per message. Attempts are made until it is delivered or fails for good.
create table public.webhook_deliveries (
  id uuid primary key default gen_random_uuid(),
  webhook_id uuid not null references public.notice_webhooks (id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  body jsonb not null,
  state text not null default 'waiting',
  attempts integer not null default 0,
  -- Null: no attempt will follow.
  due_at timestamptz default clock_timestamp(),
  lease_id uuid,
  leased_until timestamptz,
  http_status integer,
  error_code text,
  created_at timestamptz not null default clock_timestamp(),
  settled_at timestamptz,
  constraint webhook_deliveries_state check (state in ('waiting', 'delivered', 'failed'))
);
create index webhook_deliveries_due on public.webhook_deliveries (due_at) where due_at is not null;
create index webhook_deliveries_by_webhook on public.webhook_deliveries (webhook_id, created_at desc);
create index webhook_deliveries_workspace on public.webhook_deliveries (workspace_id);
create index webhook_deliveries_by_time on public.webhook_deliveries (created_at);
create index webhook_deliveries_waiting on public.webhook_deliveries (webhook_id, created_at desc)
  where state = 'waiting';
create index webhook_deliveries_in_flight on public.webhook_deliveries (leased_until) where lease_id is not null;

alter table public.webhook_deliveries enable row level security;
revoke all on public.webhook_deliveries from anon, authenticated;
grant
  select (
    id, webhook_id, workspace_id, body, state, attempts, due_at, http_status, error_code, created_at, settled_at
  )
  on public.webhook_deliveries to authenticated;
grant select, insert, update, delete on public.webhook_deliveries to service_role;
create policy "admins see deliveries" on public.webhook_deliveries for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[]));

-- Sets the webhook of a workspace: its URL, and its sealed signing key if there is a new one. p_actor: who does it.
create function public.put_notice_webhook(
  p_id uuid, p_workspace_id uuid, p_url text, p_secret jsonb, p_actor uuid default null
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_url text := private.trimmed(p_url);
  v_problem jsonb := private.url_error(v_url, 'Enter the URL to send notices to.');
  v_id uuid;
begin
  if v_problem is not null then
    perform private.refuse_fields(jsonb_build_object('url', v_problem));
  end if;
  perform set_config('patchbay.actor', coalesce(p_actor::text, ''), true);
  perform private.require_open_account(p_actor);
  insert into public.notice_webhooks as w (id, workspace_id, url, entered_by)
  values (p_id, p_workspace_id, v_url, p_actor)
  on conflict (workspace_id) do update
    set url = excluded.url, is_active = true, updated_at = now(), entered_by = excluded.entered_by
  returning w.id into v_id;
  if p_secret is not null then
    -- The key is sealed for this id.
    if v_id <> p_id then
      raise exception using errcode = 'PT409', message = 'Someone else just changed this webhook. Try again.';
    end if;
    insert into public.notice_webhook_secrets (webhook_id, ciphertext, nonce, key_id)
    values (v_id, p_secret ->> 'ciphertext', p_secret ->> 'nonce', p_secret ->> 'key_id')
    on conflict (webhook_id) do update
      set ciphertext = excluded.ciphertext, nonce = excluded.nonce, key_id = excluded.key_id;
  end if;
end
$$;

-- Queues a message for the webhook of a workspace if it has an active one. At most 100 messages wait; the oldest are
-- dropped.
create function private.queue_delivery(p_workspace_id uuid, p_type text, p_at timestamptz, p_data jsonb)
returns void
language plpgsql set search_path = ''
as $$
declare
  v_webhook_id uuid;
begin
  insert into public.webhook_deliveries (webhook_id, workspace_id, body, due_at)
  select
    w.id, w.workspace_id, jsonb_build_object('type', p_type, 'timestamp', p_at, 'data', p_data),
    case when w.paused_at is null or p_type = 'webhook.test' then clock_timestamp() end
  from public.notice_webhooks w where w.workspace_id = p_workspace_id and w.is_active
  returning webhook_id into v_webhook_id;
  update public.webhook_deliveries
  set state = 'failed', error_code = 'queue_full', due_at = null, settled_at = clock_timestamp()
  where id in (
    select d.id from public.webhook_deliveries d
    where d.webhook_id = v_webhook_id and d.state = 'waiting' and d.lease_id is null
    order by d.created_at desc offset 100
  );
end
$$;

create function private.deliver_notice() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  -- A paused webhook can't receive the notice about its pause.
  if new.server_id is null then
    return null;
  end if;
  perform private.queue_delivery(new.workspace_id, 'server.' || new.kind, new.created_at, (
    select jsonb_build_object(
      'notice_id', new.id, 'workspace_id', new.workspace_id, 'server_id', s.id, 'server_name', s.name,
      'details', new.details
    )
    from public.mcp_servers s where s.id = new.server_id
  ));
  return null;
end
$$;
-- Only notices for all members are sent.
create trigger deliver_notice after insert on public.notices
  for each row when (new.recipient_id is null) execute function private.deliver_notice();

-- Queues a test message. Returns 'queued', 'waiting' if an earlier test is still waiting, or 'off' if there is no
-- active webhook.
create function public.test_notice_webhook(p_workspace_id uuid) returns text
language plpgsql set search_path = ''
as $$
declare
  v_webhook_id uuid;
begin
  -- The lock serializes two clicks.
  select w.id into v_webhook_id from public.notice_webhooks w
  where w.workspace_id = p_workspace_id and w.is_active for update;
  if v_webhook_id is null then
    return 'off';
  end if;
  if exists (
    select from public.webhook_deliveries d
    where d.webhook_id = v_webhook_id and d.state = 'waiting' and d.body ->> 'type' = 'webhook.test'
  ) then
    return 'waiting';
  end if;
  perform private.queue_delivery(
    p_workspace_id, 'webhook.test', clock_timestamp(), jsonb_build_object('workspace_id', p_workspace_id)
  );
  return 'queued';
end
$$;

-- Leases messages that are due and returns them with URL and sealed key. Each webhook has one message in flight.
-- Owners take turns; an owner's messages in flight count as turns taken, and an owner gets at most as many slots as
-- it leaves free (shared/src/engine/outgoing/fair-slots.ts).
create function public.claim_deliveries(p_limit integer, p_lease_ms integer) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_lease_id uuid := gen_random_uuid();
  v_ids uuid[];
begin
  with flying as (
    select d.webhook_id, private.owner_of(d.workspace_id) as owner_id
    from public.webhook_deliveries d
    where d.lease_id is not null and d.leased_until > v_now
  ),
  due as (
    select f.id, f.due_at, private.owner_of(f.workspace_id) as owner_id
    from (
      select distinct on (d.webhook_id) d.id, d.due_at, d.workspace_id
      from public.webhook_deliveries d
      where d.due_at <= v_now and (d.leased_until is null or d.leased_until <= v_now)
        and not exists (select from flying f where f.webhook_id = d.webhook_id)
      order by d.webhook_id, d.due_at, d.id
    ) f
  ),
  owned as (
    select d.id, d.due_at, (select count(*) from flying f where f.owner_id = d.owner_id)
      + row_number() over (partition by d.owner_id order by d.due_at) as turn
    from due d
  ),
  waiting as (
    select o.*, row_number() over (order by o.turn, o.due_at) as place from owned o
  ),
  free as (
    select d.id from public.webhook_deliveries d join waiting w using (id)
    where d.due_at <= v_now and (d.leased_until is null or d.leased_until <= v_now)
      and w.turn + w.place <= p_limit + 1
    order by w.turn, w.due_at
    limit p_limit
    for update of d skip locked
  ),
  leased as (
    update public.webhook_deliveries d
    set lease_id = v_lease_id, leased_until = v_now + make_interval(secs => p_lease_ms / 1000.0)
    from free where d.id = free.id
    returning d.id
  )
  select array_agg(id) into v_ids from leased;
  return coalesce((
    select jsonb_agg(jsonb_build_object(
      'id', d.id, 'lease_id', d.lease_id, 'webhook_id', d.webhook_id, 'workspace_id', d.workspace_id,
      'body', d.body, 'attempts', d.attempts, 'url', w.url,
      'secret', jsonb_build_object('ciphertext', x.ciphertext, 'nonce', x.nonce, 'key_id', x.key_id)
    ))
    from public.webhook_deliveries d
    join public.notice_webhooks w on w.id = d.webhook_id
    join public.notice_webhook_secrets x on x.webhook_id = d.webhook_id
    where d.id = any (v_ids)
  ), '[]');
end
$$;

-- Records the result of an attempt. p_retry_ms: null if no other attempt follows. Tests don't count as failures.
create function public.finish_delivery(
  p_id uuid, p_lease_id uuid, p_is_delivered boolean, p_http_status integer, p_error_code text,
  p_retry_ms numeric, p_is_gone boolean
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_is_over boolean := p_is_delivered or p_retry_ms is null;
  v_webhook_id uuid;
  v_is_test boolean;
begin
  update public.webhook_deliveries
  set
    attempts = attempts + 1,
    http_status = p_http_status,
    error_code = p_error_code,
    state = case when p_is_delivered then 'delivered' when v_is_over then 'failed' else 'waiting' end,
    due_at = case
      when not v_is_over then clock_timestamp() + make_interval(secs => (p_retry_ms / 1000)::double precision)
    end,
    settled_at = case when v_is_over then clock_timestamp() end,
    lease_id = null, leased_until = null
  where id = p_id and lease_id = p_lease_id
  returning webhook_id, body ->> 'type' = 'webhook.test' into v_webhook_id, v_is_test;
  if v_webhook_id is null then
    return;
  end if;
  if p_is_gone then
    update public.notice_webhooks set is_active = false, updated_at = now() where id = v_webhook_id;
    update public.webhook_deliveries set state = 'failed', due_at = null, settled_at = clock_timestamp()
    where webhook_id = v_webhook_id and state = 'waiting';
  elsif p_is_delivered then
    perform private.resume_webhook(v_webhook_id);
  elsif not v_is_test then
    perform private.count_webhook_failure(v_webhook_id, p_http_status, p_error_code);
  end if;
end
$$;

-- Resumes a webhook and sends what waited during the pause.
create function private.resume_webhook(p_webhook_id uuid) returns void
language sql set search_path = ''
as $$
  update public.notice_webhooks set failures = 0, failing_since = null, paused_at = null
  where id = p_webhook_id and failures > 0;
  update public.webhook_deliveries set due_at = clock_timestamp()
  where webhook_id = p_webhook_id and state = 'waiting' and due_at is null;
$$;

-- Counts a failed attempt. After ten in a row over at least an hour, pauses the webhook and adds a notice.
create function private.count_webhook_failure(p_webhook_id uuid, p_http_status integer, p_error_code text)
returns void
language plpgsql set search_path = ''
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_webhook public.notice_webhooks;
begin
  update public.notice_webhooks
  set failures = failures + 1, failing_since = coalesce(failing_since, v_now)
  where id = p_webhook_id returning * into v_webhook;
  if v_webhook.paused_at is not null or v_webhook.failures < 10
    or v_webhook.failing_since > v_now - interval '1 hour' then
    return;
  end if;
  update public.notice_webhooks set paused_at = v_now where id = p_webhook_id;
  update public.webhook_deliveries set due_at = null
  where webhook_id = p_webhook_id and state = 'waiting' and body ->> 'type' <> 'webhook.test';
  insert into public.notices (workspace_id, kind, key, details) values (
    v_webhook.workspace_id, 'webhook_paused', 'webhook_paused:' || extract(epoch from v_now),
    jsonb_build_object(
      'started_at', v_webhook.failing_since, 'http_status', p_http_status, 'error_code', p_error_code
    )
  );
end
$$;

-- Saving the URL, even the same one, resumes the webhook.
create function private.resume_saved_webhook() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform private.resume_webhook(new.id);
  return null;
end
$$;
create trigger resume_saved_webhook after update of url on public.notice_webhooks
  for each row when (old.failures > 0) execute function private.resume_saved_webhook();

revoke all on all functions in schema private from public;
revoke all on function
  public.put_notice_webhook, public.test_notice_webhook, public.claim_deliveries, public.finish_delivery
  from public, anon, authenticated;
grant execute on function
  public.put_notice_webhook, private.queue_delivery, public.test_notice_webhook, public.claim_deliveries,
  public.finish_delivery, private.resume_webhook, private.count_webhook_failure
  to service_role;
