import { type Connection, connectionOf } from '../../conntrack/connection.ts';
import { PACKET_HOST, PACKET_MULTICAST } from '../../netfilter/constants.ts';
import { hashWords, scale } from '../../netfilter/jhash.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { noConnection, track } from '../connection-state.ts';
import { defineMatch, type Given, option } from '../extension.ts';
import { Problem } from '../problem.ts';
import { integer } from '../values.ts';

/** Most nodes (XT_CLUSTER_NODES_MAX); the real tool takes no larger mask either. */
const MOST = 32;

const hex8 = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;
const upTo32 = integer(1, MOST);
const mask = { ...upTo32, syntax: 'mask', print: hex8 };
const hashSeed = { ...integer(0, 0xffffffff), print: hex8 };

/** A word as x86 reads it from the packet: that is what the kernel hashes. */
const swapped = (word: number): number =>
  ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);

/**
 * The node, from 0, that a connection belongs to: by the address of who began it, or began the one it belongs to. Of an
 * IPv6 address the kernel hashes the first word alone (xt_cluster_hash_ipv6), with jhash2, which starts like jhash_1word.
 */
function nodeOf(connection: Connection, nodes: number, seed: number): number {
  const { original } = connection.master ?? connection;
  return scale(hashWords(1, swapped(original.src0), 0, 0, seed), nodes);
}

/** The packet is for many hosts by its destination address, whatever its frame says. */
function isMulticast({ bytes, network, family }: Packet): boolean {
  return family === 4 ? (bytes[network + 16]! & 0xf0) === 0xe0 : bytes[network + 24] === 0xff;
}

/** Mask of the one of the two options that was written last; undefined if neither was. */
function maskOf(node: Given<number> | undefined, nodes: Given<number> | undefined): number | undefined {
  if (node && (nodes?.order ?? -1) < (node.order ?? 0)) return (1 << (node.value - 1)) >>> 0;
  return nodes?.value;
}

export const cluster = defineMatch({
  name: 'cluster',
  summary: 'which node of a cluster a connection belongs to',
  about:
    'All nodes see all packets, and each takes those of its own connections: the address that began the connection is ' +
    'hashed to a node; of an IPv6 address only its first 32 bits. A unicast packet that came in a multicast frame, as such clusters need it, is made one for ' +
    'this host. The real tool takes masks from 1 to 32 only.',
  source: 'net/netfilter/xt_cluster.c xt_cluster_mt',
  options: {
    'cluster-total-nodes': option(upTo32, { required: true, help: 'How many nodes there are.' }),
    'cluster-local-node': option(upTo32, {
      invert: true,
      excludes: ['cluster-local-nodemask'],
      help: 'Number of this node, from 1.',
    }),
    'cluster-local-nodemask': option(mask, {
      invert: true,
      excludes: ['cluster-local-node'],
      help: 'Nodes that this one stands for: bit 0 is the first one.',
    }),
    'cluster-hash-seed': option(hashSeed, {
      required: true,
      help: 'Seed of the hash, the same on all nodes.',
    }),
  },
  verify(values) {
    const {
      'cluster-local-node': node,
      'cluster-local-nodemask': nodes,
      'cluster-total-nodes': total,
    } = values;
    const bits = maskOf(node, nodes);
    if (bits === undefined) {
      throw new Problem("cluster match: `--cluster-local-node' or`--cluster-local-nodemask' is missing");
    }
    if (!total || !values['cluster-hash-seed'] || bits < 2 ** total.value) return;
    throw new Problem(
      node
        ? "cluster match: `--cluster-local-node' must be <= `--cluster-total-nodes'"
        : "cluster match: `--cluster-local-nodemask' too big for `--cluster-total-nodes'",
    );
  },
  settle({ 'cluster-local-node': node, 'cluster-local-nodemask': nodes, ...rest }) {
    const bits = maskOf(node, nodes) ?? 0;
    const inverted = (node ?? nodes)?.inverted ?? false;
    return { ...rest, 'cluster-local-nodemask': { value: bits, inverted } };
  },
  save: ({ 'cluster-local-nodemask': nodes, 'cluster-total-nodes': total, 'cluster-hash-seed': hash }) =>
    nodes && total && hash
      ? `${nodes.inverted ? ' !' : ''} --cluster-local-nodemask ${hex8(nodes.value)}` +
        ` --cluster-total-nodes ${total.value} --cluster-hash-seed ${hex8(hash.value)}`
      : '',
  list: ({ 'cluster-local-nodemask': nodes, 'cluster-total-nodes': total, 'cluster-hash-seed': hash }) =>
    nodes && total && hash
      ? ` cluster ${nodes.inverted ? '!' : ''}node_mask=${hex8(nodes.value)}` +
        ` total_nodes=${total.value} hash_seed=${hex8(hash.value)}`
      : '',
  tests(values, environment) {
    track(environment);
    const {
      'cluster-local-nodemask': nodes,
      'cluster-total-nodes': total,
      'cluster-hash-seed': hash,
    } = values;
    if (!nodes || !total || !hash) return [];
    const node = (connection: Connection) => nodeOf(connection, total.value, hash.value);
    return [
      {
        option: 'cluster-local-nodemask',
        run(packet) {
          if (packet.type === PACKET_MULTICAST && !isMulticast(packet)) packet.type = PACKET_HOST;
          const connection = connectionOf(packet);
          if (connection === undefined) return false;
          return (((1 << node(connection)) & nodes.value) !== 0) !== nodes.inverted;
        },
        explain(packet) {
          const connection = connectionOf(packet);
          return connection === undefined ? noConnection(packet) : `node ${node(connection) + 1}`;
        },
      },
    ];
  },
});
