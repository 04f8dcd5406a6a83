-- Webhooks: the notices of a workspace, sent to an address of its owners as Standard Webhooks.

create table public.notice_webhooks (
  id uuid primary key default gen_random_uuid(),
  workspace_id uuid not null unique references public.workspaces (id) on delete cascade,
  url text not null,
  -- Switched off by an answer of 410, which says that nobody listens there any more.
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint notice_webhooks_url_form check (char_length(url) <= 2000 and private.is_address(url))
);

-- The key that signs, sealed as credentials of servers are. No policy: only the service role passes.
create table public.notice_webhook_secrets (
  webhook_id uuid primary key references public.notice_webhooks (id) on delete cascade,
  ciphertext text not null,
  nonce text not null,
  key_id text not null
);

-- One row a message; attempts are made until it is delivered or given up.
create table public.webhook_deliveries (
  id uuid primary key default gen_random_uuid(),
  webhook_id uuid not null references public.notice_webhooks (id) on delete cascade,
  workspace_id uuid not null references public.workspaces (id) on delete cascade,
  body jsonb not null,
  state text not null default 'waiting',
  attempts integer not null default 0,
  -- Null: no attempt is to come.
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

revoke all on public.notice_webhooks, public.notice_webhook_secrets, public.webhook_deliveries
  from anon, authenticated;
grant select, delete on public.notice_webhooks to authenticated;
grant select (
  id, webhook_id, workspace_id, body, state, attempts, due_at, http_status, error_code, created_at, settled_at
) on public.webhook_deliveries to authenticated;
grant select, insert, update, delete
  on public.notice_webhooks, public.notice_webhook_secrets, public.webhook_deliveries to service_role;

alter table public.notice_webhooks enable row level security;
alter table public.notice_webhook_secrets enable row level security;
alter table public.webhook_deliveries enable row level security;

create policy "admins see the webhook" on public.notice_webhooks for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[]));
create policy "admins remove the webhook" on public.notice_webhooks for delete to authenticated
  using (workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[]));
create policy "admins see deliveries" on public.webhook_deliveries for select to authenticated
  using (workspace_id = any ((select private.my_workspace_ids(array['owner', 'admin']))::uuid[]));

-- Sets the webhook of a workspace: its address, and its sealed key when there is a new one.
create function public.put_notice_webhook(p_id uuid, p_workspace_id uuid, p_url text, p_secret jsonb) returns void
language plpgsql set search_path = ''
as $$
declare
  v_url text := private.trimmed(p_url);
  v_problem jsonb := private.address_problem(v_url, 'Enter the address that notices are sent to.');
  v_id uuid;
begin
  if v_problem is not null then
    perform private.refuse_fields(jsonb_build_object('url', v_problem));
  end if;
  insert into public.notice_webhooks as w (id, workspace_id, url) values (p_id, p_workspace_id, v_url)
  on conflict (workspace_id) do update set url = excluded.url, is_active = true, updated_at = now()
  returning w.id into v_id;
  if p_secret is not null then
    -- The key is sealed for this id.
    if v_id <> p_id then
      raise exception using errcode = 'PT409', message = 'The webhook was changed by somebody else. Try again.';
    end if;
    insert into public.notice_webhook_secrets (webhook_id, ciphertext, nonce, key_id)
    values (v_id, p_secret ->> 'ciphertext', p_secret ->> 'nonce', p_secret ->> 'key_id')
    on conflict (webhook_id) do update
      set ciphertext = excluded.ciphertext, nonce = excluded.nonce, key_id = excluded.key_id;
  end if;
end
$$;

-- Queues a message for the webhook of a workspace, when it has one that is switched on.
create function private.queue_delivery(p_workspace_id uuid, p_type text, p_at timestamptz, p_data jsonb) returns void
language sql set search_path = ''
as $$
  insert into public.webhook_deliveries (webhook_id, workspace_id, body)
  select w.id, w.workspace_id, jsonb_build_object('type', p_type, 'timestamp', p_at, 'data', p_data)
  from public.notice_webhooks w where w.workspace_id = p_workspace_id and w.is_active
$$;

create function private.deliver_notice() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
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
create trigger deliver_notice after insert on public.notices
  for each row execute function private.deliver_notice();

-- A message that says only that messages arrive.
create function public.test_notice_webhook(p_workspace_id uuid) returns void
language sql set search_path = ''
as $$
  select private.queue_delivery(
    p_workspace_id, 'webhook.test', clock_timestamp(), jsonb_build_object('workspace_id', p_workspace_id)
  )
$$;

-- Leases messages that are due and gives them with address and sealed key.
create function public.claim_deliveries(p_limit integer, p_lease_ms integer) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_lease_id uuid := gen_random_uuid();
  v_ids uuid[];
begin
  with free as (
    select d.id from public.webhook_deliveries d
    where d.due_at <= v_now and (d.leased_until is null or d.leased_until <= v_now)
    order by d.due_at limit p_limit
    for update skip locked
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

-- Notes how an attempt went; `p_retry_ms` null: no other follows.
create function public.finish_delivery(
  p_id uuid, p_lease_id uuid, p_is_delivered boolean, p_http_status integer, p_error_code text,
  p_retry_ms numeric, p_is_gone boolean
) returns void
language plpgsql set search_path = ''
as $$
declare
  v_is_over boolean := p_is_delivered or p_retry_ms is null;
  v_webhook_id uuid;
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
  returning webhook_id into v_webhook_id;
  if p_is_gone then
    update public.notice_webhooks set is_active = false, updated_at = now() where id = v_webhook_id;
  end if;
end
$$;

revoke all on function private.queue_delivery(uuid, text, timestamptz, jsonb), private.deliver_notice() from public;
grant execute on function
  private.queue_delivery(uuid, text, timestamptz, jsonb), private.address_problem(text, text)
  to service_role;
revoke all on function
  public.put_notice_webhook(uuid, uuid, text, jsonb), public.test_notice_webhook(uuid),
  public.claim_deliveries(integer, integer),
  public.finish_delivery(uuid, uuid, boolean, integer, text, numeric, boolean)
  from public, anon, authenticated;
grant execute on function
  public.put_notice_webhook(uuid, uuid, text, jsonb), public.test_notice_webhook(uuid),
  public.claim_deliveries(integer, integer),
  public.finish_delivery(uuid, uuid, boolean, integer, text, numeric, boolean)
  to service_role;
