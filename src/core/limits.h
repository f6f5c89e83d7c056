/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Every bound in the program, named, with its reason. A test hits each one.
 * "A.x" and "B.x" are sections of the protocol. */

/* Datagrams (A.1.1): an original reads at most 8,192 bytes. */
#define BYTESTAG_LIMIT_DATAGRAM 8192
/* The most that a datagram may inflate to (B.5). */
#define BYTESTAG_LIMIT_INFLATED (64 * 1024)
/* JSON of a datagram (B.5): nesting, tokens, strings. */
#define BYTESTAG_LIMIT_JSON_DEPTH 8
#define BYTESTAG_LIMIT_JSON_TOKENS 2000
#define BYTESTAG_LIMIT_JSON_STRING 4096
#define BYTESTAG_LIMIT_TRANSFER_DATA (12 * 1024)
/* A seq_id or xferid of any type is echoed as it came, up to this (B.5). */
#define BYTESTAG_LIMIT_ECHOED_ID 256
/* Replies to peers of ours never fragment (B.1). */
#define BYTESTAG_LIMIT_REPLY 1232

/* Info objects (B.3): the largest root, page or partpage that we write, and
 * the largest that we read (an original may write up to a whole value). */
#define BYTESTAG_LIMIT_INFO_WRITTEN 262144
#define BYTESTAG_LIMIT_INFO_READ 1048575
#define BYTESTAG_LIMIT_INFO_TOKENS 400000
/* Nesting of what an original would read and drop (ours has 4), and the digits
 * of a whole number that it reads (Python's bound). */
#define BYTESTAG_LIMIT_INFO_DEPTH 64
#define BYTESTAG_LIMIT_INFO_DIGITS 4300
/* Parts of one partpage (B.3). */
#define BYTESTAG_LIMIT_PARTS_OF_PAGE 8192
/* File names from peers: elements of a path, bytes of an element, and bytes
 * of the whole (NAME_MAX and PATH_MAX of Linux, less our suffix). */
#define BYTESTAG_LIMIT_PATH_ELEMENTS 64
#define BYTESTAG_LIMIT_NAME_BYTES 235
#define BYTESTAG_LIMIT_PATH_BYTES 3072
#define BYTESTAG_LIMIT_LINK_BYTES 8192
#define BYTESTAG_LIMIT_LINK_PEERS 3
#define BYTESTAG_LIMIT_COLLECTION_FILES 1000000
/* Parts of all files of a collection that is fetched (4 TiB): 320 MiB of keys. */
#define BYTESTAG_LIMIT_COLLECTION_PARTS (16 * 1024 * 1024)
/* The comment of a collection: it stands in the root, which is one part. */
#define BYTESTAG_LIMIT_COMMENT_BYTES 4096

/* Requests of ours that wait for an answer at one time. */
#define BYTESTAG_LIMIT_PENDING_REQUESTS 4096
/* Records of answered requests that wait to be used again, of each size; what a
 * burst took beyond that goes back. */
#define BYTESTAG_LIMIT_IDLE_REQUESTS 64
/* Endpoints that have answered us, and so may be sent more than they ask with (B.5);
 * how long that holds: as long as a mapping of most routers, and some. */
#define BYTESTAG_LIMIT_PROVEN_ENDPOINTS 512
#define BYTESTAG_LIMIT_PROVEN_US (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC)
/* Bytes of a reply to an endpoint that has not answered us, for each byte of its
 * request, our ping that proves it among them (B.5). */
#define BYTESTAG_LIMIT_AMPLIFICATION 3
/* Endpoints that we have answered lately, to which we therefore are proven. */
#define BYTESTAG_LIMIT_ANSWERED_ENDPOINTS 512
/* Requests that go to a host (IPv6: a /64) that never answered, be it that it seems to ask
 * us or that others name it: whoever forges or invents makes us trouble nobody more than
 * this. Enough for some nodes behind one router to be met. Hosts remembered: those that
 * are pinged while one gets its burst back (2 min), and some that look-ups ask; who would
 * have one forgotten must have us ask as many others first. */
