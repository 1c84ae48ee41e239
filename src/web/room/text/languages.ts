/** Languages that code is coloured in: the id of the grammar, the name that people read, and what else authors call it. */
const known: [id: string, name: string, ...aliases: string[]][] = [
  ['bash', 'Shell', 'sh', 'shell', 'zsh', 'console', 'shellscript'],
  ['c', 'C', 'h'],
  ['cpp', 'C++', 'c++', 'cc', 'hpp'],
  ['csharp', 'C#', 'cs', 'c#'],
  ['css', 'CSS'],
  ['diff', 'Diff', 'patch'],
  ['docker', 'Dockerfile', 'dockerfile'],
  ['go', 'Go', 'golang'],
  ['html', 'HTML', 'htm'],
  ['java', 'Java'],
  ['javascript', 'JavaScript', 'js', 'mjs', 'cjs', 'node'],
  ['json', 'JSON', 'jsonc', 'json5'],
  ['kotlin', 'Kotlin', 'kt'],
  ['markdown', 'Markdown', 'md'],
  ['php', 'PHP'],
  ['python', 'Python', 'py', 'python3'],
  ['ruby', 'Ruby', 'rb'],
  ['rust', 'Rust', 'rs'],
  ['sql', 'SQL', 'postgres', 'postgresql', 'mysql'],
  ['swift', 'Swift'],
  ['toml', 'TOML', 'ini'],
  ['tsx', 'TSX', 'jsx'],
  ['typescript', 'TypeScript', 'ts', 'mts'],
  ['xml', 'XML', 'svg'],
  ['yaml', 'YAML', 'yml'],
]

const byName = new Map(known.flatMap(([id, name, ...aliases]) => [id, ...aliases].map((alias) => [alias, { id, name }] as const)))

/** Null for languages that are not known. */
export const languageOf = (written: string | null): { id: string; name: string } | null => byName.get(written?.toLowerCase() ?? '') ?? null
