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

CAPTURE_FILE_EVENTS = 10_000
"""Events in one file of what is captured from AWS; a page more at most."""

CAPTURE_FILE_BYTES = 16 * MIB
"""Text in such a file; a page more at most. It is what is held in memory for each region."""

MAX_MANIFEST_BYTES = 64 * MIB
"""The list of what was captured beside those files; it has a few hundred bytes a file."""

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

MAX_MESSAGE_BYTES = 2 * MIB
"""Characters of a message in a queue; SQS takes up to 1 MiB. A longer one is left where it is, a fault."""

MAX_KEY_BYTES = 1024
"""S3's longest key; a message that names a longer one is left where it is, a fault."""

MAX_SQL_BYTES = 256 * 1024
"""Length of one SQL text: Athena's own limit. A megabyte of parentheses ends DuckDB 2.0's parser in a crash."""

MAX_SQL_DEPTH = 60
"""Brackets and CASEs in one another in one SQL text that is translated; the parser needs some fifteen of Python's
thousand calls for each."""

MAX_NAMED_QUERIES = 2000
"""SQL files in one folder of `--queries`; a folder with more is taken for one that was named by mistake."""

MAX_PARAM_CHARS = 1000
"""Characters of a parameter's value; no ARN, key or user agent that CloudTrail records is longer."""

MAX_SQL_WORDS = 40_000
"""Words, numbers and signs of one SQL text that is translated: a list of 20,000 values, some seconds of work."""

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

MAX_NAMES_FILE_BYTES = 16 * MIB
"""A file with names of accounts; a larger one is refused. One of 50,000 accounts, e-mail addresses and all, has 10."""

MAX_ACCOUNT_NAME = 200
"""Characters of an account's name; a longer one is refused. AWS's own limit is 50."""

MAX_ACCOUNTS = 100_000
"""Accounts that are named at once; more are refused. AWS's largest organizations have some ten thousand."""

MAX_BUCKET_POLICY_BYTES = 32 * 1024
"""A bucket's policy. AWS's own limit is 20 KB; a larger one is not judged, and that is said."""

MAX_ATHENA_SQL_BYTES = 262_144
"""SQL in one request to Athena, which refuses more."""

MAX_LISTED_PAGES = 2_000
"""Pages of 1,000 objects that are listed at most to tell beforehand how much a question in Athena can scan; a lake of
more files, or a longer walk past files of other days, is not sized."""

MAX_TRACED_SESSIONS = 20_000
"""Sessions that are followed back for the rows of one answer; the rows of more have no origin, and that is said."""

MAX_CANDIDATES = 50_000
"""Calls that may have begun the sessions of one look-up, held at once; of one session that has more none is chosen."""

MAX_CAUSED_ROWS = 20_000
"""Deletions by services whose cause is looked up for one answer; the rows of more have none, and that is said."""

MAX_CAUSING_CALLS = 20_000
"""Calls that are held as possible causes of what one service did; of more none is chosen."""

MAX_CAUSES_COMPARED = 300
"""Calls that are compared as possible causes of one deed; of more none is chosen."""

MAX_UNDONE_ROWS = 2_000
"""Deletions that are judged for one answer whether they can be undone; the rows of more are empty, and that is said."""

MAX_UNDOING_EVENTS = 20_000
"""Events of one kind that are looked at to judge that; of more the first are, and the answer is called incomplete."""

MAX_SPREAD_CALLS = 20_000
"""Calls of one round of a blast radius that are looked at for what they handed out or made; the latest of more are
not, and that is said."""

MAX_LIFE_EVENTS = 20_000
"""Events of one thing, and of all that it is known by, that are held at once; of more the first are told, and it is
said."""

MAX_ALIASES = 500
"""Other names of one thing, such as an instance's volumes, that are followed; that there are more is said."""

MAX_ALIAS_HOPS = 3
"""Names of names that are followed: an alias of a key, the key, its other alias."""

MAX_DIFFERENCE_LINES = 40
"""Lines of what one call changed; how many more there are is said."""

MAX_DIFFERENCE_DEPTH = 12
"""Objects and lists in one another that are compared one by one; deeper ones differ as a whole."""

MAX_DIFFERENCE_NAME = 100
"""Characters of one key in the path of a difference."""

MAX_DIFFERENCE_TEXT = 300
"""Characters of a value in such a line; the structured difference keeps `MAX_DIFFERENCE_VALUE`."""

MAX_DIFFERENCE_VALUE = 10_000
"""Characters of a value in a structured difference; of a longer one the beginning is kept, as text."""

MAX_SETTINGS = 2_000
"""Settings of one thing whose last value is held, and elements of one setting; what comes later is not known before."""