#define BYTESTAG_LIMIT_UNPROVEN_OF_HOST_BURST 8
#define BYTESTAG_LIMIT_UNPROVEN_OF_HOST_PER_MINUTE 4
#define BYTESTAG_LIMIT_UNPROVEN_HOSTS 8192
/* Requests that we answer (B.5): of one network (a publisher asks some 50 a second), and
 * of all together that have not answered us, which costs some 6 % of a core. Networks
 * remembered. */
#define BYTESTAG_LIMIT_REQUESTS_OF_NETWORK_PER_SECOND 200
#define BYTESTAG_LIMIT_REQUESTS_OF_NETWORK_BURST 800
#define BYTESTAG_LIMIT_REQUESTS_PER_SECOND 4000
#define BYTESTAG_LIMIT_REQUESTS_BURST 8000
#define BYTESTAG_LIMIT_RATED_NETWORKS 4096
/* Pings that prove a sender before it becomes a contact (B.5): one a minute
 * for an address, 50 a second in all; addresses remembered: all of a minute. */
#define BYTESTAG_LIMIT_PROVING_PINGS_PER_SECOND 50
#define BYTESTAG_LIMIT_PROVING_ADDRESSES 4096
#define BYTESTAG_LIMIT_PROVING_INTERVAL_US (60 * G_USEC_PER_SEC)

/* Transfers (A.1.5). Incoming stores at one time, and of one address (B.5: but for private
 * ones). */
#define BYTESTAG_LIMIT_INCOMING_STORES 64
#define BYTESTAG_LIMIT_INCOMING_STORES_OF_ADDRESS 16
/* Bytes of values that have arrived and wait for the disk, beside their places. Who waits for a
 * disk holds no place until then: small values arrive faster than they are on disk, and who
 * finds no place asks again only after 5 s. */
#define BYTESTAG_LIMIT_BYTES_WRITING (16 * 1024 * 1024)
/* Of these and of the uploads below, for senders that have not answered us (B.5): forged
 * ones alone must not hold all places. */
#define BYTESTAG_LIMIT_UNPROVEN_STORES 32
#define BYTESTAG_LIMIT_UNPROVEN_UPLOADS 64
/* Chunks without an ack in a row after which an upload ends (A.2, 10). */
#define BYTESTAG_LIMIT_UNACKED_CHUNKS 2
#define BYTESTAG_LIMIT_UNACKED_CHUNKS_TO_ORIGINAL 3
/* Uploads that answer getval at one time, and to one address. */
#define BYTESTAG_LIMIT_UPLOADS 256
#define BYTESTAG_LIMIT_UPLOADS_TO_ADDRESS 64
/* Nodes nearby that are remembered not to get long chunks: few are, and one that is forgotten
 * costs an upload. */
#define BYTESTAG_LIMIT_SHORT_CHUNK_ENDPOINTS 64
/* Downloads that run at one time; others wait in the slot. */
#define BYTESTAG_LIMIT_DOWNLOADS 64
/* A transfer may take so long, and longer for what it brought: the bytes of a second
 * are those of a chunk each 4 s. Otherwise a byte or an ack now and then would hold a
 * place for ever. */
#define BYTESTAG_LIMIT_TRANSFER_US (30 * G_USEC_PER_SEC)
#define BYTESTAG_LIMIT_TRANSFER_BYTES_PER_SECOND 256
/* getval at one original at a time: 30 dead-lock it (A.3 B9). */
#define BYTESTAG_LIMIT_GETVALS_TO_ORIGINAL 4
/* Stores at one original at a time: it takes 3 of all its peers, and lets a further
 * offer wait until it is sent again, each copy of which then holds a place (A.1.5). */
#define BYTESTAG_LIMIT_STORES_TO_ORIGINAL 2
/* The same at one of ours: half of what it takes of one address at a time, since it drops
 * what is beyond that, and there may be two of us at one address. */
#define BYTESTAG_LIMIT_STORES_TO_NODE (BYTESTAG_LIMIT_INCOMING_STORES_OF_ADDRESS / 2)
/* Transfers that we gave up and an original does not: acked to their end, so long
 * as an original has chunks to send (1,024 of them, each sent twice). */
#define BYTESTAG_LIMIT_DRAINS 64
#define BYTESTAG_LIMIT_CHUNKS_OF_DRAIN 2048

