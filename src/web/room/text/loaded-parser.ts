/** What is loaded together, once the page has shown its first messages. */
export { findMentionBeingTyped } from '../../../contract/markdown/mentions'
export { parseText } from '../../../contract/markdown/parse-text'
