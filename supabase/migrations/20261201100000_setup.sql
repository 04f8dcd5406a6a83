-- Schema `private`, the role of API tokens, and the field checks that several tables share.

-- Roles belong to the whole cluster, so another database may have created this one already.
do $$
begin
  if not exists (select from pg_roles where rolname = 'api_token') then create role api_token nologin; end if;
end
$$;
-- As in Supabase's guide to custom roles. From anon, the role inherits the use of the schemas; anon has no rights to
-- tables or functions.
grant anon to api_token;
grant api_token to authenticator;

-- What policies and triggers need lives in `private`, a schema that the Data API does not expose.
create schema private;
grant usage on schema private to authenticated, service_role, api_token;

-- Codes of field errors, the same list as FIELD_CODES in shared/src/contract/schema/fields.ts. Programs rely on them:
-- codes may be added, but never change their meaning.
create domain private.field_code as text check (value in (
  'required', 'wrong_type', 'unknown_choice', 'bad_format', 'too_long', 'too_many', 'out_of_range', 'reserved',
  'secret_in_url', 'unsupported_scheme', 'blocked_address'
));

-- The JSON of one field error, for refuse_fields.
create function private.field_error(p_code private.field_code, p_message text) returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_array(jsonb_build_object('code', p_code, 'message', p_message))
$$;

-- Removes the same whitespace as JavaScript's trim(), which the page and the edge functions apply first.
create function private.trimmed(p_text text) returns text
language sql immutable set search_path = ''
as $$
  select btrim(p_text, e'\t\n\x0b\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008'
    '\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff')
$$;

-- The field error of a text, or null: too long, or missing although p_required (what to do about it) is given.
create function private.text_error(p_text text, p_max integer, p_required text default null) returns jsonb
language sql immutable set search_path = ''
as $$
  select case
    when p_required is not null and coalesce(p_text, '') = '' then private.field_error('required', p_required)
    when char_length(p_text) > p_max then private.field_error('too_long', format('Use at most %s characters.', p_max))
  end
$$;

-- Raises HTTP 400 for invalid input, with {"field": [{"code", "message"}]} as JSON in `details`.
create function private.refuse_fields(p_fields jsonb) returns void
language plpgsql set search_path = ''
as $$
begin
  raise exception using
    errcode = 'PT400',
    message = 'Some fields are invalid.',
    detail = p_fields::text;
end
$$;

-- Something on both sides of an @, without whitespace as JavaScript's \s means it.
create function private.is_email(p_text text) returns boolean
language sql immutable set search_path = ''
as $$
  select p_text ~ '^[^@\u0009-\u000d\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+@[^@\u0009-\u000d\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+$'
$$;

-- Whether a text has the form of an HTTP(S) URL without user info. The same expression is ADDRESS in
-- shared/src/contract/schema/address.ts.
create function private.is_address(p_url text) returns boolean
language sql immutable set search_path = ''
as $$
  select p_url ~ (
    '^[Hh][Tt][Tt][Pp][Ss]?://'
    || '([^\u0001-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff/?#@\\:\[\]<>^|%]+|\[[0-9A-Fa-f:.]+\])'
    || '(:(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5]?[0-9]{1,4})?)?'
    || '([/?#][^\u0009-\u000d\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]*)?$'
  )
$$;

-- Headers that the protocol itself uses, the same list as RESERVED_HEADERS in shared/src/contract/schema/server.ts.
create function private.is_reserved_header(p_name text) returns boolean
language sql immutable set search_path = ''
as $$
  select lower(p_name) in (
    'accept', 'connection', 'content-length', 'content-type', 'cookie', 'host', 'last-event-id',
    'mcp-protocol-version', 'mcp-session-id', 'te', 'transfer-encoding', 'upgrade'
  )
$$;

-- Scheme, host and port of a URL. Two spellings of one origin count as different, which only costs entering the key
-- again.
create function private.url_origin(p_url text) returns text
language sql immutable set search_path = ''
as $$
  select lower(substring(p_url from '^[A-Za-z]+://[^/?#]+'))
$$;