/* Values that are published, and pieces that are fetched, at one time: enough to
 * hide round trips, few enough that a look-up of another kind is not late. */
#define BYTESTAG_LIMIT_PUBLISHING 16
#define BYTESTAG_LIMIT_FETCHING 16
/* Values of others that are replicated at one time: nobody waits for it. */
#define BYTESTAG_LIMIT_REPLICATING 8
/* Nodes that fell silent and are remembered until all values were looked at: of the 20 near
 * us, all; more go at one time only when it is we who are cut off. */
#define BYTESTAG_LIMIT_SILENT_NODES 32
/* Pieces with the fewest copies that a list shows (ui): who has more of them sends all of
 * them again. */
#define BYTESTAG_LIMIT_WEAKEST 100
/* Hours of contacts, all together, that tell how fast nodes go: a node with the 50 of a small
 * network says so after half an hour. No more of them are believed that were saved: a
 * routing table that is full, for a year. */
#define BYTESTAG_LIMIT_CHURN_KNOWN_HOURS 25
#define BYTESTAG_LIMIT_CHURN_HOURS (3200 * 24 * 366)
/* What a start remembers of the one before: some numbers. */
#define BYTESTAG_LIMIT_STATE_BYTES 4096
/* Pieces that are added, walked over or saved in one event: some 1 ms. */
#define BYTESTAG_LIMIT_PIECES_OF_SLICE 512
/* Publications at one time, and different sets of them that have pieces in common: their
 * numbers have 17 bits in each piece. */
#define BYTESTAG_LIMIT_PUBLICATIONS (1 << 17)
#define BYTESTAG_LIMIT_OWNER_SETS (1 << 16)
/* Requests of one walk that ask holders for many keys, at one time. */
#define BYTESTAG_LIMIT_BATCHES 8
/* Pieces that were stored, and whose holders were not asked again yet. */
#define BYTESTAG_LIMIT_UNCONFIRMED 256
/* Spot checks at one time, and holders that failed one: those of a day, while few lie. */
#define BYTESTAG_LIMIT_SPOT_CHECKS 4
/* Those that wait to be made again, since the holder had no place for a transfer: so many
 * fit beside the others of ten minutes. */
#define BYTESTAG_LIMIT_REFUSED_CHECKS 16
#define BYTESTAG_LIMIT_DISTRUSTED 256
/* Pieces that wait for the disk: no more are asked for meanwhile (8 MiB). */
#define BYTESTAG_LIMIT_PIECES_UNWRITTEN 32
/* Files with the same part that are looked at for one that is present, in one request. */
#define BYTESTAG_LIMIT_TWINS_TRIED 16
/* Parts of a row of library.db, read as one; parts and values that one event adds to what is
 * served and published (whole rows: less than twice as many), or takes out of it: some 1 ms
 * where there are a million. */
#define BYTESTAG_LIMIT_PARTS_OF_ROW 128
#define BYTESTAG_LIMIT_PARTS_OF_SLICE 128
/* Rows that are taken out of library.db in one transaction: values are read between two. */
#define BYTESTAG_LIMIT_ROWS_OF_STEP 256
/* Shares of before that are put into the list in one event. */
#define BYTESTAG_LIMIT_SHARES_OF_SLICE 16
/* Copies of a value (B.3): of a root and its pages always, of others as the person says. */
#define BYTESTAG_LIMIT_COPIES 20
/* Threads that hash, one for each core: more would only wait for the disk, each with
 * its buffers. */
#define BYTESTAG_LIMIT_HASHERS 16
/* Jobs of one hashing that the worker has at one time: two for each of its threads, so
 * that none waits for the engine. */
#define BYTESTAG_LIMIT_HASH_JOBS 32
/* Files, and bytes of several, that one job hashes: a completion for each of 100,000 small
 * files would cost more than their digests, and one that takes long tells nothing. */
#define BYTESTAG_LIMIT_FILES_OF_JOB 64
#define BYTESTAG_LIMIT_BYTES_OF_JOB (4 * 1024 * 1024)
/* Parts of a file that are read and not yet digested: one for each digest, and the next. */
#define BYTESTAG_LIMIT_PARTS_IN_HAND 4
/* Jobs that help with a large file (three digests and the reading share its work), and steps
 * of 256 KiB, some 0.2 ms each, after which such a job lets others have the thread. */
