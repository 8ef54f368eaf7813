/** Texts that RFC 8259 does not let stand for a value, one a line; the first is empty. */
const LINES = String.raw`
*
?
a
nul
truth
True
NULL
undefined
NaN
-NaN
Infinity
-Infinity
inf
+1
--1
-
+
.
.5
-.5
1.
1.e1
01
-01
00
1e
1e+
1E-
1eE2
1.2.3
0x10
0x
1_000
1 000
1a
-a
1 e1
0e
0.e1
2.e+3
-2.
'a'
''
~a~
a"
"a
"
"\"
"\x41"
"\u12"
"\u12G4"
"\U0041"
"\a"
"\\\"
[
]
[]]
[[]
[1
[1,
[1,]
[,1]
[,]
[1,,2]
[1 2]
[1;2]
[1:2]
["a"b]
[1}
(1)
<a>
[*]
["x"]]
[""],
["",]
[3[4]]
[1 true]
{
}
{}}
{"a"
{"a":
{"a":}
{"a":1
{"a":1,
{"a":1,}
{,"a":1}
{"a":1,,"b":2}
{a:1}
{'a':1}
{1:1}
{null:1}
{"a" 1}
{"a"::1}
{"a":1 "b":2}
{"a","b"}
{"a":1;}
{[]:1}
{"a":a
{"a":1]
{"a":/**/1}
{"a":1}//
/**/
#
{"a":1}#
{"a":"b"}/
{"a":true} "x"
{"":
{:1}
<!-- -->
<script>alert(1)</script>
%7B%7D
a=1&b=2
{{7*7}}
' OR 1=1 --`;

export const NO_VALUES: readonly string[] = [
  ...LINES.split('\n'),
  ...[
    '"\t"',
    '"\n"',
    '"\r"',
    '"\0"',
    '"\x1f"',
    '\u00a0',
    '\u2028',
    '\ufeff',
    '\u2060',
    '\f1',
    '\v1',
    '\x1b[31m',
    '１',
  ],
];

/** Bytes that no text of UTF-8 has. */
export const NO_UTF8: readonly Buffer[] =
  'ff fe c0af e0ff eda080 f8808080 80 c3 f4908080 fffe7b007d00 feff007b007d'
    .split(' ')
    .map((hex) => Buffer.from(hex, 'hex'));

const ODD_LINES = String.raw`0
-0
1e400
-1e400
1e-400
123456789012345678901234567890
0.1e1
1E22
-1
true
null
""
"\u0000"
"\ud800"
"\udc00\ud800"
"\uFFFF"
"\u2028"
"\/"
[]
{}
[[]]
[{}]
[null]
{"":0}
{"a":{}}
{"a":1,"a":2}
{"toString":1}
{"length":1e9}
{"constructor":{"prototype":{"x":1}}}
{"__proto__":{"x":1}}
[{"__proto__":[]}]
{"__defineGetter__":1,"hasOwnProperty":1,"valueOf":1}`;

/** Odd values that are JSON: they may be refused or not, and are never a fault of the server. */
export const ODD_VALUES: readonly string[] = [
  ...ODD_LINES.split('\n'),
  ...['"\u007f"', '"\u202e"', `"${'a'.repeat(9_000)}"`, `[${'0,'.repeat(9_000)}0]`, '9'.repeat(9_000)],
  ...[`${'['.repeat(9_000)}${']'.repeat(9_000)}`, `${'{"a":'.repeat(9_000)}0${'}'.repeat(9_000)}`],
];
