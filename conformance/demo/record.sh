#!/usr/bin/env bash
# Records the demo's captures afresh: real programs talk across a Linux router that has the rules of host.yaml, and
# tcpdump writes down what passes each of its interfaces, in both directions.
#
#   sudo conformance/demo/record.sh [FOLDER]      writes FOLDER/{lan0,srv0,wan0}.pcap and FOLDER/kernel.log, what the
#                                                 rules logged (this folder if left out)
#
# Debian: apt-get install iproute2 iptables ethtool tcpdump iputils-ping dnsmasq-base bind9-dnsutils curl nmap
#   openssh-server openssh-client python3 python3-pyftpdlib
set -eu
here=$(cd "$(dirname "$0")" && pwd)
to=$(mkdir -p "${1:-$here}" && cd "${1:-$here}" && pwd)
for program in ip dmesg iptables-legacy-restore ip6tables-legacy-restore ethtool tcpdump ping dnsmasq dig curl nmap ssh ssh-keygen python3 node; do
  command -v "$program" >/dev/null || { echo "record.sh: $program is missing (see the top of this file)" >&2; exit 1; }
done

# The kernel logs packets of other network namespaces than the first only if it is told to.
all_netns=/proc/sys/net/netfilter/nf_log_all_netns
logged_before=$(cat "$all_netns" 2>/dev/null || echo)
scratch=$(mktemp -d)
started=()
finish() {
  for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
  for place in router lan srv wan; do ip netns delete "fh-demo-$place" 2>/dev/null || true; done
  [ -z "$logged_before" ] || echo "$logged_before" >"$all_netns"
  rm -rf "$scratch"
}
trap finish EXIT

in_() { local place=$1; shift; ip netns exec "fh-demo-$place" "$@"; }
in_background() { (local place=$1; shift; exec ip netns exec "fh-demo-$place" "$@") >"$scratch/output" 2>&1 & started+=($!); }
quiet() { "$@" >/dev/null 2>&1 || true; }

