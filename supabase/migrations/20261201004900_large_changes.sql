-- A change or a deletion of very many rows ends early, as an insert does, instead of after all of them were written: what
-- is refused in the end counts for nothing, so it could be asked for again and again.

create function private.stop_large_change() returns trigger
language plpgsql set search_path = ''
as $$
declare
  v_rows integer := coalesce(nullif(current_setting('patchbay.rows_changed', true), ''), '0')::integer + 1;
begin
  -- What triggers and cascades change is no part of the request.
  if pg_trigger_depth() = 1 and current_setting('role', true) in ('authenticated', 'api_token')
    and coalesce(current_setting('patchbay.writes_counted', true), '') <> 'on'
  then
    if v_rows > 6000 then
      raise exception using
        errcode = 'PT413', message = 'A request changes or deletes at most 6,000 rows. Narrow its filter.';
    end if;
    perform set_config('patchbay.rows_changed', v_rows::text, true);
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end
$$;
revoke all on function private.stop_large_change() from public;

-- Counts the writes to a table. Every table that a client may write, by itself or by a function, is to be named here.
create or replace function private.limit_writes(p_table regclass) returns void
language plpgsql set search_path = ''
as $$
begin
  execute format(
    'create trigger a_count_write before insert or update or delete on %1$s
       for each statement execute function private.count_write();
     create trigger a_stop_large_insert before insert on %1$s
       for each row execute function private.stop_large_insert();
     create trigger a_stop_large_change before update or delete on %1$s
       for each row execute function private.stop_large_change();
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

do $$
declare
  v_table regclass;
begin
  for v_table in select t.tgrelid::regclass from pg_trigger t where t.tgname = 'a_count_write' loop
    execute format(
      'create trigger a_stop_large_change before update or delete on %s
         for each row execute function private.stop_large_change()', v_table
    );
  end loop;
end
$$;
