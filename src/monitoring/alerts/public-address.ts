import { BlockList, isIP, isIPv4 } from 'node:net';

/** Networks as `[address, prefix length]`. */
type Networks = [string, number][];

function listOf(networks: Networks): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of networks)
    list.addSubnet(address, prefix, isIPv4(address) ? 'ipv4' : 'ipv6');
  return list;
}

/** Networks of one's own: a receiver may stand there when the channel says so. */
const own = listOf([
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['::1', 128],
  ['fc00::', 7],
]);

/**
 * Nobody's: link-local (the metadata service of clouds), this network, broadcast, multicast, documentation, benchmarks, and 6to4.
 * https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-special-registry.
 */
const never = listOf([
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  // Metadata services that clouds keep at addresses which look like others.
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['fd00:ec2::254', 128],
  // Within 2000::/3: protocol assignments with Teredo, documentation, 6to4.
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]);

/** All of IPv6 that is given out for use in public; other ways to write an IPv4 address, as ::ffff:a.b.c.d, lie outside. */
const publicV6 = listOf([['2000::', 3]]);

/** Where an address leads: `public` to anybody's machine, `own` to this one or its network, `never` to no receiver. */
export function addressKind(address: string): 'public' | 'own' | 'never' {
  const version = isIP(address);
  // A zone such as `%eth0` is there for link-local addresses alone.
  if (version === 0 || address.includes('%')) return 'never';
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (never.check(address, family)) return 'never';
  if (own.check(address, family)) return 'own';
  return version === 4 || publicV6.check(address, 'ipv6') ? 'public' : 'never';
}
