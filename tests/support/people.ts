/** Everybody in the tests has the same one. */
export const password = 'a good long passphrase'