#define BYTESTAG_LIMIT_HASH_HELPERS 3
#define BYTESTAG_LIMIT_STEPS_OF_HELP 1000
/* Files that were left out of a collection and are named, for each reason: a person reads
 * no more; all are counted. */
#define BYTESTAG_LIMIT_SKIPPED_NAMED 100

/* Parts of a file that still has a FileInfo value of its own (B.3): with more, it
 * would not fit into one part. */
#define BYTESTAG_LIMIT_FILE_INFO_PARTS 8400

/* Diversity (B.5): nodes of one network (/24, /64) in a bucket, in the whole table, and
 * asked in one look-up, of which each path counts its own: whoever names two of the
 * network of an honest node keeps it out of no other path. */
#define BYTESTAG_LIMIT_NETWORK_IN_BUCKET 2
#define BYTESTAG_LIMIT_NETWORK_IN_TABLE 10
#define BYTESTAG_LIMIT_NETWORK_IN_LOOKUP 2
/* Networks that a look-up remembers to count: more than are named along one path, so that
 * nobody has its own forgotten. */
#define BYTESTAG_LIMIT_NETWORKS_OF_LOOKUP 2048

/* Nodes that are asked at a time beyond alpha, where some turn out to be silent: each of
 * those has held a place for its whole time-out. */
#define BYTESTAG_LIMIT_EXTRA_PARALLELISM 2
/* Nodes beyond the 20 closest that a look-up asks when some of those are silent. */
#define BYTESTAG_LIMIT_EXTRA_OF_LOOKUP 5
/* Disjoint paths of a look-up for a value: at one time (B.5); in all, since one that was
 * led astray is followed by another from the next of the 20 closest contacts; requests of
 * one: an honest one finds the first holder in some 5; candidates of one, those that could
 * be asked when some are silent. */
#define BYTESTAG_LIMIT_ACTIVE_PATHS 4
#define BYTESTAG_LIMIT_PATHS 20
#define BYTESTAG_LIMIT_REQUESTS_OF_PATH 12
#define BYTESTAG_LIMIT_CANDIDATES_OF_PATH 24

/* Signed records (B.3): bytes of one, addresses of a provider, collections on a page of a
 * catalogue (tokens of JSON: 9 each) and its pages: all are under one key. */
#define BYTESTAG_LIMIT_RECORD_BYTES (16 * 1024)
#define BYTESTAG_LIMIT_ADDRESSES_OF_RECORD 4
#define BYTESTAG_LIMIT_ENTRIES_OF_PAGE 100
#define BYTESTAG_LIMIT_PAGES_OF_CATALOGUE 32
/* Records that are kept under one key, and of them for one network (B.3); days that a record's
 * day may differ from ours; how long one is kept, seconds. */
#define BYTESTAG_LIMIT_RECORDS_OF_KEY 64
#define BYTESTAG_LIMIT_RECORDS_OF_NETWORK 2
#define BYTESTAG_LIMIT_RECORD_DAYS 1
#define BYTESTAG_LIMIT_RECORD_LIFE 86400
/* Records of ours that are stored at one time: each costs a look-up, and nobody waits for it. */
#define BYTESTAG_LIMIT_RECORDS_SENDING 2
/* Of the records that are found so many are read, taken by chance (B.3). */
#define BYTESTAG_LIMIT_RECORDS_READ 16
/* Further keys of one findval (B.3 "Batch"). */
#define BYTESTAG_LIMIT_KEYS_OF_REQUEST 32
/* Of these, answers that wait for the asker's address to be proven: as many as may be pinged in
 * the time (150 KiB). */
#define BYTESTAG_LIMIT_DEFERRED_BATCHES 64
/* Contacts that are asked at one time whether they are gone, since their id answered from
 * elsewhere: each takes 2 s, and nodes start again one by one. */
#define BYTESTAG_LIMIT_MOVES 16

/* Look-ups: candidates of a shortlist, nodes taken from one reply. */
#define BYTESTAG_LIMIT_CANDIDATES 512
/* Requests of one look-up: an honest one takes some 40; whoever names ever nearer
 * nodes leads it on no longer than this. */
