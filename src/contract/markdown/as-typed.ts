/**
 * What people paste that only looks like formatting. Each match is left as it was typed; the parser is shown letters in its
 * place.
 */
const asTyped = new RegExp(
  [
    // ¯\_(ツ)_/¯
    '¯\\\\?_*\\([^\\n)]{1,8}\\)_*\\/?¯',
    // C:\_old\new, \\server\share, src\_parts\a.ts
    '(?<![^\\s("\'*_~|])(?:[A-Za-z]:\\\\|\\\\\\\\)[^\\s*|`]*',
    '(?<![\\w.:-])[\\w.:-]+\\\\[A-Za-z0-9][\\w.\\\\-]*',
    // **/*.ts, src/*_test.go, /* a comment */
    '(?<!\\*)\\*{1,3}\\/\\*{0,3}|\\/\\*{1,3}(?=[\\w./*\\s-])',
    // *.ts
    '(?<![\\w*])\\*(?=\\.\\w)',
    // __init__.py, self.__dict__, __main__
    '(?<=[./])__\\w{1,40}?__|__\\w{1,40}?__(?=[.(/]\\w|\\()|(?<![\\w_])__(?:init|main|name|file|dict|doc|all|str|repr|call|new|del|len|iter|next|eq|hash|class|enter|exit|getattr|setattr|getitem|setitem|version|slots|proto|dirname|filename|typename|tests|mocks|snapshots|fixtures|pycache)__(?![\\w_])',
    // ^_^ >_< -_- *_* and the like
    '(?<![\\w*_~])[!-/:-@[-^{}~°•◕・￣＾]_{1,8}[!-/:-@[-^{}~°•◕・￣＾](?![\\w*_~])',
    // 2**8, 5*3, a*b
    '(?<=[0-9])\\*\\*(?=[0-9])|(?<=[A-Za-z0-9)])\\*(?=[A-Za-z0-9(])',
  ].join('|'),
  'gu',
)

/** Marks that stand in something that is to look as it was typed, as ranges. */
export function findAsTyped(text: string): { start: number; end: number }[] {
  if (!/[*_]/.test(text)) return []
  return [...text.matchAll(asTyped)].map(({ index, 0: match }) => ({ start: index, end: index + match.length }))
}
