import { describe, expect, it } from 'vitest'
import { isMonstrousJson } from '../../src/server/fairness/json-shape'

const isMonstrous = (text: string) => isMonstrousJson(Buffer.from(text))

describe('a JSON text', () => {
  it.each([
    ['very deep arrays', '['.repeat(30_000) + ']'.repeat(30_000)],
    ['very deep objects', '{"a":'.repeat(10_000)],
    ['depth after a string with brackets', `["${'['.repeat(600)}",${'['.repeat(40)}`],
    ['very many empty arrays', `[${'[],'.repeat(100_000)}0]`],
    ['very many numbers', `[${'1,'.repeat(100_000)}1]`],
    ['very many keys', `{${'"a":1,'.repeat(100_000)}"a":1}`],
  ])('with %s is not worth parsing', (_, text) => {
    expect(isMonstrous(text)).toBe(true)
  })

  it.each([
    ['code in a text', JSON.stringify({ id: 1, params: { text: '[{,"\\'.repeat(20_000) } })],
    [
      '1,000 calls',
      JSON.stringify(Array.from({ length: 1_000 }, (_, id) => ({ id, params: { path: 'chat.send', input: { room: 'r', text: '[[[[' } } }))),
    ],
    ['a string that ends in a backslash', `["${'\\\\'.repeat(600)}",[[[]]]]`],
    ['a string without an end', `"${'x['.repeat(60_000)}`],
    ['an input that is a little deep', `${' '.repeat(600)}[[[[[[[[[[]]]]]]]]]]`],
  ])('with %s is parsed', (_, text) => {
    expect(isMonstrous(text)).toBe(false)
  })
})
