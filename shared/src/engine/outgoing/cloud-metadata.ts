/**
 * Where clouds hand out credentials to whatever runs on a machine. No address policy allows these, since nobody has an
 * MCP server there; several lie in private or public ranges, where no rule about ranges would find them.
 */
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

const METADATA_RANGES = [
  // Nearly all clouds, also for containers (AWS ECS and EKS) and for time and DNS.
  '169.254.0.0/16',
  'fe80::/10',
  // Alibaba Cloud, in the range of carrier-grade NAT.
  '100.100.100.200/32',
  // Azure's host, in a public range.
  '168.63.129.16/32',
  // Oracle Cloud, the address before 169.254.169.254; and its IPv6 one.
  '192.0.0.192/32',
  'fd00:c1::a9fe:a9fe/128',
  // AWS: instances (::254), EKS (::23), DNS and time.
  'fd00:ec2::/32',
  // Google Cloud.
  'fd20:ce::254/128',
  // Scaleway, Akamai (Linode).
  'fd00:42::42/128',
  'fd00:a9fe:a9fe::/48',
].map((range) => ipaddr.parseCIDR(range));

/** Names that lead to those addresses; refused before anything is looked up. */
const METADATA_NAMES: ReadonlySet<string> = new Set([
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
  'metadata.tencentyun.com',
]);

/** Prefixes with an IPv4 address inside, and how many 16-bit groups precede that address. */
const EMBEDDING: { prefix: [Address, number]; groupsBefore: number; isInverted?: true }[] = [
  // NAT64 (RFC 6052), and the translation of RFC 6145.
  { prefix: ipaddr.parseCIDR('64:ff9b::/96'), groupsBefore: 6 },
  { prefix: ipaddr.parseCIDR('::ffff:0:0:0/96'), groupsBefore: 6 },
  // IPv4-compatible (RFC 4291, deprecated).
  { prefix: ipaddr.parseCIDR('::/96'), groupsBefore: 6 },
  // 6to4 (RFC 3056), and Teredo (RFC 4380), which stores the client's address inverted.
  { prefix: ipaddr.parseCIDR('2002::/16'), groupsBefore: 1 },
  { prefix: ipaddr.parseCIDR('2001::/32'), groupsBefore: 6, isInverted: true },
];
const LOOPBACK_IPV6 = ipaddr.parse('::1').toString();

/** Whether a cloud's metadata service listens on this address, as far as known. `address` is no IPv4-mapped IPv6. */
export function isMetadataAddress(address: Address): boolean {
  return METADATA_RANGES.some((range) => matches(address, range));
}

/** Whether this host name is one of a cloud's metadata service. `host` may end with a dot. */
export function isMetadataName(host: string): boolean {
  return METADATA_NAMES.has(host.toLowerCase().replace(/\.$/, ''));
}

/** The IPv4 address to which a translator or tunnel sends on a packet for this one, or null. */
export function embeddedIPv4(address: Address): ipaddr.IPv4 | null {
  if (!(address instanceof ipaddr.IPv6) || address.toString() === LOOPBACK_IPV6) return null;
  const found = EMBEDDING.find(({ prefix }) => matches(address, prefix));
  if (!found) return null;
  const groups = address.parts.slice(found.groupsBefore, found.groupsBefore + 2);
  const bytes = groups.flatMap((group) => [group >> 8, group & 0xff]);
  return new ipaddr.IPv4(found.isInverted ? bytes.map((byte) => byte ^ 0xff) : bytes);
}

function matches(address: Address, range: [Address, number]): boolean {
  return range[0].kind() === address.kind() && address.match(range);
}
