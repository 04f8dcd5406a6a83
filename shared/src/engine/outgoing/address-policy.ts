/**
 * Where Patchbay may connect to for a URL that a user gave. Literals are judged here from the URL;
 * what a name resolves to is judged by `outgoing-fetch` at connect time, with the same function.
 */
import ipaddr from 'ipaddr.js';
import { embeddedIPv4, isMetadataAddress, isMetadataName } from './cloud-metadata.ts';
import { AppError } from '../../contract/errors.ts';

/**
 * `public`: https and public addresses only. `local`: also http, loopback and private networks.
 * An allow-list is `public`, and what an operator lists beside it, by http too. None reaches a cloud's metadata.
 */
export type AddressPolicy = 'public' | 'local' | AllowList;

interface AllowList {
  /** Host names in lower case; a listed name may lead to private addresses. */
  names: ReadonlySet<string>;
  /** Address ranges in CIDR notation, parsed. */
  ranges: readonly Range[];
}

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Ranges (names of ipaddr.js) of public addresses. */
const PUBLIC_RANGES: ReadonlySet<string> = new Set(['unicast']);
/** Those of this machine and of networks of one's own. */
const LOCAL_RANGES: ReadonlySet<string> = new Set([
  ...PUBLIC_RANGES,
  'loopback',
  'private',
  'uniqueLocal',
  'carrierGradeNat',
]);
/** All of IPv6 that is assigned to the Internet (RFC 4291, section 2.4); ipaddr.js calls the rest `unicast` too. */
const GLOBAL_IPV6 = ipaddr.parseCIDR('2000::/3');

/** Names that only ever mean this machine or a private network. */
const PRIVATE_NAMES = ['localhost', 'local', 'internal', 'home.arpa'];

const HOST_NAME = /^[a-z0-9-]+(\.[a-z0-9-]+)*$/;

/**
 * Reads `PATCHBAY_ADDRESS_POLICY`: `public` (also when it is not set), `local`, or `public` with host names and
 * CIDR ranges behind it, separated by commas.
 *
 * @returns null when it is none of these
 */
export function parseAddressPolicy(env: string | undefined): AddressPolicy | null {
  const [first = '', ...listed] = (env || 'public').split(',').map((entry) => entry.trim().toLowerCase());
  if (first === 'local' && listed.length === 0) return 'local';
  if (first !== 'public') return null;
  if (listed.length === 0) return 'public';
  const names = listed.filter((entry) => !entry.includes('/'));
  const ranges = listed.filter((entry) => entry.includes('/'));
  if (!names.every((name) => HOST_NAME.test(name)) || !ranges.every((range) => ipaddr.isValidCIDR(range)))
    return null;
  return { names: new Set(names), ranges: ranges.map((range) => ipaddr.parseCIDR(range)) };
}

/**
 * Whether a connection may go to this address.
 *
 * @param address IPv4 or IPv6 in any text form
 * @param name the host name that led to it, when one did
 */
export function isAddressAllowed(address: string, policy: AddressPolicy, name?: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  // process() turns IPv4-mapped IPv6 into IPv4, so that ::ffff:127.0.0.1 is judged as loopback. It also takes ::1.2.3.4
  // for mapped, which is IPv4-compatible and how a resolver writes ::/96.
  const parsed = ipaddr.process(address.replace(/^::(?=\d+\.)/, '::0:'));
  const isLocalAllowed = policy === 'local' || (name !== undefined && isListedName(name, policy));
  if (isMetadataAddress(parsed)) return false;
  const embedded = embeddedIPv4(parsed);
  // A translator sends it on: so the address inside must be allowed as well as the prefix.
  if (embedded && !isAddressAllowed(embedded.toString(), policy, name)) return false;
  if (isInListedRange(parsed, policy)) return true;
  const range = parsed.range();
  if (range === 'unicast' && parsed.kind() === 'ipv6' && !parsed.match(GLOBAL_IPV6)) return false;
  return (isLocalAllowed ? LOCAL_RANGES : PUBLIC_RANGES).has(range);
}

/**
 * Parses a user-given URL and judges scheme, name and IP literal.
 * @throws AppError `invalid_url` when it is no http(s) URL, `blocked_address` when the policy forbids it
 */
export function checkUrl(text: string, policy: AddressPolicy): URL {
  if (!URL.canParse(text)) throw new AppError('invalid_url');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new AppError('invalid_url');
  if (url.username || url.password) {
    throw new AppError('invalid_url', { message: 'Remove the user name or password from the address.' });
  }
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isMetadataName(host)) throw new AppError('blocked_address');
  const isLiteral = ipaddr.isValid(host);
  const isListed = isLiteral ? isInListedRange(ipaddr.process(host), policy) : isListedName(host, policy);
  if (policy !== 'local' && !isListed && url.protocol !== 'https:') {
    throw new AppError('blocked_address', { message: 'Only https addresses are allowed.' });
  }
  if (isLiteral) {
    if (!isAddressAllowed(host, policy)) throw new AppError('blocked_address');
  } else if (policy !== 'local' && !isListed && isPrivateName(host)) {
    throw new AppError('blocked_address');
  }
  return url;
}

function isListedName(name: string, policy: AddressPolicy): boolean {
  return typeof policy === 'object' && policy.names.has(name.toLowerCase().replace(/\.$/, ''));
}

function isInListedRange(address: ipaddr.IPv4 | ipaddr.IPv6, policy: AddressPolicy): boolean {
  if (typeof policy !== 'object') return false;
  return policy.ranges.some((range) => range[0].kind() === address.kind() && address.match(range));
}

function isPrivateName(host: string): boolean {
  return PRIVATE_NAMES.some((name) => host === name || host.endsWith(`.${name}`));
}
