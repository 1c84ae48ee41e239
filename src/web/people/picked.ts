import type { User } from '../../sdk'

/** Somebody who was chosen. Of a username that was only typed, nothing more is known. */
export type Picked = Pick<User, 'username' | 'displayName'>