# A part of host.yaml as text: `part iptables`.
part() {
  (cd "$here" && node --input-type=module -e '
    import { readFileSync } from "node:fs";
    import { parse } from "yaml";
    const value = parse(readFileSync("host.yaml", "utf8"))[process.argv[1]];
    console.log(typeof value === "string" ? value : JSON.stringify(value));
  ' "$1")
}

for place in router lan srv wan; do
  ip netns add "fh-demo-$place"
  in_ "$place" ip link set lo up
  # No addresses or messages of its own making: only what the programs cause is to be seen.
  in_ "$place" sysctl -qw net.ipv6.conf.default.addr_gen_mode=1 net.ipv6.conf.default.dad_transmits=0 \
    net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0 net.ipv6.conf.default.router_solicitations=0
done

# place, router's interface, the router's and the other's hardware address
cable() {
  ip -n fh-demo-router link add "$2" type veth peer name eth0 netns "fh-demo-$1"
  ip -n fh-demo-router link set "$2" address "$3"
  ip -n "fh-demo-$1" link set eth0 address "$4"
  # Frames are to look as on a wire: no segments larger than the MTU, every checksum complete.
  quiet in_ router ethtool -K "$2" tx off tso off gso off gro off
  quiet in_ "$1" ethtool -K eth0 tx off tso off gso off gro off
  ip -n fh-demo-router link set "$2" up
  ip -n "fh-demo-$1" link set eth0 up
}
cable lan lan0 02:00:00:00:0a:01 02:00:00:00:0a:20
cable srv srv0 02:00:00:00:0b:01 02:00:00:00:0b:80
cable wan wan0 02:00:00:00:0c:01 02:00:00:00:0c:66

for address in 192.168.10.1/24 2001:db8:10::1/64; do ip -n fh-demo-router address add "$address" dev lan0; done
for address in 10.0.80.1/24 2001:db8:80::1/64; do ip -n fh-demo-router address add "$address" dev srv0; done
ip -n fh-demo-router address add 198.51.100.1/24 dev wan0
in_ router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 \
  net.ipv4.icmp_ratemask=0 net.ipv6.icmp.ratelimit=0 net.ipv4.conf.all.send_redirects=0 \
  net.ipv4.conf.all.rp_filter=0 net.ipv6.auto_flowlabels=0
part neighbors | python3 -c '
import json, sys
for n in json.load(sys.stdin): print("neigh replace", n["ip"], "lladdr", n["mac"], "dev", n["dev"], "nud permanent")
' | ip -n fh-demo-router -batch -
ip -n fh-demo-router route add default via 198.51.100.66 dev wan0
part iptables | in_ router iptables-legacy-restore
part ip6tables | in_ router ip6tables-legacy-restore

ip -n fh-demo-lan address add 192.168.10.20/24 dev eth0
ip -n fh-demo-lan address add 2001:db8:10::20/64 dev eth0
ip -n fh-demo-lan route add default via 192.168.10.1
ip -n fh-demo-lan -6 route add default via 2001:db8:10::1
for address in 10.0.80.53/24 10.0.80.80/24 2001:db8:80::80/64; do
  ip -n fh-demo-srv address add "$address" dev eth0
done
ip -n fh-demo-srv route add default via 10.0.80.1
ip -n fh-demo-srv -6 route add default via 2001:db8:80::1
ip -n fh-demo-wan address add 198.51.100.66/24 dev eth0
ip -n fh-demo-wan route add default via 198.51.100.1

mkdir "$scratch/www"
echo '<h1>It works</h1>' >"$scratch/www/index.html"
seq 1 1200 >"$scratch/www/numbers.txt"
chmod -R a+rX "$scratch"
# The interpreter that Debian's modules are for.
python=/usr/bin/python3
in_background srv dnsmasq --no-daemon --no-resolv --no-hosts --bind-interfaces --listen-address=10.0.80.53 \
  --address=/www.example.org/198.51.100.1 --mx-host=example.org,mail.example.org --pid-file="$scratch/dnsmasq.pid"
for place in srv wan; do
  in_background "$place" "$python" -m http.server 80 --bind :: --directory "$scratch/www"
  in_background "$place" "$python" -m pyftpdlib -p 21 -d "$scratch/www"
done
mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N '' -f "$scratch/host-key"
ssh-keygen -q -t ed25519 -N '' -f "$scratch/key"
cp "$scratch/key.pub" "$scratch/authorized"
in_background srv /usr/sbin/sshd -D -e -f /dev/null -h "$scratch/host-key" -o AuthorizedKeysFile="$scratch/authorized" \
  -o StrictModes=no -o UsePAM=no -o PermitRootLogin=yes -o PidFile=none -o UseDNS=no
ssh_() { quiet in_ "$1" ssh -F /dev/null -i "$scratch/key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
  -o ConnectTimeout=3 -o BatchMode=yes "root@$2" echo it works; }
# Until the hosts have told whom they listen to.
sleep 4
for interface in lan0 srv0 wan0; do
  in_background router tcpdump -i "$interface" --immediate-mode -U -w "$scratch/$interface.pcap"
done
[ -z "$logged_before" ] || echo 1 >"$all_netns"
dmesg --follow-new --notime >"$scratch/kernel" 2>/dev/null & started+=($!)
sleep 2

# The office pings, asks for names, reads pages, logs in, fetches files, and tries a port that is not for it.
quiet in_ lan ping -c 2 -i 0.2 198.51.100.66
quiet in_ lan ping -c 1 -W 1 -s 3000 198.51.100.66
quiet in_ lan ping -c 1 -t 1 10.0.80.80
quiet in_ lan ping -c 1 192.168.10.1
quiet in_ lan dig +short +tries=1 @10.0.80.53 www.example.org
quiet in_ lan dig +short +tcp +tries=1 @10.0.80.53 example.org MX
quiet in_ lan curl -sS http://10.0.80.80/
quiet in_ lan curl -sS http://198.51.100.66/numbers.txt
# By the public address, although both are inside.
quiet in_ lan curl -sS http://198.51.100.1/
quiet in_ lan curl -sS --max-time 2 http://10.0.80.80:8080/
quiet in_ lan dig +short +tries=1 +timeout=1 -p 5353 @198.51.100.66 www.example.org
ssh_ lan 10.0.80.80
quiet in_ lan curl -sS ftp://198.51.100.66/index.html
quiet in_ lan curl -sS -P - ftp://198.51.100.66/index.html
quiet in_ lan ping -c 1 2001:db8:10::1
quiet in_ lan ping -c 2 -i 0.2 2001:db8:80::80
quiet in_ lan curl -sS 'http://[2001:db8:80::80]/'
quiet in_ lan curl -sS --max-time 2 'http://[2001:db8:80::80]:8080/'
# From outside: a page, a login, files both ways of ftp, a name, a ping, and a port scan of three kinds.
quiet in_ wan curl -sS http://198.51.100.1/
ssh_ wan 198.51.100.1
quiet in_ wan curl -sS --disable-epsv ftp://198.51.100.1/index.html
quiet in_ wan curl -sS --disable-eprt -P - ftp://198.51.100.1/index.html
quiet in_ wan dig +short +tries=1 +timeout=2 @198.51.100.1 www.example.org
quiet in_ wan ping -c 1 198.51.100.1
quiet in_ wan nmap -n -Pn -sS --max-retries 0 -p 20-26,53,80,110,139,443,445,3306,8080 198.51.100.1
quiet in_ wan nmap -n -Pn -sX --max-retries 0 -p 22,80,443 198.51.100.1
quiet in_ wan nmap -n -Pn -sU --max-retries 0 -p 53,123,161 198.51.100.1
# A server may not begin anything.
quiet in_ srv curl -sS --max-time 2 http://198.51.100.66/
sleep 1

for interface in lan0 srv0 wan0; do cat "$scratch/$interface.pcap" >"$to/$interface.pcap"; done
grep -aE '^FW6? drop: ' "$scratch/kernel" >"$to/kernel.log" || true
ls -l "$to"/*.pcap "$to/kernel.log"
