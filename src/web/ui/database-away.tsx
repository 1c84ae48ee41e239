import { linkButton, NoticePage } from './notice-page'

/** With its query, and without JavaScript. */
const thisPage = ''

/** Instead of any page, while the server cannot tell who is signed in. */
export function DatabaseAway() {
  return (
    <NoticePage
      title="Roomline is unavailable"
      actions={
        <a className={linkButton} href={thisPage}>
          Try again
        </a>
      }
    >
      The server can't reach its database right now. Nothing is lost: wait a moment, then try again.
    </NoticePage>
  )
}
