/** The password of everybody in the tests. */
export const password = 'a good long passphrase'
