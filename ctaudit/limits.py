"""Every limit on hostile input, in one place, with what happens when it is met."""

from __future__ import annotations

MIB = 1024 * 1024

MAX_UNPACKED_BYTES = 1024 * MIB
"""One file's unpacked size. CloudTrail's files hold a few MiB; beyond this the rest becomes a fault."""

MAX_UNPACK_RATIO = 250
"""Unpacked bytes for each packed byte, above `RATIO_FREE_BYTES`. Real trails reach 10 to 40; DEFLATE allows 1032.

It holds for a file, for each member of an archive, and for all that an archive unpacks to; the rest becomes a fault."""

RATIO_FREE_BYTES = 16 * MIB
"""Below this unpacked size the ratio is not judged: small repetitive files are harmless."""

MAX_GZIP_MEMBERS = 1000
"""Further gzip members of one file that are read; the rest becomes a fault."""

ARCHIVE_FREE_BYTES = 256 * MIB
"""The same for all that an archive unpacks to: one member that is a bomb must not cost the others."""

MAX_ARCHIVE_MEMBERS = 1_000_000
"""Members of one archive that are read; the rest becomes a fault. What came of each is kept to the archive's end."""

MAX_ARCHIVE_FAULTS = 10_000
"""Faults of one archive's members kept one by one; the last one then says how many more there were."""

MAX_MEMBER_NAME_BYTES = 1024
"""A member's name, as long as S3's longest key; of a longer one the end is kept, and that is a fault."""

MAX_TAR_HEADER_BYTES = MIB
"""Extended header of one member of a tar archive; a larger one is passed over, a fault."""

MAX_WRAPPERS = 12
"""Envelopes around a record that are opened, JSON in a JSON string included; deeper ones are refused."""

MAX_DEPTH = 100
"""Objects and lists in one another in one record; a deeper record becomes a fault. AWS's own reach 20; JSON writers and
Python's own stack give up between 250 and 1000, and then long after the record was taken in."""

MAX_RESCANS = 8
"""How often the text of a damaged file may be scanned in search of where its values end; then the rest is a fault."""

MAX_RESCANNED_BYTES = 64 * MIB
"""The same for large texts: bytes that may be scanned again, some ten seconds at the worst."""

LONGEST_LOOK_BYTES = 64 * 1024
"""Length up to which a value of damaged text is kept that holds what looks like another record; else it is a fault."""

MAX_LOOKED_THROUGH_BYTES = 8 * MIB
"""Text of one damaged file that is looked through for such values, some three seconds; beyond it they are faults."""

MAX_FAULTS_PER_FILE = 1000
"""Faults of one file kept one by one; the last one then says how many more there were."""

MAX_RECORD_BYTES = 16 * MIB
"""Text of one record. AWS's own limit is 256 KiB (1 MiB in Lake); larger ones become a fault."""

MAX_UNKNOWN_FIELDS = 1000
"""Names of fields unknown to this version that one segment counts one by one; the others are counted together."""

MAX_SQL_BYTES = 256 * 1024
"""Length of one SQL text: Athena's own limit. A megabyte of parentheses ends DuckDB 2.0's parser in a crash."""

QUERY_MEMORY_BYTES = 4096 * MIB
"""Memory of one query unless the user asks for another limit."""

TERMINAL_ROWS = 500
"""Rows shown on a terminal without `--limit`; a pipe or file always gets all of them."""

MAX_DIGEST_BYTES = 16 * MIB
"""One digest's unpacked size: it lists some 40,000 log files then. CloudTrail's hold a few hundred at most."""

MAX_SIDECAR_BYTES = MIB
"""A file with the metadata of one object; what `head-object` prints has a kilobyte."""

MAX_KEY_FILE_BYTES = 16 * MIB
"""A file of public keys; AWS has about one key a month for each region."""

MAX_FINDINGS = 100_000
"""Findings of one validation kept one by one; the last one then says how many more there were."""

FINDING_SAMPLES = 5
"""Objects named by a finding that stands for many."""

MAX_COVERAGE_HOURS = 20_000_000
"""Hours times accounts and regions of which the state is told at once: 100 of them for 22 years. One event that claims
to be of the year 1 would ask for more; then the question must name `--since` and `--until`, and lookups say so."""
