/** Names that broke shells, paths, terminals, pages, templates and objects elsewhere. */
export const NAMES = [
  ...'__proto__ constructor prototype toString hasOwnProperty valueOf undefined null NaN true'.split(' '),
  ...'-rf --help - -- -v . .. ... ~ ~root * ? CON nul com1.txt current.json a. a:b a|b a;b a&b'.split(' '),
  ...'a/b a\\b a%2fb a%252fb %2e%2e ../x ..\\x /etc/passwd //etc/passwd C:\\x \\\\host\\x file:///etc/passwd'.split(
    ' ',
  ),
  ...'$(id) `id` {{7*7}} #{7*7} <%=7*7%> <script>alert(1)</script> "><img/src=x/onerror=alert(1)>'.split(' '),
  ...[
    "';alert(1)//",
    '=1+1',
    '@SUM(1)',
    "' OR 1=1 --",
    'a#../../x',
    'a?/../../x',
    '',
    ' ',
    'a b',
    // No digits of an id: a run may begin with any of those.
    ' z',
    'z ',
    'a\nb',
    'a\rb',
    'a\0b',
    'a\tb',
  ],
  ...[
    'a\r\nSet-Cookie: x=1',
    '\x1b[31mred',
    '\x1b]0;title\x07',
    '\u009b31m',
    'a\u202eb',
    'a\u200bb',
    '\ufeffz',
  ],
  ...[
    'é'.normalize('NFD'),
    '신용'.normalize('NFD'),
    '\ud800',
    '👩‍👩‍👧',
    'ﬀ',
    'İ',
    '١',
    'x'.repeat(65),
    'x'.repeat(5_000),
  ],
];

/** Whether a text could reach the controls of a terminal or turn its direction. */
export const UNSHOWABLE = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;
