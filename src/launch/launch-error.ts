/** Something the person at the terminal can put right: the message says what, and is all that is shown. */
export class LaunchError extends Error {
  override name = 'LaunchError'
}
