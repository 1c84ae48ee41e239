import { linkButton, NoticePage } from '../web/ui/pages'

export default function NotFound() {
  return (
    <NoticePage
      title="Nothing lives here"
      actions={
        <a className={linkButton} href="/">
          To your rooms
        </a>
      }
    >
      This address leads to no page of Roomline. It may be mistyped, or from another time.
    </NoticePage>
  )
}
