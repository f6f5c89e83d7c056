#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node of libtorrent's Mainline DHT, or of OpenDHT, without the limits that they put on requests.

Usage: other-node.py libtorrent|opendht ADDRESS PORT KNOWN-HOST KNOWN-PORT

Prints "ready", then the nodes of its routing table for each line that it reads.
"""

import ipaddress
import sys

NO_LIMIT = 1_000_000_000
# Nodes of the swarm that libtorrent is told of.
N_KNOWN = 1000


def run_libtorrent(address, port, known_host, known_port):
    import libtorrent
    session = libtorrent.session({
        'listen_interfaces': f'{address}:{port}',
        'enable_dht': True, 'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False,
        'dht_bootstrap_nodes': '',
        # Five packets a second from an address, and then a ban, otherwise; 8 kB a second upwards.
        'dht_upload_rate_limit': NO_LIMIT, 'dht_block_ratelimit': NO_LIMIT, 'dht_block_timeout': 1,
        # One address of a network in the table otherwise: the fake nodes are neighbours.
        'dht_restrict_routing_ips': False, 'dht_restrict_search_ips': False,
        'dht_prefer_verified_node_ids': False, 'dht_ignore_dark_internet': False,
        'alert_mask': libtorrent.alert.category_t.dht_notification,
    })
    # libtorrent asks for no more nodes by itself than one look-up brings.
    known = ipaddress.ip_address(known_host)
    for i in range(N_KNOWN):
        session.add_dht_node((str(known + i // 250 * 256 + i % 250), known_port))
    print('ready', flush=True)
    for _ in sys.stdin:
        session.pop_alerts()
        session.post_dht_stats()
        count = 0
        while not count:
            session.wait_for_alert(1000)
            for alert in session.pop_alerts():
                if isinstance(alert, libtorrent.dht_stats_alert):
                    count = sum(bucket['num_nodes'] for bucket in alert.routing_table)
        print(count, flush=True)


def run_opendht(address, port, known_host, known_port):
    import opendht
    config = opendht.DhtConfig()
    config.setRateLimit(-1, -1)
    runner = opendht.DhtRunner()
    runner.run(id=opendht.Identity(), port=port, config=config)
    runner.bootstrap(known_host, str(known_port))
    print('ready', flush=True)
    for _ in sys.stdin:
        print(runner.getRoutingTablesLog(2).count('Node '), flush=True)


def main():
    kind, address, port, known_host, known_port = sys.argv[1:]
    run = {'libtorrent': run_libtorrent, 'opendht': run_opendht}[kind]
    run(address, int(port), known_host, int(known_port))


if __name__ == '__main__':
    main()