#define BYTESTAG_LIMIT_REQUESTS_OF_LOOKUP 256
/* Further endpoints of one candidate's id: a peer may name any number. */
#define BYTESTAG_LIMIT_ALTERNATES 2
#define BYTESTAG_LIMIT_NODES_OF_REPLY 64
#define BYTESTAG_LIMIT_VALUES_OF_REPLY 64
/* Look-ups that refresh buckets at one time: they wait for those of a person. */
#define BYTESTAG_LIMIT_REFRESHES 3
/* Downloads of one value at one time: another begins when the others stall. */
#define BYTESTAG_LIMIT_ATTEMPTS_OF_GET 3
/* Downloads of one value from one holder: the second is for a holder that ended
 * what another had begun wrong. */
#define BYTESTAG_LIMIT_HOLDER_TRIES 2
/* Stale contacts that are pinged at each check of the buckets, four times an hour. */
#define BYTESTAG_LIMIT_STALE_PINGS 32
/* Votes on our own address that are remembered (B.1), one for each /16. */
#define BYTESTAG_LIMIT_ADDRESS_VOTES 16
/* Votes on the time that are remembered (B.5), one for each /24. */
#define BYTESTAG_LIMIT_CLOCK_VOTES 32
/* Replacement candidates that wait behind a full bucket. */
#define BYTESTAG_LIMIT_REPLACEMENTS 20

/* Values kept in memory for others. */
#define BYTESTAG_LIMIT_MEMORY_TABLE_VALUES 100000
/* Values kept on the disk for others: as many take some 85 MB of memory. */
#define BYTESTAG_LIMIT_DATABASE_TABLE_VALUES 1000000
/* Bytes of a value that is kept (B.3), and of one that lies in the database itself, where
 * it costs no file of its own. */
#define BYTESTAG_LIMIT_KEPT_VALUE 1048575
#define BYTESTAG_LIMIT_VALUE_IN_ROW (16 * 1024)
/* Files of values in one folder, which is synced once for all that a group adds; and files
 * that are written before they are synced, each with a descriptor. */
#define BYTESTAG_LIMIT_FILES_OF_FOLDER 1024
#define BYTESTAG_LIMIT_UNSYNCED_FILES 64
/* What is written to the disk goes in groups, each with one commit: µs that the first
 * waits for more; bytes, and changes, of one group. */
#define BYTESTAG_LIMIT_GROUP_COMMIT_US 50000
#define BYTESTAG_LIMIT_GROUP_BYTES (8 * 1024 * 1024)
#define BYTESTAG_LIMIT_GROUP_CHANGES 1024
/* Bytes that wait for a slow disk: what would be more is refused. */
#define BYTESTAG_LIMIT_WAITING_BYTES (64 * 1024 * 1024)
/* Values of a group that are told of in one event, and records that one event takes from
 * the disk: both under 1 ms. Records that the worker reads at one time. */
#define BYTESTAG_LIMIT_COMPLETIONS 64
#define BYTESTAG_LIMIT_LOADED 128
#define BYTESTAG_LIMIT_LOADED_BATCH 2048
/* Values that go in one event when the limit was lowered, and that are counted anew. */
#define BYTESTAG_LIMIT_SETTLING 100
/* Bytes that are held in reserve to note on a full disk what is removed, and the changes
 * that are noted at one time: some 300 pages. */
#define BYTESTAG_LIMIT_RESERVE (4 * 1024 * 1024)
#define BYTESTAG_LIMIT_RETRIED_CHANGES 64
/* µs after which a full disk is tried again. */
#define BYTESTAG_LIMIT_FULL_DISK_US (G_GINT64_CONSTANT (30) * G_USEC_PER_SEC)
/* µs after a removal until its space goes back to the disk, as well as that of others that
 * follow. */
#define BYTESTAG_LIMIT_SHRINK_US (G_GINT64_CONSTANT (10) * G_USEC_PER_SEC)
/* Free pages (4 KiB) that are given back to the disk in one step. */
#define BYTESTAG_LIMIT_SHRINK_PAGES 512
/* Files of what was deleted that are unlinked in one step, some 4 ms each on a busy disk:
 * values are read between two steps. And the µs for which whoever deleted all waits for the
 * last of them. */
