-- What `npm run doctor` asks of a database that it reaches by its API alone. Only the system may ask, and nothing
-- is written.

-- migrations: versions as the Supabase CLI records them. open_tables: those without row-level security, of which
-- there should be none. prunes: whether the nightly job stands; null where there is no pg_cron.
-- monitors: how many were at work within the last minute.
create function public.deployment_state() returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  v_migrations jsonb := '[]';
  v_prunes boolean;
begin
  -- Neither is there in every database, so neither may be named before it is looked for.
  if to_regclass('supabase_migrations.schema_migrations') is not null then
    execute 'select coalesce(jsonb_agg(version order by version), ''[]'') from supabase_migrations.schema_migrations'
      into v_migrations;
  end if;
  if to_regclass('cron.job') is not null then
    execute 'select exists (select from cron.job where jobname = ''patchbay-prune-history'' and active)'
      into v_prunes;
  end if;
  return jsonb_build_object(
    'migrations', v_migrations,
    'open_tables', (
      select coalesce(jsonb_agg(c.oid::regclass::text order by c.relname), '[]') from pg_catalog.pg_class c
      where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
        and c.relkind in ('r', 'p') and not c.relrowsecurity
    ),
    'prunes', v_prunes,
    'monitors', (
      select count(*) from private.monitors m where m.seen_at > clock_timestamp() - interval '60 seconds'
    )
  );
end
$$;

revoke all on function public.deployment_state() from public, anon, authenticated;
grant execute on function public.deployment_state() to service_role;
