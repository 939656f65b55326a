"""Inputs for a fuzz run, made cheaply from a seed: records, what is wrapped around them, gzip, and damage to all."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ctaudit.records.columns import EVENT, Field, Shape

RENEWED = 1500
"""Inputs made from one set of values: making the values costs more than joining them."""
_TIMES = (
    "2026-01-31T04:05:06Z", "2026-01-31T04:05:06Z", "2024-02-29T23:59:59Z", "2026-02-30T00:00:00Z",
    "2026-01-31T24:00:00Z", "2026-01-31T04:05:06.5Z", "2026-01-31 04:05:06+01:00", "20260131T040506Z",
    "0000-00-00T00:00:00Z", "", "now", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2026-01-31T04:05:06Z ", "\\u0662026-01-31T04:05:06Z",
)  # fmt: skip
_NUMBERS = (
    "0", "-0", "-0.0", "1", "1.10", "1E5", "1e-7", "1e400", "-1e400", "5e-324", "0.1000000000000000055511151231257827",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551615",
    "18446744073709551616", "9" * 60, "1" + "0" * 400, "7" * 4100, "123456789.987654321", "1.7976931348623157e308",
    "2.5e-400", "1e+2",
)  # fmt: skip
_STRINGS = (
    '""', '"a"', '"true"', '"null"', '"\\u0000"', '"\\ud83d\\ude00"', '"\\ud800"', '"\\udc00x"', '"😀"',
    '"\\u2028\u2028"', '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\x7f"', '"é"', '"e\u0301"', '"\ufeff"', '"{}"', '"[1]"',
    '"{\\"a\\":1}"', '"]}"', '"\\\\ud800"', '"{\\"eventVersion\\":"', '"Records"', '"' + "x" * 300 + '"',
    '"arn:aws:iam::111122223333:role/r"',
)  # fmt: skip
_KEYS = (
    "a", "", "eventid", "EventID", "eventId", "accountId", "@timestamp", "extra", "account", "region", "date", "record",
    "Records", "detail", "Events", "networkPath", "eventversion", "file_id", "\\u0000", "é\\n", "timeWindow", "null",
    "ARN", "requestparameters", "ARNPrefix", "event\\u0056ersion", "assumedRoot", "\\ud83d\\ude00", " eventName",
    "logEvents",
)  # fmt: skip
_ENOUGH = ("eventVersion", "eventTime", "eventID", "eventType")
_TOKENS = (
    b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\n", b"\0", b"\xff", b"\xc3", b"\\ud800", b"\\u",
    b'{"Records":[', b"]}", b"NaN", b"null", b"1e999", b'"eventVersion":"1.0",', b'{"eventVersion":', b'"Records":[]',
    b"\xef\xbb\xbf", b"\x1f\x8b\x08", b'"eventSource":"aws:s3",', b'{"x":', b"-", b"\r\n", b"\x0c", b"//", b"'",
    b"\xed\xa0\x80", b"\xe2\x80\xa8", b"0", b'{"detail":',
)  # fmt: skip


class Source:
    """Makes inputs of one target without end; the same seed gives the same inputs."""

    def __init__(self, target: str, seed: str) -> None:
        self._rng = random.Random(seed)
        self._make: Callable[[], bytes] = {"records": self._log, "envelopes": self._wrapped, "gzip": self._packed}[
            target
        ]
        self._number = 0

    def inputs(self, count: int) -> Iterator[bytes]:
        for index in range(count):
            if index % RENEWED == 0:
                self._renew()
            yield self._make()

    def _renew(self) -> None:
        self._values = {field: [self._value(field) for _ in range(10)] for field in EVENT}
        self._usual = {field: [self._right(field, 0.0) for _ in range(6)] for field in EVENT}
        self._packs = [self._pack(self._text()) for _ in range(60)]

    # Values: JSON texts, for any field of any type

    def _any(self, depth: int = 0) -> str:
        rng = self._rng
        kind = rng.random()
        if kind < 0.25:
            return rng.choice(_STRINGS)
        if kind < 0.45:
            return rng.choice(_NUMBERS)
        if kind < 0.6:
            return rng.choice(("null", "true", "false", "{}", "[]", "[null]", '{"a":null}'))
        if kind < 0.61:
            levels = rng.choice((90, 97, 98, 99, 100, 101, 130, 130 if rng.random() < 0.9 else 1200))
            return "[" * levels + "]" * levels if rng.random() < 0.5 else '{"a":' * levels + "1" + "}" * levels
        if depth > 3:
            return '"deep"'
        if kind < 0.8:
            return "[" + ",".join(self._any(depth + 1) for _ in range(rng.randrange(4))) + "]"
        members = (f'"{rng.choice(_KEYS)}":{self._any(depth + 1)}' for _ in range(rng.randrange(4)))
        return "{" + ", ".join(members) + "}"

    def _value(self, field: Field) -> str:
        kind = self._rng.random()
        return self._any() if kind < 0.15 else "null" if kind < 0.22 else self._right(field, 0.15)

    def _right(self, field: Field, wrong: float) -> str:
        """Return a value of the field's type; inside, other types stand as often as `wrong` says."""
        rng = self._rng
        if field.shape is Shape.TIME:
            return f'"{rng.choice(_TIMES) if wrong else _TIMES[0]}"'
        if field.shape is Shape.FLAG:
            return rng.choice(("true", "false"))
        if field.shape is Shape.JSON:
            return self._any() if wrong else rng.choice(('{"bucketName":"b","key":"k"}', "null", '{"a":[1,{"b":"c"}]}'))
        if field.shape is Shape.MAP:
            return (
                "{" + ",".join(f'"{rng.choice(_KEYS)}":{rng.choice(_STRINGS)}' for _ in range(rng.randrange(3))) + "}"
            )
        if field.shape is Shape.STRUCT:
            return self._object(field.fields, wrong)
        if field.shape is Shape.RESOURCES:
            entries = [self._object(field.fields, wrong) for _ in range(rng.randrange(3))]
            return "[" + ",".join([*entries, self._any()] if rng.random() < wrong else entries) + "]"
        return rng.choice(_STRINGS) if wrong else f'"{field.key}-{rng.randrange(9)}"'

    def _object(self, fields: Sequence[Field], wrong: float) -> str:
        rng = self._rng
        chosen = rng.sample(fields, rng.randrange(len(fields) + 1))
        members = [f'"{each.key}":{self._value(each) if wrong else self._right(each, 0.0)}' for each in chosen]
        if rng.random() < wrong:
            members.append(f'"{rng.choice(_KEYS)}":{self._any()}')
        return "{" + ",".join(members) + "}"

    # Records and what is around them

    def _record(self, strange: float = 0.5) -> str:
        rng = self._rng
        self._number += 1
        fields = rng.sample(EVENT, rng.randrange(3, 12))
        odd = rng.random() < strange
        values = self._values if odd else self._usual
        members = {field.key: rng.choice(values[field]) for field in fields}
        if not odd or rng.random() < 0.8:
            members |= {key: f'"{key}"' for key in _ENOUGH if key not in members or not odd}
            members["eventTime"] = '"2026-01-31T04:05:06Z"' if rng.random() < 0.9 else f'"{rng.choice(_TIMES)}"'
        if not odd or rng.random() < 0.9:
            members["eventID"] = f'"event-{self._number}"'
        parts = [f'"{key}":{value}' for key, value in members.items()]
        if odd and rng.random() < 0.3:
            parts.append(self._unknown())
        if odd and rng.random() < 0.1:
            parts.append(rng.choice(parts) if rng.random() < 0.5 else f'"{rng.choice(fields).key}":{self._any()}')
        if odd:
            rng.shuffle(parts)
        return "{" + ",".join(parts) + "}"

    def _unknown(self) -> str:
        """Make a member that no record has."""
        return f'"{self._rng.choice(_KEYS)}":{self._any()}'

    def _log(self) -> bytes:
        """Make one log file of records, now and then with white space, a mark, another encoding, or damage."""
        records = [self._record() for _ in range(self._rng.randrange(1, 5))]
        if self._rng.random() < 0.05:
            records.append(self._any())
        return self._encoded('{"Records":[' + ",".join(records) + "]}", 0.15)

    def _encoded(self, text: str, damaged: float) -> bytes:
        rng = self._rng
        kind = rng.random()
        if kind < 0.03:
            encoding, mark = rng.choice((("utf-8", b"\xef\xbb\xbf"), ("utf-16-le", b"\xff\xfe"), ("utf-16-be",
            b"\xfe\xff"), ("utf-32-le", b"\xff\xfe\0\0"), ("utf-32-be", b"\0\0\xfe\xff")))  # fmt: skip
            data = mark + text.encode(encoding)
        else:
            data = text.encode()
        if kind > 0.97:
            data = rng.choice((b" ", b"\n", b"\r\n\t")) + data + b"\n"
        while rng.random() < damaged:
            data, damaged = self._damage(data), 0.4
        return data

    def _wrapped(self) -> bytes:
        return self._encoded(self._text(), 0.4)

    def _text(self) -> str:
        """Make a text in which records are wrapped in one another's containers."""
        rng = self._rng
        kind = rng.random()
        if kind < 0.15:
            return "\n".join(self._wrap(rng.randrange(3)) for _ in range(rng.randrange(1, 5)))
        if kind < 0.2:
            text = self._wrap(1)
            if "[" * 80 not in text and '{"a":' * 80 not in text:  # deeper ones are beyond Python's stack
                return json.dumps(json.loads(text, parse_float=str, parse_int=str), indent=rng.choice((1, 2, None)))
            return text
        if kind < 0.22:
            return self._wrap(rng.choice((9, 11, 12, 13, 16)), quoted=0.0)
        return self._wrap(rng.choice((0, 1, 1, 1, 2, 2, 3)))

    def _wrap(self, levels: int, quoted: float = 0.25) -> str:
        rng = self._rng
        if levels <= 0:
            return self._record(0.2)
        inner = [self._wrap(levels - rng.choice((1, 1, 2)), quoted) for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3)))]
        if rng.random() < 0.1:
            inner.append(self._other())
        if rng.random() < quoted:
            return self._quoting(inner)
        listed = ",".join(inner)
        first = inner[0] if inner else "null"
        return rng.choice((
            f'{{"Records":[{listed}]}}', f'{{"Records":[{listed}]}}', f"[{listed}]", f'{{"data":[{listed}]}}',
            f'{{"NextToken":"t","Records":[{listed}],"x":{{"a":[]}}}}', f'{{"data":{{"Records":[{listed}]}},"n":1}}',
            f'{{"version":"0","id":"i","detail-type":"AWS API Call via CloudTrail","source":"aws.s3",'
            f'"detail":{first}}}',
            f'{{"detail-type":"AWS Console Sign In via CloudTrail","detail":{first},"more":[{listed}]}}',
            f'{{"detail-type":"EC2 Instance State-change","detail":{first}}}',
            f'{{"Events":[{listed}],"NextToken":"t"}}',
        ))  # fmt: skip

    def _quoting(self, inner: Sequence[str]) -> str:
        """Wrap JSON as text in JSON, as the APIs and carriers do."""
        rng = self._rng
        texts = [json.dumps(each, ensure_ascii=rng.random() < 0.5) for each in inner]
        first = texts[0] if texts else '"{"'
        lookups = ",".join(f'{{"EventId":"e","EventName":"n","CloudTrailEvent":{text}}}' for text in texts)
        messages = ",".join(f'{{"id":"3","timestamp":1,"message":{text}}}' for text in texts)
        return rng.choice((
            f'{{"Events":[{lookups}]}}', f'{{"NextToken":"t","Events":[{lookups}]}}', f"[{','.join(texts)}]",
            f'{{"messageType":"DATA_MESSAGE","owner":"1","logEvents":[{messages}]}}', f'{{"body":{first}}}',
            f'{{"Records":[{{"eventSource":"aws:sqs","messageId":"m","body":{first}}}]}}', first,
            f'{{"Records":[{{"EventSource":"aws:sns","Sns":{{"Type":"Notification","Message":{first}}}}}]}}',
            f'{{"detail-type":"AWS API Call via CloudTrail","detail":{first}}}',
        ))  # fmt: skip

    def _other(self) -> str:
        return self._rng.choice((
            "null", "1", '"text"', "{}", "[]", '{"a":1}', '{"digestEndTime":"2026-01-31T04:00:00Z","logFiles":[]}',
            '"[INFO] x"', '{"s3Bucket":"b","s3ObjectKey":["k"]}', '{"Records":{}}', '{"Events":1}',
            '{"eventSource":"aws:s3","eventVersion":"2.1","eventName":"ObjectCreated:Put"}', '{"logEvents":[{}]}',
            '{"eventSource":"aws:dynamodb","eventID":"1","eventVersion":"1.1","awsRegion":"r"}',
            '{"eventName":"x"}', '{"eventVersion":"1"}', '{"CloudTrailEvent":"{"}', '{"message":"[x"}',
        ))  # fmt: skip

    # gzip and damage

    def _pack(self, text: str) -> bytes:
        rng = self._rng
        deflate = zlib.compressobj(rng.choice((0, 1, 6, 9)), zlib.DEFLATED, 31, strategy=rng.choice((0, 2, 4)))
        data = text.encode()
        half = deflate.compress(data[: len(data) // 2]) + (
            deflate.flush(zlib.Z_FULL_FLUSH) if rng.random() < 0.2 else b""
        )
        return half + deflate.compress(data[len(data) // 2 :]) + deflate.flush()

    def _packed(self) -> bytes:
        rng = self._rng
        kind = rng.random()
        pack = self._pack(self._text()) if kind < 0.05 else rng.choice(self._packs)
        if kind < 0.1:
            return pack
        if kind < 0.25:
            pack += b"".join(rng.choice(self._packs) for _ in range(rng.randrange(1, 4)))
        elif kind < 0.35:
            pack += rng.choice(
                (b"\0" * rng.randrange(1, 600), b"x", b"\x1f", b"\x1f\x8b", b"\n", rng.randbytes(9), b'{"Records":[]}')
            )
        elif kind < 0.4:
            pack = pack[:3] + bytes([rng.choice((1, 2, 4, 8, 16, 32, 0x80, rng.randrange(256)))]) + pack[4:]
        elif kind < 0.45:
            pack = pack[:-8] + rng.randbytes(8)
        return self._damage(pack) if kind > 0.2 else pack

    def _damage(self, data: bytes) -> bytes:
        rng = self._rng
        at = int(rng.random() * len(data))
        length = rng.choice((1, 1, 1, 2, 8, 60, 400))
        kind = rng.randrange(8)
        if kind == 0:
            return data[:at]
        if kind == 1:
            return data[:at] + rng.choice(_TOKENS) + data[at:]
        if kind == 2:
            return data[:at] + data[at + length :]
        if kind == 3:
            return data[:at] + data[at : at + length] * 2 + data[at + length :]
        if kind == 4:
            return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        if kind == 5:
            other = int(rng.random() * len(data))
            return data[:at] + data[other : other + length] + data[at:]
        if kind == 6:
            return data[:at] + rng.choice(_TOKENS) + data[at + length :]
        return data[:at] + bytes(byte ^ (1 << rng.randrange(8)) for byte in data[at : at + 1]) + data[at + 1 :]


def seeds(target: str, count: int) -> list[Any]:
    """Return inputs that a guided engine may begin with."""
    return list(Source(target, f"seeds of {target}").inputs(count))