#define BYTESTAG_LIMIT_CLEARED_FILES 32
#define BYTESTAG_LIMIT_CLEARING_US (G_GINT64_CONSTANT (8) * G_USEC_PER_SEC)
/* What one address, and one network (/24, /64), may take of it while it is more than 3/4
 * full, percent (B.5). */
#define BYTESTAG_LIMIT_PERCENT_OF_ADDRESS 1
#define BYTESTAG_LIMIT_PERCENT_OF_NETWORK 4
/* Values that make room for one: so many of the smallest charge (above) hold the longest
 * value, and whoever announces more must not have us search for a place any longer. */
#define BYTESTAG_LIMIT_VICTIMS 256
/* Values that are dropped at one time when their life is over: some 1 ms. */
#define BYTESTAG_LIMIT_EXPIRING 100
/* Keys of a denylist: what is longer costs memory and time for each value (20 MiB of keys), and
 * values that are looked at, to be purged, at one time: some 1 ms with the SHA-256 of each. */
#define BYTESTAG_LIMIT_DENIED_KEYS 1000000
/* Its file: so many of the longest lines. */
#define BYTESTAG_LIMIT_DENYLIST_BYTES (72 * 1000 * 1000)
#define BYTESTAG_LIMIT_PURGED 256
/* What a publisher may ask for, seconds (B.3 "Life"). */
#define BYTESTAG_LIMIT_SHORTEST_LIFE 86400
#define BYTESTAG_LIMIT_LONGEST_LIFE (30 * 86400)
/* Seconds that the clock of a publisher may be ahead of ours, and that clocks of peers may
 * differ from ours without a vote against it; votes that are too few to count (B.5). */
#define BYTESTAG_LIMIT_CLOCK_TOLERANCE 300
#define BYTESTAG_LIMIT_CLOCK_TOO_FEW_VOTES 3
/* No time that a peer says is later, unix seconds: the year 36812. */
#define BYTESTAG_LIMIT_LATEST_SECOND ((G_GINT64_CONSTANT (1) << 40) - 1)
/* Indices listed under one key. */
#define BYTESTAG_LIMIT_INDICES_OF_KEY 64

/* Folders that are watched for changes: half of what a person may watch on older systems
 * (inotify's max_user_watches), since other programs want some too. */
#define BYTESTAG_LIMIT_WATCHED_FOLDERS 4096
/* A check of what is shared: entries of folders that it looks at beyond two for each shared
 * file, since those may all have been moved; bytes that it reads of files in doubt, one file
 * at least; files of which it remembers what it read; found files that it tries for one that
 * is missed (those of one inode, or of one name and size, may be all). */
#define BYTESTAG_LIMIT_CHECK_EXTRA_ENTRIES 100000
#define BYTESTAG_LIMIT_CHECK_BYTES (G_GUINT64_CONSTANT (1024) * 1024 * 1024)
#define BYTESTAG_LIMIT_CHECK_DIGESTS 4096
#define BYTESTAG_LIMIT_CHECK_TRIES 64
/* Files that are listed for it, and folders that are watched after it, in one event: each
 * some 0.3 ms. */
#define BYTESTAG_LIMIT_CHECK_SLICE 500
#define BYTESTAG_LIMIT_WATCH_SLICE 16

/* A turn of the socket source is over in 2 ms: datagrams are taken up to a number or a time,
 * whichever ends first (the number, when each asks for nodes); timers and events together
 * begin within a time of their own. The last one that began may be a slice of some 1 ms. */
#define BYTESTAG_LIMIT_DATAGRAMS_OF_TURN 32
#define BYTESTAG_LIMIT_RECEIVING_US 750
#define BYTESTAG_LIMIT_TICK_US 500

/* The control socket: clients at one time, bytes and JSON tokens of a line, bytes
 * that wait for a client that does not read. */
#define BYTESTAG_LIMIT_CONTROL_CLIENTS 16
#define BYTESTAG_LIMIT_CONTROL_LINE (1024 * 1024)
#define BYTESTAG_LIMIT_CONTROL_TOKENS 100000
#define BYTESTAG_LIMIT_CONTROL_QUEUE (8 * 1024 * 1024)
