/** A problem that the person at the terminal can fix. Only the message is shown, so it says what to do. */
export class LaunchError extends Error {
  override name = 'LaunchError'
}
