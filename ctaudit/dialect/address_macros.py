"""Macros for IP addresses: 128-bit numbers, IPv4 mapped into IPv6 as Trino maps them (T7).

A macro's argument stands in its text as often as it is named there. `list_transform([x], lambda y : …)[1]` computes it
once and gives it a name; without that, macros within macros grow to megabytes.
"""

from __future__ import annotations

ADDRESSES = r"""
CREATE MACRO ct_octet(t, i) AS CAST(split_part(t, '.', i) AS UBIGINT);
CREATE MACRO ct_ip4(t) AS CASE WHEN regexp_full_match(t, '((25[0-5]|2[0-4][0-9]|1[0-9]{2}|0?[0-9]?[0-9])([.]|$)){4}')
    AND NOT ends_with(t, '.')
  THEN ct_octet(t, 1) * 16777216 + ct_octet(t, 2) * 65536 + ct_octet(t, 3) * 256 + ct_octet(t, 4) END;
CREATE MACRO ct_ip_groups(t) AS CASE WHEN t = '' THEN CAST([] AS VARCHAR[]) ELSE string_split(t, ':') END;
CREATE MACRO ct_ip6_value(g) AS list_transform([g], lambda v : CASE WHEN len(v) = 8
    AND len(list_filter(v, lambda h : NOT regexp_full_match(h, '[0-9a-fA-F]{1,4}'))) = 0
  THEN list_reduce(list_transform(v, lambda h : CAST(CAST('0x' || h AS UBIGINT) AS UHUGEINT)),
    lambda a, b : a * 65536 + b) END)[1];
CREATE MACRO ct_ip6_of_halves(halves) AS list_transform([halves], lambda p : ct_ip6_value(CASE WHEN p.r IS NULL THEN p.l
  WHEN len(p.l) + len(p.r) < 8
  THEN list_concat(p.l, list_transform(range(8 - len(p.l) - len(p.r)), lambda i : '0'), p.r) END))[1];
CREATE MACRO ct_ip6_hex(t) AS CASE WHEN contains(t, '.') THEN list_transform([ct_ip4(regexp_extract(t, '[^:]*$'))],
  lambda q : regexp_extract(t, '^(.*:)[^:]*$', 1) || format('{:x}:{:x}', q // 65536, q % 65536))[1] ELSE t END;
CREATE MACRO ct_ip6(t) AS list_transform([string_split(ct_ip6_hex(t), '::')], lambda h : CASE WHEN len(h) <= 2
  THEN ct_ip6_of_halves({'l': ct_ip_groups(h[1]), 'r': ct_ip_groups(h[2])}) END)[1];
CREATE MACRO ct_try_ip(t) AS CASE WHEN contains(t, ':') THEN ct_ip6(t)
  ELSE CAST(281470681743360 AS UHUGEINT) + CAST(ct_ip4(t) AS UHUGEINT) END;
CREATE MACRO ct_ip(t) AS CASE WHEN t IS NOT NULL AND ct_try_ip(t) IS NULL
  THEN error('Cannot cast value to IPADDRESS: ' || t) ELSE ct_try_ip(t) END;
CREATE MACRO ct_ip_bits(c) AS
  CASE WHEN contains(c, ':') THEN 128 ELSE 32 END - CAST(string_split(c, '/')[2] AS INTEGER);
CREATE MACRO ct_ip_network(c) AS ct_try_ip(string_split(c, '/')[1]);
CREATE MACRO ct_ip_in(c, ip) AS CASE WHEN ip IS NULL OR c IS NULL THEN NULL
  WHEN ct_ip_network(c) IS NULL OR ct_ip_bits(c) IS NULL OR ct_ip_bits(c) < 0 THEN error('Invalid CIDR: ' || c)
  WHEN ct_ip_bits(c) >= 128 THEN true
  ELSE ct_ip_network(c) // CAST(power(CAST(2 AS DOUBLE), ct_ip_bits(c)) AS UHUGEINT)
    = ip // CAST(power(CAST(2 AS DOUBLE), ct_ip_bits(c)) AS UHUGEINT) END;
"""