-- The URL that credentials are sealed for: no fragment or default port, lower-case scheme and host, everything else
-- as written. The same rule is boundAddress in shared/src/contract/bound-address.ts.
create function private.bound_address(p_url text) returns text
language sql immutable set search_path = ''
as $$
  select coalesce((
    select scheme || '://'
      || regexp_replace(host, case scheme when 'https' then ':(443)?$' else ':(80)?$' end, '')
      || case when rest like '/%' then '' else '/' end || rest
    from regexp_match(p_url, '^([A-Za-z]+)://([^/?#]*)([^#]*)') as part,
      lateral (
        select translate(part[1], 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'),
          translate(part[2], 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'), part[3]
      ) as parts (scheme, host, rest)
    where part is not null
  ), p_url)
$$;

-- The field error of a server's or webhook's URL, or null. p_required: what to do when it is missing.
create function private.url_error(p_url text, p_required text) returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(private.text_error(p_url, 2000, p_required), case
    when p_url ~ '^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]*@'
      then private.field_error('secret_in_url', 'Remove the key from the URL and enter it as the credential.')
    when p_url ~ '^[A-Za-z][A-Za-z0-9+.-]*:' and p_url !~ '^[Hh][Tt][Tt][Pp][Ss]?://'
      then private.field_error('unsupported_scheme', 'The URL must start with https:// or http://.')
    when not private.is_address(p_url)
      then private.field_error('bad_format', 'Enter a full URL, such as https://example.com/mcp.')
  end)
$$;

create function private.tag_error(p_tag text) returns jsonb
language sql immutable set search_path = ''
as $$
  select case
    when coalesce(p_tag, '') = '' then private.field_error('required', 'Enter a tag.')
    when char_length(p_tag) > 40 then private.field_error('too_long', 'Use at most 40 characters for a tag.')
    when p_tag ~ '\n' then private.field_error('bad_format', 'A tag must be a single line.')
  end
$$;

-- The longest start of a text that fits into so many bytes of UTF-8, without splitting a character.
create function private.first_bytes(p_text text, p_bytes integer) returns text
language plpgsql immutable strict parallel safe set search_path = ''
as $$
declare
  v_bytes bytea;
  v_end integer := p_bytes;
begin
  if octet_length(p_text) <= p_bytes then
    return p_text;
  end if;
  v_bytes := convert_to(p_text, 'UTF8');
  -- Bytes 10xxxxxx continue a character.
  while v_end > 0 and get_byte(v_bytes, v_end) & 192 = 128 loop
    v_end := v_end - 1;
  end loop;
  return convert_from(substring(v_bytes from 1 for v_end), 'UTF8');
end
$$;

-- The size of a value as compact JSON; Postgres adds a space after each colon and comma.
create function private.json_bytes(p_value jsonb) returns integer
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  v_text text := coalesce(p_value::text, '');
  v_bare text;
begin
  -- The exact size matters only near the limits.
  if octet_length(v_text) not between 4096 and 262144 then
    return octet_length(v_text);
  end if;
  v_bare := regexp_replace(v_text, '"(\\.|[^"\\])*"', '', 'g');
  return octet_length(v_text) - (length(v_bare) - length(replace(v_bare, ' ', '')));
end
$$;

-- The size of both schemas of a tool. Small ones are not computed exactly, and may be overestimated.
create function private.schema_bytes(p_input jsonb, p_output jsonb) returns integer
language sql immutable parallel safe set search_path = ''
as $$
  select case
    when length.upper <= 65536 then length.upper
    else private.json_bytes(p_input) + private.json_bytes(p_output)
  end
  from (select coalesce(octet_length(p_input::text), 0) + coalesce(octet_length(p_output::text), 0)) as length (upper)
$$;

create function private.list_length(p_list jsonb) returns integer
language sql immutable set search_path = ''
as $$
  select case when jsonb_typeof(p_list) = 'array' then jsonb_array_length(p_list) else 0 end
$$;

-- Rounds; numbers beyond the integer range become the largest integer.
create function private.as_integer(p_number numeric) returns integer
language sql immutable strict parallel safe set search_path = ''
as $$
  select round(least(p_number, 2147483647))::integer
$$;

-- Whether a text looks like a model name; only the provider knows whether the model exists.
create function private.is_model_name(p_text text) returns boolean
language sql immutable set search_path = ''
as $$
  select p_text ~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$'
$$;

-- A BCP 47 language with optional script and region: en, pt-BR, zh-Hant-TW.
create function private.is_language_tag(p_text text) returns boolean
language sql immutable set search_path = ''
as $$
  select p_text ~ '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$'
$$;

-- 244 random bits as 64 hexadecimal digits.
create function private.new_token() returns text
language sql volatile set search_path = ''
as $$
  select replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')
$$;

create function private.token_hash(p_token text) returns text
language sql immutable set search_path = ''
as $$
  select encode(sha256(convert_to(p_token, 'UTF8')), 'hex')
$$;

revoke all on all functions in schema private from public;
grant execute on function
  private.field_error, private.trimmed, private.text_error, private.refuse_fields, private.is_address,
  private.is_reserved_header, private.url_origin, private.bound_address, private.first_bytes, private.json_bytes,
  private.schema_bytes, private.is_model_name, private.is_language_tag
  to authenticated, api_token, service_role;
grant execute on function private.is_email, private.url_error, private.as_integer to service_role;
grant execute on function private.tag_error to authenticated, api_token;
