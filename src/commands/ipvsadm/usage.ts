export const VERSION = 'ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)\n';

/** Of what is supported. */
export const USAGE = `${VERSION}Usage:
  ipvsadm -A|E virtual-service [-s scheduler] [-p [timeout]] [-M netmask] [-b sched-flags]
  ipvsadm -D virtual-service
  ipvsadm -C
  ipvsadm -R
  ipvsadm -S [-n]
  ipvsadm -a|e virtual-service -r server-address -m [-w weight] [-x upper] [-y lower]
  ipvsadm -d virtual-service -r server-address
  ipvsadm -L|l [virtual-service] [options]
  ipvsadm -Z [virtual-service]
  ipvsadm --set tcp tcpfin udp
  ipvsadm -h

virtual-service:
  -t host[:port], -u host[:port]     TCP or UDP service
  -f mark [-6]                       packets with a firewall mark, of IPv4 or IPv6

Options:
  -s scheduler                       rr, wrr, lc, wlc (the default), sh, mh
  -b flags                           sh-fallback, sh-port, mh-fallback, mh-port; commas between
  -p [seconds]                       a client stays with its server, for 300 seconds by default
  -M netmask                         clients of one network count as one; IPv6: a prefix length
  -m                                 translation of addresses (the only way of forwarding that there is)
  -c, --timeout, --stats, --rate, --thresholds, --persistent-conn, --exact, --nosort, -n
                                     what is listed, and how
`;
